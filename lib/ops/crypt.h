/*
 * crypt.h - encryption under a key of any kind: what Encrypt, Decrypt and the two sides
 * of ReEncrypt share.
 *
 * Symmetric keys authenticate the encryption context and make ciphertexts that name key
 * and material; asymmetric ones know neither.
 */
#ifndef KMS_OPS_CRYPT_H
#define KMS_OPS_CRYPT_H

#include "ops/ops.h"

/* One side: a key that has passed the gate, and what the request says to it. */
struct kms_crypt {
    const struct kms_key *key;
    enum kms_encryption_algorithm_spec alg;
    struct kms_str_map context;
};

/*
 * KMS_E_INVALID_KEY_USAGE for an algorithm of another key spec, KMS_E_VALIDATION for an
 * encryption context with an asymmetric key.
 */
KMS_RC kms_crypt_check(const struct kms_crypt *side);
/*
 * The same for the side that decrypts. The service reads a symmetric ciphertext before
 * it looks at the key that was named with it: the default algorithm and an asymmetric key
 * are KMS_E_INVALID_CIPHERTEXT without words.
 */
KMS_RC kms_crypt_check_open(const struct kms_crypt *side);

/* Encrypt into the arena. KMS_E_VALIDATION for more than an asymmetric key takes. */
KMS_RC kms_crypt_seal(struct kms_call *call, const struct kms_crypt *side,
                      struct kms_bytes plain, struct kms_bytes *blob);
/*
 * Decrypt into the arena; kmid is the text of the material that did it, absent for
 * asymmetric keys. Whatever is wrong with blob is KMS_E_INVALID_CIPHERTEXT without words.
 */
KMS_RC kms_crypt_open(struct kms_call *call, const struct kms_crypt *side,
                      struct kms_bytes blob, struct kms_bytes *plain,
                      struct kms_str *kmid);

#endif
