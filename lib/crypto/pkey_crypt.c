#include "crypto/oaep.h"
#include "crypto/pkey_crypt.h"
#include "crypto/pkey_impl.h"
#include "crypto/pkey_sm2.h"

static enum kms_oaep_hash hash_of(enum kms_encryption_algorithm_spec alg)
{
    return alg == KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1 ? KMS_OAEP_SHA_1
                                                                 : KMS_OAEP_SHA_256;
}

enum kms_rc kms_pkey_encrypt(const struct kms_pkey *key,
                             enum kms_encryption_algorithm_spec alg,
                             struct kms_bytes plain, struct kms_arena *arena,
                             struct kms_bytes *out)
{
    size_t k = kms_spec_width(key->spec);
    uint8_t *cipher;

    KMS_TRY(kms_spec_encrypts(key->spec, alg));
    KMS_TRY(kms_spec_plaintext(key->spec, alg, plain.n));
    if (alg == KMS_ENCRYPTION_ALGORITHM_SPEC_SM2PKE)
        return kms_pkey_sm2_seal(key, plain, arena, out);
    cipher = kms_arena_alloc(arena, k);
    if (cipher == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a ciphertext");
    KMS_TRY(kms_oaep_seal(key, hash_of(alg), plain, cipher));
    *out = (struct kms_bytes){cipher, k};
    return KMS_OK;
}

enum kms_rc kms_pkey_decrypt(const struct kms_pkey *key,
                             enum kms_encryption_algorithm_spec alg,
                             struct kms_bytes cipher, struct kms_arena *arena,
                             struct kms_bytes *out)
{
    bool sm2 = alg == KMS_ENCRYPTION_ALGORITHM_SPEC_SM2PKE;
    uint8_t *plain;
    size_t n;

    KMS_TRY(kms_spec_encrypts(key->spec, alg));
    if (!key->has_private)
        return kms_err(KMS_E_CRYPTO, "decrypting with half a key");
    plain = kms_arena_alloc(arena, sm2 ? cipher.n : kms_spec_width(key->spec));
    if (plain == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for what a ciphertext holds");
    if (sm2)
        KMS_TRY(kms_pkey_sm2_open(key, cipher, plain, &n));
    else
        KMS_TRY(kms_oaep_open(key, hash_of(alg), cipher, plain, &n));
    *out = (struct kms_bytes){plain, n};
    return KMS_OK;
}
