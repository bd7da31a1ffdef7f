#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>

#include "crypto/pkey_edph.h"
#include "crypto/pkey_edwards.h"
#include "crypto/pkey_impl.h"
#include "crypto/pkey_lib.h"

enum { HALF = 32, SHA512_LEN = 64 };

/* RFC 8032 section 2, dom2(1, ""): prehashed, no context. */
static const uint8_t dom2[] = "SigEd25519 no Ed25519 collisions\x01";

static KMS_RC sha512(const struct kms_bytes *parts, size_t n, uint8_t out[SHA512_LEN])
{
    KMS_OSSL_AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_DigestInit_ex2(ctx, kms_pkey_lib()->sha512, NULL) == 1;

    for (size_t i = 0; ok && i < n; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    return ok ? KMS_OK : kms_ossl_err("SHA-512");
}

/* What a signature hashes after dom2 and the point: the digest of the message. */
struct parts {
    uint8_t public_key[HALF], prehash[SHA512_LEN];
};

static KMS_RC parts_of(const EVP_PKEY *key, struct kms_bytes message, struct parts *out)
{
    size_t n = HALF;

    if (EVP_PKEY_get_raw_public_key(key, out->public_key, &n) != 1 || n != HALF)
        return kms_ossl_err("reading an Ed25519 public key");
    return sha512(&message, 1, out->prehash);
}

/* k = SHA-512(dom2 | R | A | PH(M)) mod l. */
static KMS_RC challenge(const struct kms_edwards *e, const uint8_t r[HALF],
                        const struct parts *parts, BIGNUM *k, BN_CTX *ctx)
{
    const struct kms_bytes input[] = {{dom2, sizeof dom2},
                                      {r, HALF},
                                      KMS_BYTES(parts->public_key),
                                      KMS_BYTES(parts->prehash)};
    uint8_t hash[SHA512_LEN];

    KMS_TRY(sha512(input, 4, hash));
    if (BN_lebin2bn(hash, sizeof hash, k) == NULL || BN_nnmod(k, k, e->l, ctx) != 1)
        return kms_ossl_err("Ed25519ph");
    return KMS_OK;
}

/* The scalar a and the nonce r of RFC 8032 section 5.1.6, steps 1 and 2. */
static KMS_RC secrets(const struct kms_edwards *e, const EVP_PKEY *key,
                      const struct parts *parts, BIGNUM *a, BIGNUM *r, BN_CTX *ctx)
{
    uint8_t seed[HALF], h[SHA512_LEN], nonce[SHA512_LEN];
    const struct kms_bytes whole = KMS_BYTES(seed);
    const struct kms_bytes input[] = {
        {dom2, sizeof dom2}, {h + HALF, HALF}, KMS_BYTES(parts->prehash)};
    size_t n = HALF;
    enum kms_rc rc = KMS_OK;
    bool ok = EVP_PKEY_get_raw_private_key(key, seed, &n) == 1 && n == HALF;

    if (ok && (rc = sha512(&whole, 1, h)) == KMS_OK &&
        (rc = sha512(input, 3, nonce)) == KMS_OK) {
        h[0] &= 0xf8;
        h[HALF - 1] = (uint8_t)((h[HALF - 1] & 0x7f) | 0x40);
        BN_set_flags(a, BN_FLG_CONSTTIME);
        BN_set_flags(r, BN_FLG_CONSTTIME);
        ok = BN_lebin2bn(h, HALF, a) != NULL &&
             BN_lebin2bn(nonce, sizeof nonce, r) != NULL &&
             BN_nnmod(a, a, e->l, ctx) == 1 && BN_nnmod(r, r, e->l, ctx) == 1;
    }
    kms_wipe(seed, sizeof seed);
    kms_wipe(h, sizeof h);
    kms_wipe(nonce, sizeof nonce);
    KMS_TRY(rc);
    return ok ? KMS_OK : kms_ossl_err("Ed25519ph");
}

/*
 * S = r + k a mod l, computed as (b r + k (b a)) / b with a random b: multiplication
 * modulo l is not constant-time in the library, so it never sees a or r alone.
 */
static bool response(const struct kms_edwards *e, const BIGNUM *k, BIGNUM *a, BIGNUM *r,
                     BIGNUM *s, BN_CTX *ctx)
{
    BIGNUM *b;
    bool ok;

    BN_CTX_start(ctx);
    b = BN_CTX_get(ctx);
    ok = b != NULL && BN_priv_rand_range(b, e->l) == 1 && !BN_is_zero(b) &&
         BN_mod_mul(a, a, b, e->l, ctx) == 1 && BN_mod_mul(r, r, b, e->l, ctx) == 1 &&
         BN_mod_mul(s, k, a, e->l, ctx) == 1 && BN_mod_add(s, s, r, e->l, ctx) == 1 &&
         BN_mod_inverse(b, b, e->l, ctx) != NULL && BN_mod_mul(s, s, b, e->l, ctx) == 1;
    BN_CTX_end(ctx);
    return ok;
}

enum kms_rc kms_pkey_edph_sign(const EVP_PKEY *key, struct kms_bytes message,
                               uint8_t out[KMS_EDPH_LEN])
{
    KMS_OSSL_AUTO(BN_CTX) ctx = BN_CTX_new();
    KMS_OSSL_AUTO(BIGNUM) a = BN_secure_new();
    KMS_OSSL_AUTO(BIGNUM) r = BN_secure_new();
    KMS_OSSL_AUTO(BIGNUM) k = BN_new();
    KMS_OSSL_AUTO(BIGNUM) s = BN_new();
    KMS_OSSL_AUTO(EC_POINT) point = NULL;
    const struct kms_edwards *e;
    struct parts parts;
    uint8_t signature[KMS_EDPH_LEN] = {0};

    KMS_TRY(kms_edwards_get(&e));
    KMS_TRY(parts_of(key, message, &parts));
    point = EC_POINT_new(e->group);
    if (ctx == NULL || a == NULL || r == NULL || k == NULL || s == NULL || point == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for Ed25519ph");
    KMS_TRY(secrets(e, key, &parts, a, r, ctx));
    if (EC_POINT_mul(e->group, point, r, NULL, NULL, ctx) != 1 ||
        !kms_edwards_encode(e, point, signature, ctx))
        return kms_ossl_err("Ed25519ph");
    KMS_TRY(challenge(e, signature, &parts, k, ctx));
    if (!response(e, k, a, r, s, ctx) ||
        BN_bn2lebinpad(s, signature + HALF, HALF) != HALF)
        return kms_ossl_err("Ed25519ph");
    memcpy(out, signature, sizeof signature);
    return KMS_OK;
}

/* Encodes S B - k A and compares with R, as the library's own Ed25519 does. */
enum kms_rc kms_pkey_edph_check(const EVP_PKEY *key, struct kms_bytes message,
                                struct kms_bytes signature, bool *good)
{
    KMS_OSSL_AUTO(BN_CTX) ctx = BN_CTX_new();
    KMS_OSSL_AUTO(BIGNUM) k = BN_new();
    KMS_OSSL_AUTO(BIGNUM) s = BN_new();
    KMS_OSSL_AUTO(EC_POINT) point = NULL;
    const struct kms_edwards *e;
    struct parts parts;
    uint8_t r[HALF];

    *good = false;
    if (signature.n != KMS_EDPH_LEN)
        return KMS_OK;
    KMS_TRY(kms_edwards_get(&e));
    KMS_TRY(parts_of(key, message, &parts));
    point = EC_POINT_new(e->group);
    if (ctx == NULL || k == NULL || s == NULL || point == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for Ed25519ph");
    KMS_TRY(challenge(e, signature.p, &parts, k, ctx));
    if (BN_lebin2bn(signature.p + HALF, HALF, s) == NULL || BN_sub(k, e->l, k) != 1)
        return kms_ossl_err("Ed25519ph");
    *good = BN_cmp(s, e->l) < 0 && kms_edwards_decode(e, parts.public_key, point, ctx) &&
            EC_POINT_mul(e->group, point, s, point, k, ctx) == 1 &&
            kms_edwards_encode(e, point, r, ctx) && memcmp(r, signature.p, HALF) == 0;
    ERR_clear_error();
    return KMS_OK;
}
