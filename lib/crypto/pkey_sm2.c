#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "crypto/pkey_der.h"
#include "crypto/pkey_impl.h"
#include "crypto/pkey_sm2.h"

KMS_OSSL_OWNED(EC_GROUP);
KMS_OSSL_OWNED(EC_POINT);

enum { W = 32, POINT = 1 + 2 * W };

enum kms_rc kms_pkey_sm2_seal(const struct kms_pkey *key, struct kms_bytes plain,
                              struct kms_arena *arena, struct kms_bytes *out)
{
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->evp, NULL);
    uint8_t *cipher;
    size_t n = 0;

    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
        EVP_PKEY_encrypt(ctx, NULL, &n, plain.p, plain.n) != 1)
        return kms_ossl_err("setting up SM2 encryption");
    cipher = kms_arena_alloc(arena, n);
    if (cipher == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a ciphertext");
    if (EVP_PKEY_encrypt(ctx, cipher, &n, plain.p, plain.n) != 1)
        return kms_ossl_err("SM2 encryption");
    *out = (struct kms_bytes){cipher, n};
    return KMS_OK;
}

enum kms_rc kms_pkey_sm2_open(const struct kms_pkey *key, struct kms_bytes cipher,
                              uint8_t *plain, size_t *len)
{
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->evp, NULL);
    struct kms_bytes rest = cipher, body;
    size_t n = cipher.n;
    bool good;

    if (ctx == NULL || EVP_PKEY_decrypt_init(ctx) != 1)
        return kms_ossl_err("setting up SM2 decryption");
    /* The library reads over what follows the sequence. */
    good = kms_der_take(&rest, KMS_DER_SEQUENCE, &body) && rest.n == 0 &&
           cipher.n < KMS_OSSL_LEN_MAX &&
           EVP_PKEY_decrypt(ctx, plain, &n, cipher.p, cipher.n) == 1;
    ERR_clear_error();
    if (!good) {
        kms_wipe(plain, cipher.n);
        return KMS_E_INVALID_CIPHERTEXT;
    }
    *len = n;
    return KMS_OK;
}

/*
 * EC_POINT_mul with one scalar and one point is the library's constant-time ladder, the
 * same that its ECDH runs.
 */
enum kms_rc kms_pkey_sm2_agree(const struct kms_pkey *key, const struct kms_pkey *peer,
                               uint8_t *out)
{
    KMS_OSSL_AUTO(BN_CTX) ctx = BN_CTX_new();
    KMS_OSSL_AUTO(EC_GROUP) group = EC_GROUP_new_by_curve_name(NID_sm2);
    KMS_OSSL_AUTO(EC_POINT) point = NULL;
    KMS_OSSL_AUTO(BIGNUM) scalar = NULL;
    KMS_OSSL_AUTO(BIGNUM) x = BN_new();
    uint8_t px[POINT] = {POINT_CONVERSION_UNCOMPRESSED};
    bool good;

    if (ctx == NULL || group == NULL || x == NULL ||
        !kms_pkey_component(peer->evp, OSSL_PKEY_PARAM_EC_PUB_X, px + 1, W) ||
        !kms_pkey_component(peer->evp, OSSL_PKEY_PARAM_EC_PUB_Y, px + 1 + W, W) ||
        EVP_PKEY_get_bn_param(key->evp, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) != 1)
        return kms_ossl_err("setting up key agreement on SM2");
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    point = EC_POINT_new(group);
    good = point != NULL && EC_POINT_oct2point(group, point, px, sizeof px, ctx) == 1 &&
           EC_POINT_mul(group, point, NULL, point, scalar, ctx) == 1 &&
           EC_POINT_is_at_infinity(group, point) == 0 &&
           EC_POINT_get_affine_coordinates(group, point, x, NULL, ctx) == 1 &&
           BN_bn2binpad(x, out, W) == W;
    if (point != NULL)
        EC_POINT_clear_free(KMS_TAKE(point));
    return good ? KMS_OK : kms_ossl_err("key agreement on SM2");
}
