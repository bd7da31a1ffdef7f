/* roots.h - the certificates at which attestations of recipients may end. */
#ifndef KMSD_ROOTS_H
#define KMSD_ROOTS_H

#include "common/config.h"
#include "crypto/attest.h"

/*
 * Those that the configuration names; else, in the dev profile, those of the file
 * pki/attestation-root.pem in the data directory, if it is there; else *out is NULL.
 * KMS_E_CONFIG or KMS_E_IO names the file.
 */
KMS_RC kms_roots_load(const struct kms_config *config, struct kms_attest_roots **out);

#endif
