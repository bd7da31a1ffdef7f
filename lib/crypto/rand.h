/*
 * rand.h - random bytes from the library's generators (SP 800-90A CTR_DRBG), one per
 * thread. Two of them, so that what is published says nothing about what is not.
 */
#ifndef KMS_CRYPTO_RAND_H
#define KMS_CRYPTO_RAND_H

#include "base/bytes.h"
#include "base/err.h"

/* For key material, data keys and whatever must stay secret. */
KMS_RC kms_rand_secret(uint8_t *out, size_t n);
/* For what is shown: nonces, IVs, identifiers. */
KMS_RC kms_rand_public(uint8_t *out, size_t n);

#endif
