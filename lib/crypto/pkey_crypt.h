/* pkey_crypt.h - public-key encryption: RSAES-OAEP and SM2PKE. */
#ifndef KMS_CRYPTO_PKEY_CRYPT_H
#define KMS_CRYPTO_PKEY_CRYPT_H

#include "base/arena.h"
#include "crypto/pkey.h"

/*
 * Encrypt plain into arena. Algorithm and length are checked by key/spec.h, with its
 * errors (KMS_E_INVALID_KEY_USAGE, KMS_E_VALIDATION); KMS_E_CRYPTO.
 */
KMS_RC kms_pkey_encrypt(const struct kms_pkey *key,
                        enum kms_encryption_algorithm_spec alg, struct kms_bytes plain,
                        struct kms_arena *arena, struct kms_bytes *out);

/*
 * Decrypt with a private key into arena; ciphertexts made outside with the public key are
 * as good as any. Whatever is wrong with cipher is KMS_E_INVALID_CIPHERTEXT without
 * words.
 */
KMS_RC kms_pkey_decrypt(const struct kms_pkey *key,
                        enum kms_encryption_algorithm_spec alg, struct kms_bytes cipher,
                        struct kms_arena *arena, struct kms_bytes *out);

#endif
