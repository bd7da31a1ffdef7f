/* mac.h - HMAC-SHA-256 (FIPS 198-1). */
#ifndef KMS_CRYPTO_MAC_H
#define KMS_CRYPTO_MAC_H

#include "base/bytes.h"
#include "base/err.h"

enum { KMS_HMAC_SHA256_LEN = 32 };

/*
 * The MAC of n parts one after the other. The key may have any length but 0; it is not
 * kept: the thread's context is keyed with zeros again before this returns. Thread-safe.
 * KMS_E_CRYPTO when the library refuses.
 */
KMS_RC kms_hmac_sha256_parts(struct kms_bytes key, const struct kms_bytes *parts,
                             size_t n, uint8_t out[KMS_HMAC_SHA256_LEN]);
/* The MAC of data. */
KMS_RC kms_hmac_sha256(struct kms_bytes key, struct kms_bytes data,
                       uint8_t out[KMS_HMAC_SHA256_LEN]);

#endif
