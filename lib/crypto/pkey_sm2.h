/*
 * pkey_sm2.h - private to lib/crypto: what SM2 keys do besides signing. SM2PKE is the
 * ASN.1 form of GM/T 0009-2012 section 7.2 (x, y, SM3 hash, ciphertext), which OpenSSL
 * and the SDKs of the China partition exchange.
 */
#ifndef KMS_CRYPTO_PKEY_SM2_H
#define KMS_CRYPTO_PKEY_SM2_H

#include "base/arena.h"
#include "crypto/pkey.h"

/* Seal plain, 1 to 1024 bytes (KMS_E_VALIDATION by key/spec.h), into arena. */
KMS_RC kms_pkey_sm2_seal(const struct kms_pkey *key, struct kms_bytes plain,
                         struct kms_arena *arena, struct kms_bytes *out);
/*
 * Open cipher; plain has room for cipher.n bytes. Whatever is wrong with cipher is
 * KMS_E_INVALID_CIPHERTEXT without words, with plain zeroed.
 */
KMS_RC kms_pkey_sm2_open(const struct kms_pkey *key, struct kms_bytes cipher,
                         uint8_t *plain, size_t *len);

/*
 * The x coordinate of peer's point times key's scalar: ECDH, which the library does not
 * offer for keys of the type SM2. out gets 32 bytes.
 */
KMS_RC kms_pkey_sm2_agree(const struct kms_pkey *key, const struct kms_pkey *peer,
                          uint8_t *out);

#endif
