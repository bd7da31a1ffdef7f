/*
 * pkey_ec.c - keys on the NIST curves, secp256k1 and SM2: SEC 1 points, RFC 5480 and
 * RFC 5915 around them.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/objects.h>

#include "crypto/pkey_der.h"
#include "crypto/pkey_impl.h"

enum { W_MAX = 66, POINT_MAX = 1 + 2 * W_MAX, UNCOMPRESSED = 4 };

/* id-ecPublicKey (1.2.840.10045.2.1), and the curve by name. */
#define EC_PUBLIC_KEY 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
static const uint8_t p256[] = {EC_PUBLIC_KEY, 0x06, 0x08, 0x2a, 0x86, 0x48,
                               0xce,          0x3d, 0x03, 0x01, 0x07};
static const uint8_t p384[] = {EC_PUBLIC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t p521[] = {EC_PUBLIC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
static const uint8_t k256[] = {EC_PUBLIC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
static const uint8_t sm2[] = {EC_PUBLIC_KEY, 0x06, 0x08, 0x2a, 0x81, 0x1c,
                              0xcf,          0x55, 0x01, 0x82, 0x2d};

static const struct curve {
    const char *type, *group; /* the library's names */
    struct kms_bytes algorithm;
} curves[KMS_KEY_SPEC_COUNT] = {
    [KMS_KEY_SPEC_ECC_NIST_P256] = {"EC", SN_X9_62_prime256v1, {p256, sizeof p256}},
    [KMS_KEY_SPEC_ECC_NIST_P384] = {"EC", SN_secp384r1, {p384, sizeof p384}},
    [KMS_KEY_SPEC_ECC_NIST_P521] = {"EC", SN_secp521r1, {p521, sizeof p521}},
    [KMS_KEY_SPEC_ECC_SECG_P256K1] = {"EC", SN_secp256k1, {k256, sizeof k256}},
    [KMS_KEY_SPEC_SM2] = {"SM2", SN_sm2, {sm2, sizeof sm2}},
};

static size_t material_len(enum kms_key_spec spec)
{
    return 2 + 3 * kms_spec_width(spec);
}

/* scalar is big-endian, or NULL for a public key. */
static KMS_RC make(enum kms_key_spec spec, struct kms_bytes point, const uint8_t *scalar,
                   EVP_PKEY **out)
{
    const struct curve *c = &curves[spec];
    size_t w = kms_spec_width(spec);
    uint8_t native[W_MAX];
    char group[16];
    uint8_t pub[POINT_MAX];
    OSSL_PARAM params[4], *p = params;
    enum kms_rc rc;

    snprintf(group, sizeof group, "%s", c->group);
    memcpy(pub, point.p, point.n);
    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, pub, point.n);
    if (scalar != NULL) {
        kms_pkey_native(native, scalar, w);
        *p++ = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, w);
    }
    *p = OSSL_PARAM_construct_end();
    rc = kms_pkey_make(c->type, scalar != NULL, params, out);
    kms_wipe(native, sizeof native);
    return rc;
}

static KMS_RC load(enum kms_key_spec spec, const uint8_t *material, EVP_PKEY **out,
                   struct kms_buf *spki)
{
    size_t w = kms_spec_width(spec);
    struct kms_bytes point = {material + 1 + w, 1 + 2 * w};

    kms_der_spki(spki, curves[spec].algorithm, point);
    return make(spec, point, material + 1, out);
}

static KMS_RC store(enum kms_key_spec spec, const EVP_PKEY *key, struct kms_secret **out)
{
    size_t w = kms_spec_width(spec);
    KMS_AUTO(secret) material = NULL;
    uint8_t *m;

    KMS_TRY(kms_secret_new(material_len(spec), &material));
    m = kms_secret_fill(material);
    m[0] = KMS_PKEY_FORMAT;
    m[1 + w] = UNCOMPRESSED;
    if (!kms_pkey_component(key, OSSL_PKEY_PARAM_PRIV_KEY, m + 1, w) ||
        !kms_pkey_component(key, OSSL_PKEY_PARAM_EC_PUB_X, m + 2 + w, w) ||
        !kms_pkey_component(key, OSSL_PKEY_PARAM_EC_PUB_Y, m + 2 + 2 * w, w))
        return kms_pkey_refuse("a component of the key is missing or too long");
    *out = KMS_TAKE(material);
    return KMS_OK;
}

static KMS_RC generate(enum kms_key_spec spec, struct kms_secret **material)
{
    const struct curve *c = &curves[spec];
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, c->type, NULL);
    KMS_OSSL_AUTO(EVP_PKEY) key = NULL;

    if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_group_name(ctx, c->group) != 1 ||
        EVP_PKEY_generate(ctx, &key) != 1)
        return kms_ossl_err("making a key on a curve");
    if (store(spec, key, material) != KMS_OK)
        return kms_err(KMS_E_CRYPTO, "a new key on a curve lacks a component");
    return KMS_OK;
}

