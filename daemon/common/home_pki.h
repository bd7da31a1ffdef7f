/*
 * home_pki.h - certificates of an installation after it was made.
 *
 * The CA's key stays in DATA/pki/ca.key (0600). Whoever wants it off the host may move
 * it away: the daemon never reads it, these functions do.
 */
#ifndef KMSD_COMMON_HOME_PKI_H
#define KMSD_COMMON_HOME_PKI_H

#include "common/home.h"
#include "crypto/pki.h"

/* The CA of an installation; KMS_E_CONFIG or KMS_E_IO when it is not to be had. */
KMS_RC kms_home_ca(const char *data, struct kms_ca **out);

/*
 * Issue DATA/pki/NAME.pem and NAME.key to arn:aws:iam::ACCOUNT:user/NAME. Both files are
 * new or nothing is left. Names are IAM user names that do not begin with a dot.
 */
KMS_RC kms_home_issue_client(const char *data, const char *account, const char *name);

/* Replace DATA/pki/server.pem and server.key: another key, these names. */
KMS_RC kms_home_issue_server(const char *data, const struct kms_home_names *names);

#endif
