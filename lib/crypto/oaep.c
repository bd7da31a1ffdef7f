#include <openssl/core_names.h>
#include <openssl/err.h>

#include "crypto/oaep.h"
#include "crypto/pkey_impl.h"

/* Padding, hash and MGF1 hash for the library; params has room for four. */
static void describe(enum kms_oaep_hash hash, OSSL_PARAM *params)
{
    static const char mode[] = OSSL_PKEY_RSA_PAD_MODE_OAEP;
    char *name = (char *)(uintptr_t)(hash == KMS_OAEP_SHA_1 ? "SHA1" : "SHA256");

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE,
                                                 (char *)(uintptr_t)mode, 0);
    params[1] =
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, name, 0);
    params[2] =
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, name, 0);
    params[3] = OSSL_PARAM_construct_end();
}

enum kms_rc kms_oaep_seal(const struct kms_pkey *key, enum kms_oaep_hash hash,
                          struct kms_bytes plain, uint8_t *out)
{
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->evp, NULL);
    size_t k = kms_spec_width(key->spec), n = k;
    OSSL_PARAM params[4];

    describe(hash, params);
    if (ctx == NULL || EVP_PKEY_encrypt_init_ex(ctx, params) != 1 ||
        EVP_PKEY_encrypt(ctx, out, &n, plain.p, plain.n) != 1 || n != k)
        return kms_ossl_err("RSA-OAEP encryption");
    return KMS_OK;
}

enum kms_rc kms_oaep_open(const struct kms_pkey *key, enum kms_oaep_hash hash,
                          struct kms_bytes cipher, uint8_t *plain, size_t *len)
{
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->evp, NULL);
    size_t k = kms_spec_width(key->spec), n = k;
    OSSL_PARAM params[4];
    bool good;

    if (!key->has_private)
        return kms_err(KMS_E_CRYPTO, "decrypting with half a key");
    describe(hash, params);
    if (ctx == NULL || EVP_PKEY_decrypt_init_ex(ctx, params) != 1)
        return kms_ossl_err("setting up RSA-OAEP decryption");
    /* RFC 8017 section 7.1.2, step 1 b: the length is public. */
    good = cipher.n == k && EVP_PKEY_decrypt(ctx, plain, &n, cipher.p, cipher.n) == 1;
    ERR_clear_error();
    if (!good) {
        kms_wipe(plain, k);
        return KMS_E_INVALID_CIPHERTEXT;
    }
    *len = n;
    return KMS_OK;
}
