/* signing.h - what Sign and Verify ask of a key and a message. */
#ifndef KMS_OPS_SIGNING_H
#define KMS_OPS_SIGNING_H

#include "keyring/use.h"

/*
 * Refusals in the order of the service: KMS_E_INVALID_KEY_USAGE for an algorithm of
 * another key spec; KMS_E_VALIDATION for a message type that the spec or the algorithm
 * does not take, and for a DIGEST or an EXTERNAL_MU of another length.
 */
KMS_RC kms_signing_check(const struct kms_key *key, const struct kms_signing *what);

#endif
