/* init_identities.h - the first identities.yaml of an installation. */
#ifndef KMSD_KMSCTL_INIT_IDENTITIES_H
#define KMSD_KMSCTL_INIT_IDENTITIES_H

#include "base/err.h"

/*
 * Write DATA/identities.yaml unless it is there: the user client of the account may do
 * everything.
 */
KMS_RC kms_init_identities(const char *data, const char *account, const char *client);

#endif
