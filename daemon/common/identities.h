/*
 * identities.h - identities.yaml: who may call, as whom, and with which policies.
 *
 * The file is checked as a whole before any of it counts. identities.yaml(5) has every
 * key.
 */
#ifndef KMSD_COMMON_IDENTITIES_H
#define KMSD_COMMON_IDENTITIES_H

#include "common/config.h"
#include "dispatch/directory.h"

/*
 * The directory that a file describes, or (path NULL) the one in which nobody has an
 * entry. dev: who has none may do everything as far as IAM goes, and dev credentials are
 * taken. KMS_E_CONFIG with "file:line: what is wrong and what to write".
 */
KMS_RC kms_identities_load(const char *path, bool dev, struct kms_directory **out);

#endif
