#include <openssl/err.h>

#include "crypto/oaep.h"
#include "crypto/pkey_impl.h"
#include "crypto/pkey_lib.h"
#include "crypto/pkey_sm2.h"
#include "crypto/unwrap.h"

KMS_OSSL_OWNED(EVP_CIPHER_CTX);

enum {
    AES_LEN = 32,
    SEMIBLOCK = 8,
    WRAPPED_MAX = 8192 /* an RSA-4096 key in PKCS#8 has about 2400 bytes */
};

/* The first n bytes of a scratch secret, as a secret of that length. */
static KMS_RC cut(const struct kms_secret *scratch, size_t n, struct kms_secret **out)
{
    if (n == 0)
        return KMS_E_INVALID_CIPHERTEXT;
    return kms_secret_copy((struct kms_bytes){kms_secret_view(scratch).p, n}, out);
}

static KMS_RC unwrap_oaep(const struct kms_pkey *wrapping, enum kms_oaep_hash hash,
                          struct kms_bytes wrapped, struct kms_secret **out)
{
    KMS_AUTO(secret) scratch = NULL;
    size_t n = 0;

    KMS_TRY(kms_secret_new(kms_spec_width(wrapping->spec), &scratch));
    KMS_TRY(kms_oaep_open(wrapping, hash, wrapped, kms_secret_fill(scratch), &n));
    return cut(scratch, n, out);
}

/* RFC 5649 section 4.2. */
static KMS_RC unwrap_kwp(struct kms_bytes key, struct kms_bytes wrapped,
                         struct kms_secret **out)
{
    KMS_OSSL_AUTO(EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new();
    KMS_AUTO(secret) scratch = NULL;
    int n = 0, more = 0;
    bool good;

    if (wrapped.n < 2 * SEMIBLOCK || wrapped.n % SEMIBLOCK != 0)
        return KMS_E_INVALID_CIPHERTEXT;
    KMS_TRY(kms_secret_new(wrapped.n, &scratch));
    if (ctx == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for unwrapping");
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (EVP_DecryptInit_ex2(ctx, kms_pkey_lib()->kwp, key.p, NULL, NULL) != 1)
        return kms_ossl_err("setting up AES key unwrapping");
    good = EVP_DecryptUpdate(ctx, kms_secret_fill(scratch), &n, wrapped.p,
                             (int)wrapped.n) == 1 &&
           EVP_DecryptFinal_ex(ctx, kms_secret_fill(scratch) + n, &more) == 1 && n > 0;
    ERR_clear_error();
    if (!good)
        return KMS_E_INVALID_CIPHERTEXT;
    return cut(scratch, (size_t)(n + more), out);
}

static KMS_RC unwrap_rsa_aes(const struct kms_pkey *wrapping, enum kms_oaep_hash hash,
                             struct kms_bytes wrapped, struct kms_secret **out)
{
    size_t k = kms_spec_width(wrapping->spec);
    KMS_AUTO(secret) aes = NULL;

    if (wrapped.n <= k)
        return KMS_E_INVALID_CIPHERTEXT;
    KMS_TRY(unwrap_oaep(wrapping, hash, (struct kms_bytes){wrapped.p, k}, &aes));
    if (kms_secret_view(aes).n != AES_LEN)
        return KMS_E_INVALID_CIPHERTEXT;
    return unwrap_kwp(kms_secret_view(aes),
                      (struct kms_bytes){wrapped.p + k, wrapped.n - k}, out);
}

static KMS_RC unwrap_sm2(const struct kms_pkey *wrapping, struct kms_bytes wrapped,
                         struct kms_secret **out)
{
    KMS_AUTO(secret) scratch = NULL;
    size_t n = 0;

    KMS_TRY(kms_secret_new(wrapped.n, &scratch));
    KMS_TRY(kms_pkey_sm2_open(wrapping, wrapped, kms_secret_fill(scratch), &n));
    return cut(scratch, n, out);
}

enum kms_rc kms_unwrap(const struct kms_pkey *wrapping, enum kms_algorithm_spec alg,
                       struct kms_bytes wrapped, struct kms_secret **out)
{
    enum kms_spec_family family = kms_spec_family(wrapping->spec);

    if (wrapped.n == 0 || wrapped.n > WRAPPED_MAX)
        return KMS_E_INVALID_CIPHERTEXT;
    if (family == KMS_FAMILY_SM2 && alg == KMS_ALGORITHM_SPEC_SM2PKE)
        return unwrap_sm2(wrapping, wrapped, out);
    if (family == KMS_FAMILY_RSA) {
        switch (alg) {
        case KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_1:
            return unwrap_oaep(wrapping, KMS_OAEP_SHA_1, wrapped, out);
        case KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_256:
            return unwrap_oaep(wrapping, KMS_OAEP_SHA_256, wrapped, out);
        case KMS_ALGORITHM_SPEC_RSA_AES_KEY_WRAP_SHA_1:
            return unwrap_rsa_aes(wrapping, KMS_OAEP_SHA_1, wrapped, out);
        case KMS_ALGORITHM_SPEC_RSA_AES_KEY_WRAP_SHA_256:
            return unwrap_rsa_aes(wrapping, KMS_OAEP_SHA_256, wrapped, out);
        default:
            break;
        }
    }
    return kms_err(KMS_E_CRYPTO, "%s under a %s key unwraps nothing",
                   kms_algorithm_spec_name(alg), kms_key_spec_name(wrapping->spec));
}
