#include <pthread.h>
#include <string.h>

#include "crypto/pkey_edwards.h"

enum { LEN = KMS_EDWARDS_LEN, SIGN_BIT = 0x80 };

static const char hex_p[] =
    "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED";
static const char hex_l[] =
    "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED";
static const char hex_d[] =
    "52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3";
static const char hex_c[] =
    "0F26EDF460A006BBD27B08DC03FC4F7EC5A1D3D14B7D1A82CC6E04AAFF457E06";
/* A/3, and the Weierstrass coefficients (3 - A^2)/3 and (2 A^3 - 9 A)/27. */
static const char hex_a3[] =
    "2AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD2451";
static const char hex_wa[] =
    "2AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA984914A144";
static const char hex_wb[] =
    "7B425ED097B425ED097B425ED097B425ED097B425ED097B4260B5E9C7710C864";
/* B of RFC 8032: y = 4/5, x even. */
static const char hex_gx[] =
    "2AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD245A";
static const char hex_gy[] =
    "5F51E65E475F794B1FE122D388B72EB36DC2B28192839E4DD6163A5D81312C14";

/* Kept for the life of the process. */
static struct kms_edwards curve;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;

static void build(void)
{
    KMS_OSSL_AUTO(BN_CTX) ctx = BN_CTX_new();
    KMS_OSSL_AUTO(BIGNUM) wa = NULL;
    KMS_OSSL_AUTO(BIGNUM) wb = NULL;
    KMS_OSSL_AUTO(BIGNUM) gx = NULL;
    KMS_OSSL_AUTO(BIGNUM) gy = NULL;
    KMS_OSSL_AUTO(EC_POINT) base = NULL;

    if (ctx == NULL || BN_hex2bn(&curve.p, hex_p) == 0 ||
        BN_hex2bn(&curve.l, hex_l) == 0 || BN_hex2bn(&curve.d, hex_d) == 0 ||
        BN_hex2bn(&curve.c, hex_c) == 0 || BN_hex2bn(&curve.a3, hex_a3) == 0 ||
        BN_hex2bn(&wa, hex_wa) == 0 || BN_hex2bn(&wb, hex_wb) == 0 ||
        BN_hex2bn(&gx, hex_gx) == 0 || BN_hex2bn(&gy, hex_gy) == 0)
        return;
    curve.group = EC_GROUP_new_curve_GFp(curve.p, wa, wb, ctx);
    base = curve.group != NULL ? EC_POINT_new(curve.group) : NULL;
    if (base == NULL)
        return;
    /* With order and cofactor known, EC_POINT_mul of B takes the constant-time ladder. */
    ready = EC_POINT_set_affine_coordinates(curve.group, base, gx, gy, ctx) == 1 &&
            BN_set_word(wa, 8) == 1 &&
            EC_GROUP_set_generator(curve.group, base, curve.l, wa) == 1;
}

enum kms_rc kms_edwards_get(const struct kms_edwards **out)
{
    pthread_once(&once, build);
    if (!ready)
        return kms_ossl_err("setting up edwards25519");
    *out = &curve;
    return KMS_OK;
}

/* x = c u / Y and y = (u - 1) / (u + 1), with the one inverse of Y (u + 1). */
bool kms_edwards_encode(const struct kms_edwards *e, const EC_POINT *point,
                        uint8_t out[LEN], BN_CTX *ctx)
{
    BIGNUM *u, *v, *up, *inv, *x, *y;
    bool ok;

    BN_CTX_start(ctx);
    u = BN_CTX_get(ctx);
    v = BN_CTX_get(ctx);
    up = BN_CTX_get(ctx);
    inv = BN_CTX_get(ctx);
    x = BN_CTX_get(ctx);
    y = BN_CTX_get(ctx);
    ok = y != NULL && EC_POINT_get_affine_coordinates(e->group, point, u, v, ctx) == 1 &&
         BN_mod_sub(u, u, e->a3, e->p, ctx) == 1 && BN_copy(up, u) != NULL &&
         BN_add_word(up, 1) == 1 && BN_mod_mul(inv, v, up, e->p, ctx) == 1 &&
         BN_mod_inverse(inv, inv, e->p, ctx) != NULL &&
         BN_mod_mul(x, u, up, e->p, ctx) == 1 && BN_mod_mul(x, x, e->c, e->p, ctx) == 1 &&
         BN_mod_mul(x, x, inv, e->p, ctx) == 1 &&
         BN_mod_sub(y, u, BN_value_one(), e->p, ctx) == 1 &&
         BN_mod_mul(y, y, v, e->p, ctx) == 1 && BN_mod_mul(y, y, inv, e->p, ctx) == 1 &&
         BN_bn2lebinpad(y, out, LEN) == LEN;
    if (ok && BN_is_odd(x))
        out[LEN - 1] |= SIGN_BIT;
    BN_CTX_end(ctx);
    return ok;
}

/* x^2 = (y^2 - 1) / (d y^2 + 1), RFC 8032 section 5.1.3; x = 0 is not wanted here. */
static bool recover_x(const struct kms_edwards *e, const BIGNUM *y, bool odd, BIGNUM *x,
                      BIGNUM *t, BN_CTX *ctx)
{
    bool ok = BN_mod_sqr(x, y, e->p, ctx) == 1 &&
              BN_mod_mul(t, x, e->d, e->p, ctx) == 1 && BN_add_word(t, 1) == 1 &&
              BN_mod_inverse(t, t, e->p, ctx) != NULL &&
              BN_mod_sub(x, x, BN_value_one(), e->p, ctx) == 1 &&
              BN_mod_mul(x, x, t, e->p, ctx) == 1 && !BN_is_zero(x) &&
              BN_mod_sqrt(x, x, e->p, ctx) != NULL;

    return ok && (BN_is_odd(x) == odd || BN_sub(x, e->p, x) == 1);
}

bool kms_edwards_decode(const struct kms_edwards *e, const uint8_t in[LEN], EC_POINT *out,
                        BN_CTX *ctx)
{
    BIGNUM *x, *y, *u, *t;
    uint8_t bytes[LEN];
    bool odd = (in[LEN - 1] & SIGN_BIT) != 0, ok;

    memcpy(bytes, in, LEN);
    bytes[LEN - 1] &= (uint8_t)~SIGN_BIT;
    BN_CTX_start(ctx);
    x = BN_CTX_get(ctx);
    y = BN_CTX_get(ctx);
    u = BN_CTX_get(ctx);
    t = BN_CTX_get(ctx);
    ok = t != NULL && BN_lebin2bn(bytes, LEN, y) != NULL && BN_cmp(y, e->p) < 0 &&
         recover_x(e, y, odd, x, t, ctx) &&
         BN_mod_sub(t, BN_value_one(), y, e->p, ctx) == 1 &&
         BN_mod_mul(u, t, x, e->p, ctx) == 1 && BN_mod_inverse(u, u, e->p, ctx) != NULL &&
         /* u now is 1 / ((1 - y) x); x and t are free after the next two lines. */
         BN_mod_mul(x, x, u, e->p, ctx) == 1 && BN_mod_mul(t, t, u, e->p, ctx) == 1 &&
         BN_add_word(y, 1) == 1 && BN_mod_mul(u, x, y, e->p, ctx) == 1 &&
         BN_mod_mul(t, t, u, e->p, ctx) == 1 && BN_mod_mul(t, t, e->c, e->p, ctx) == 1 &&
         BN_mod_add(u, u, e->a3, e->p, ctx) == 1 &&
         EC_POINT_set_affine_coordinates(e->group, out, u, t, ctx) == 1;
    BN_CTX_end(ctx);
    return ok;
}
