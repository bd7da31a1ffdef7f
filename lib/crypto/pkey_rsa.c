/* pkey_rsa.c - RSA keys (RFC 8017): components, PKCS#1 inside SPKI and PKCS#8. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "crypto/pkey_der.h"
#include "crypto/pkey_impl.h"

/* In the order of the material, which is that of RSAPrivateKey (RFC 8017 A.1.2). */
enum { N, E, D, P, Q, DP, DQ, QINV, FIELDS };
enum { E_LEN = 8, RSA_K_MAX = 512 };

static const char *const name[FIELDS] = {
    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
    OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* rsaEncryption with NULL parameters (RFC 3279 section 2.3.1). */
static const uint8_t algorithm[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                    0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

static size_t width(size_t k, int field)
{
    return field == E ? E_LEN : field == N || field == D ? k : k / 2;
}

static size_t material_len(enum kms_key_spec spec)
{
    size_t k = kms_spec_width(spec), len = 1;

    for (int f = 0; f < FIELDS; f++)
        len += width(k, f);
    return len;
}

/* The first `fields` components, big-endian and one after the other from be. */
static KMS_RC make(size_t k, const uint8_t *be, int fields, EVP_PKEY **out)
{
    OSSL_PARAM params[FIELDS + 1];
    KMS_AUTO(secret) native = NULL;
    uint8_t *at;

    KMS_TRY(kms_secret_new(2 * k + E_LEN + 5 * (k / 2), &native));
    at = kms_secret_fill(native);
    for (int f = 0; f < fields; f++) {
        size_t n = width(k, f);

        kms_pkey_native(at, be, n);
        params[f] = OSSL_PARAM_construct_BN(name[f], at, n);
        at += n;
        be += n;
    }
    params[fields] = OSSL_PARAM_construct_end();
    return kms_pkey_make("RSA", fields == FIELDS, params, out);
}

/* SubjectPublicKeyInfo of n and e, which follow each other from ne. */
static void write_spki(size_t k, const uint8_t *ne, struct kms_buf *out)
{
    KMS_AUTO_BUF inner = {0};

    kms_der_head(&inner, KMS_DER_SEQUENCE,
                 kms_der_uint_len(ne, k) + kms_der_uint_len(ne + k, E_LEN));
    kms_der_uint(&inner, ne, k);
    kms_der_uint(&inner, ne + k, E_LEN);
    kms_der_spki(out, KMS_BYTES(algorithm), kms_buf_view(&inner));
    out->bad = out->bad || inner.bad;
}

static KMS_RC load(enum kms_key_spec spec, const uint8_t *material, EVP_PKEY **out,
                   struct kms_buf *spki)
{
    size_t k = kms_spec_width(spec);

    write_spki(k, material + 1, spki);
    return make(k, material + 1, FIELDS, out);
}

static KMS_RC store(enum kms_key_spec spec, const EVP_PKEY *key, struct kms_secret **out)
{
    size_t k = kms_spec_width(spec);
    KMS_AUTO(secret) material = NULL;
    uint8_t *at;

    KMS_TRY(kms_secret_new(material_len(spec), &material));
    at = kms_secret_fill(material);
    *at++ = KMS_PKEY_FORMAT;
    for (int f = 0; f < FIELDS; f++) {
        if (!kms_pkey_component(key, name[f], at, width(k, f)))
            return kms_pkey_refuse("component %s of the key is missing or too long",
                                   name[f]);
        at += width(k, f);
    }
    *out = KMS_TAKE(material);
    return KMS_OK;
}

static KMS_RC generate(enum kms_key_spec spec, struct kms_secret **material)
{
    size_t bits = 8 * kms_spec_width(spec);
    KMS_OSSL_AUTO(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);

    if (key == NULL)
        return kms_ossl_err("making an RSA key");
    if (store(spec, key, material) != KMS_OK)
        return kms_err(KMS_E_CRYPTO, "a new RSA key lacks a component");
    return KMS_OK;
}

/* Strict: n of exactly k bytes with its top bit set, both numbers odd, 3 <= e < 2^64. */
static KMS_RC from_spki(enum kms_key_spec spec, struct kms_bytes der, EVP_PKEY **out)
{
    size_t k = kms_spec_width(spec);
    uint8_t ne[RSA_K_MAX + E_LEN] = {0};
    struct kms_bytes bits, body, n, e;

    if (!kms_der_take_spki(der, KMS_BYTES(algorithm), &bits) ||
        !kms_der_take(&bits, KMS_DER_SEQUENCE, &body) || bits.n != 0 ||
        !kms_der_take_uint(&body, &n) || !kms_der_take_uint(&body, &e) || body.n != 0)
        return kms_pkey_refuse_public();
    if (n.n != k || n.p[0] < 0x80 || n.p[k - 1] % 2 == 0 || e.n == 0 || e.n > E_LEN ||
        e.p[e.n - 1] % 2 == 0 || (e.n == 1 && e.p[0] < 3))
        return kms_pkey_refuse_public();
    memcpy(ne, n.p, k);
    memcpy(ne + k + E_LEN - e.n, e.p, e.n);
    return make(k, ne, E + 1, out);
}

static KMS_RC pkcs8(enum kms_key_spec spec, const uint8_t *material, struct kms_buf *out)
{
    static const uint8_t two_primes[] = {0};
    size_t k = kms_spec_width(spec), body = kms_der_uint_len(two_primes, 1);
    const uint8_t *at = material + 1;

    for (int f = 0; f < FIELDS; at += width(k, f), f++)
        body += kms_der_uint_len(at, width(k, f));
    kms_der_pkcs8_head(out, KMS_BYTES(algorithm), kms_der_len(body));
    kms_der_head(out, KMS_DER_SEQUENCE, body);
    kms_der_uint(out, two_primes, 1);
    at = material + 1;
    for (int f = 0; f < FIELDS; at += width(k, f), f++)
        kms_der_uint(out, at, width(k, f));
    return KMS_OK;
}

/* What the library's check passes over: the shape that the service asks for. */
static KMS_RC check_shape(enum kms_key_spec spec, const EVP_PKEY *key)
{
    size_t k = kms_spec_width(spec);
    uint8_t e[E_LEN], half[RSA_K_MAX / 2];
    KMS_OSSL_AUTO(BIGNUM) third = NULL;
    bool balanced;

    if (EVP_PKEY_is_a(key, "RSA") != 1 || (size_t)EVP_PKEY_get_bits(key) != 8 * k)
        return kms_pkey_refuse("the modulus has not %zu bits", 8 * k);
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1)
        return kms_pkey_refuse("the key has more than two primes");
    ERR_clear_error(); /* that it is missing was an error to the library */
    balanced = kms_pkey_component(key, OSSL_PKEY_PARAM_RSA_FACTOR1, half, k / 2) &&
               half[0] >= 0x80 &&
               kms_pkey_component(key, OSSL_PKEY_PARAM_RSA_FACTOR2, half, k / 2) &&
               half[0] >= 0x80;
    kms_wipe(half, sizeof half);
    if (!balanced)
        return kms_pkey_refuse("the primes have not half the length of the modulus");
    /* FIPS 186-5 A.1.1 (a): odd and over 2^16; 64 bits, since OpenSSL verifies no more.
     */
    if (!kms_pkey_component(key, OSSL_PKEY_PARAM_RSA_E, e, E_LEN) || e[7] % 2 == 0 ||
        (e[0] | e[1] | e[2] | e[3] | e[4] | e[5]) == 0)
        return kms_pkey_refuse("the public exponent is not odd and of 17 to 64 bits");
    return KMS_OK;
}

static KMS_RC import(enum kms_key_spec spec, struct kms_bytes der,
                     struct kms_secret **material)
{
    KMS_OSSL_AUTO(EVP_PKEY) key = NULL;
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = NULL;
    struct kms_bytes public_bits = {0};
    KMS_AUTO_BUF spki = {0};
    KMS_AUTO(secret) made = NULL;
    struct kms_bytes own;

    KMS_TRY(kms_pkey_decode(der, KMS_BYTES(algorithm), &key, &public_bits));
    KMS_TRY(check_shape(spec, key));
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (ctx == NULL || EVP_PKEY_check(ctx) != 1)
        return kms_pkey_refuse("the components of the key do not fit each other");
    KMS_TRY(store(spec, key, &made));
    if (public_bits.p != NULL) {
        write_spki(kms_spec_width(spec), kms_secret_view(made).p + 1, &spki);
        KMS_TRY(kms_buf_ok(&spki));
        if (!kms_der_take_spki(kms_buf_view(&spki), KMS_BYTES(algorithm), &own) ||
            !kms_bytes_eq(own, public_bits))
            return kms_pkey_refuse("the public key in the container is another one");
    }
    *material = KMS_TAKE(made);
    return KMS_OK;
}

const struct kms_pkey_family kms_pkey_rsa = {
    .generate = generate,
    .load = load,
    .from_spki = from_spki,
    .pkcs8 = pkcs8,
    .import = import,
    .material_len = material_len,
};
