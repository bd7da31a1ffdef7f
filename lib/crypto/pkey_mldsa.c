/*
 * pkey_mldsa.c - ML-DSA keys (FIPS 204), kept as the seed of key generation; SPKI and
 * PKCS#8 of RFC 9881. The library has them since OpenSSL 3.5, and only by name, so this
 * file compiles against older headers.
 */
#include <openssl/core_names.h>

#include "crypto/pkey_der.h"
#include "crypto/pkey_impl.h"
#include "crypto/rand.h"

enum { SEED = 32, PUBLIC_MAX = 2592 };

/* id-ml-dsa-44, -65, -87 (2.16.840.1.101.3.4.3.17 to 19), parameters absent. */
#define ML_DSA_OID(n) {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, (n)}
static const uint8_t oid[3][11] = {ML_DSA_OID(17), ML_DSA_OID(18), ML_DSA_OID(19)};

static const struct set {
    const char *type;
    size_t public_len;
    struct kms_bytes algorithm;
} sets[KMS_KEY_SPEC_COUNT] = {
    [KMS_KEY_SPEC_ML_DSA_44] = {"ML-DSA-44", 1312, {oid[0], sizeof oid[0]}},
    [KMS_KEY_SPEC_ML_DSA_65] = {"ML-DSA-65", 1952, {oid[1], sizeof oid[1]}},
    [KMS_KEY_SPEC_ML_DSA_87] = {"ML-DSA-87", PUBLIC_MAX, {oid[2], sizeof oid[2]}},
};

static size_t material_len(enum kms_key_spec spec)
{
    (void)spec;
    return 1 + SEED;
}

static KMS_RC load(enum kms_key_spec spec, const uint8_t *material, EVP_PKEY **out,
                   struct kms_buf *spki)
{
    const struct set *set = &sets[spec];
    uint8_t seed[SEED], public_key[PUBLIC_MAX];
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string("seed", seed, SEED),
                           OSSL_PARAM_construct_end()};
    size_t n = 0;
    enum kms_rc rc;

    for (size_t i = 0; i < SEED; i++)
        seed[i] = material[1 + i];
    rc = kms_pkey_make(set->type, true, params, out);
    kms_wipe(seed, sizeof seed);
    KMS_TRY(rc);
    if (EVP_PKEY_get_octet_string_param(*out, OSSL_PKEY_PARAM_PUB_KEY, public_key,
                                        sizeof public_key, &n) != 1 ||
        n != set->public_len)
        return kms_ossl_err("reading an ML-DSA public key");
    kms_der_spki(spki, set->algorithm, (struct kms_bytes){public_key, n});
    return KMS_OK;
}

static KMS_RC generate(enum kms_key_spec spec, struct kms_secret **material)
{
    KMS_AUTO(secret) made = NULL;

    KMS_TRY(kms_secret_new(material_len(spec), &made));
    kms_secret_fill(made)[0] = KMS_PKEY_FORMAT;
    KMS_TRY(kms_rand_secret(kms_secret_fill(made) + 1, SEED));
    *material = KMS_TAKE(made);
    return KMS_OK;
}

static KMS_RC from_spki(enum kms_key_spec spec, struct kms_bytes der, EVP_PKEY **out)
{
    struct kms_bytes bits;
    EVP_PKEY *key;

    if (!kms_der_take_spki(der, sets[spec].algorithm, &bits) ||
        bits.n != sets[spec].public_len)
        return kms_pkey_refuse_public();
    key = EVP_PKEY_new_raw_public_key_ex(NULL, sets[spec].type, NULL, bits.p, bits.n);
    if (key == NULL)
        return kms_pkey_refuse_public();
    *out = key;
    return KMS_OK;
}

/* RFC 9881 section 6: the seed alone, [0] IMPLICIT OCTET STRING. */
static KMS_RC pkcs8(enum kms_key_spec spec, const uint8_t *material, struct kms_buf *out)
{
    enum { SEED_TAG = 0x80 };

    kms_der_pkcs8_head(out, sets[spec].algorithm, kms_der_len(SEED));
    kms_der_head(out, SEED_TAG, SEED);
    kms_buf_add(out, material + 1, SEED);
    return KMS_OK;
}

const struct kms_pkey_family kms_pkey_mldsa = {
    .generate = generate,
    .load = load,
    .from_spki = from_spki,
    .pkcs8 = pkcs8,
    .import = NULL,
    .material_len = material_len,
};