/* Of these lengths and forms only (SEC 1 section 2.3.3): neither hybrid nor infinity. */
static bool point_form(struct kms_bytes point, size_t w)
{
    return (point.n == 1 + 2 * w && point.p[0] == UNCOMPRESSED) ||
           (point.n == 1 + w && (point.p[0] == 2 || point.p[0] == 3));
}

static KMS_RC from_spki(enum kms_key_spec spec, struct kms_bytes der, EVP_PKEY **out)
{
    struct kms_bytes point;

    if (!kms_der_take_spki(der, curves[spec].algorithm, &point) ||
        !point_form(point, kms_spec_width(spec)))
        return kms_pkey_refuse_public();
    /* The library puts the point on the curve or refuses it; all cofactors are 1. */
    if (make(spec, point, NULL, out) != KMS_OK)
        return kms_pkey_refuse_public();
    return KMS_OK;
}

/* RFC 5915 section 3, with the public key and without parameters, as RFC 5958 wants. */
static KMS_RC pkcs8(enum kms_key_spec spec, const uint8_t *material, struct kms_buf *out)
{
    static const uint8_t version[] = {KMS_DER_INTEGER, 1, 1};
    size_t w = kms_spec_width(spec), bits = 1 + 1 + 2 * w;
    size_t body = sizeof version + kms_der_len(w) + kms_der_len(kms_der_len(bits));

    kms_der_pkcs8_head(out, curves[spec].algorithm, kms_der_len(body));
    kms_der_head(out, KMS_DER_SEQUENCE, body);
    kms_buf_add(out, version, sizeof version);
    kms_der_head(out, KMS_DER_OCTET_STRING, w);
    kms_buf_add(out, material + 1, w);
    kms_der_head(out, KMS_DER_CONTEXT_1, kms_der_len(bits));
    kms_der_head(out, KMS_DER_BIT_STRING, bits);
    kms_buf_byte(out, 0);
    kms_buf_add(out, material + 1 + w, 1 + 2 * w);
    return KMS_OK;
}

/* The inner parameters of RFC 5915 may name another curve than the container does. */
static bool on_curve(enum kms_key_spec spec, const EVP_PKEY *key)
{
    int explicit_form = 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                 &explicit_form),
        OSSL_PARAM_construct_end()};
    char group[32];

    return EVP_PKEY_is_a(key, curves[spec].type) == 1 &&
           EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group,
                                          sizeof group, NULL) == 1 &&
           strcmp(group, curves[spec].group) == 0 &&
           EVP_PKEY_get_params(key, params) == 1 && explicit_form == 0;
}

static KMS_RC import(enum kms_key_spec spec, struct kms_bytes der,
                     struct kms_secret **material)
{
    KMS_OSSL_AUTO(EVP_PKEY) key = NULL;
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = NULL;
    struct kms_bytes public_bits = {0}, own;
    KMS_AUTO(secret) made = NULL;

    KMS_TRY(kms_pkey_decode(der, curves[spec].algorithm, &key, &public_bits));
    if (!on_curve(spec, key))
        return kms_pkey_refuse("the key is on another curve, or its curve is not named");
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (ctx == NULL || EVP_PKEY_check(ctx) != 1)
        return kms_pkey_refuse("the components of the key do not fit each other");
    KMS_TRY(store(spec, key, &made));
    own = kms_secret_view(made);
    own.p += 1 + kms_spec_width(spec);
    own.n -= 1 + kms_spec_width(spec);
    if (public_bits.p != NULL && !kms_bytes_eq(public_bits, own))
        return kms_pkey_refuse("the public key in the container is another one");
    *material = KMS_TAKE(made);
    return KMS_OK;
}

const struct kms_pkey_family kms_pkey_ec = {
    .generate = generate,
    .load = load,
    .from_spki = from_spki,
    .pkcs8 = pkcs8,
    .import = import,
    .material_len = material_len,
};
