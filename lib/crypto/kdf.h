/*
 * kdf.h - key derivation: SP 800-108r1 section 4.1, counter mode with HMAC-SHA-256, a
 * 32-bit counter before the fixed input.
 */
#ifndef KMS_CRYPTO_KDF_H
#define KMS_CRYPTO_KDF_H

#include "base/bytes.h"
#include "base/err.h"

enum { KMS_KBKDF_LEN = 32 };

/*
 * len bytes (1 to 255 blocks) from key and a fixed input given as n parts (at most
 * KMS_KDF_PARTS_MAX). block i = HMAC-SHA256(key, u32be(i) | fixed input).
 */
enum { KMS_KDF_PARTS_MAX = 7 };
KMS_RC kms_kdf_counter(struct kms_bytes key, const struct kms_bytes *fixed, size_t n,
                       uint8_t *out, size_t len);

/*
 * The derivation behind ciphertexts and key material ids:
 * HMAC-SHA256(key, u32be(1) | label | 00 | context | u32be(256)).
 */
KMS_RC kms_kbkdf(struct kms_bytes key, const char *label, struct kms_bytes context,
                 uint8_t out[KMS_KBKDF_LEN]);

#endif
