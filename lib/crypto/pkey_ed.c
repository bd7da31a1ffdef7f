/* pkey_ed.c - Ed25519 keys (RFC 8032); their one form in SPKI and PKCS#8 is RFC 8410's.
 */
#include <openssl/evp.h>

#include "crypto/pkey_der.h"
#include "crypto/pkey_impl.h"
#include "crypto/rand.h"

enum { SEED = 32, PUBLIC = 32 };

/* id-Ed25519 (1.3.101.112), parameters absent (RFC 8410 section 3). */
static const uint8_t algorithm[] = {0x06, 0x03, 0x2b, 0x65, 0x70};

static size_t material_len(enum kms_key_spec spec)
{
    (void)spec;
    return 1 + SEED;
}

static KMS_RC public_of(const EVP_PKEY *key, uint8_t out[PUBLIC])
{
    size_t n = PUBLIC;

    if (EVP_PKEY_get_raw_public_key(key, out, &n) != 1 || n != PUBLIC)
        return kms_ossl_err("reading an Ed25519 public key");
    return KMS_OK;
}

static KMS_RC make(const uint8_t seed[SEED], EVP_PKEY **out)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed, SEED);

    if (key == NULL)
        return kms_ossl_err("making an Ed25519 key from its seed");
    *out = key;
    return KMS_OK;
}

static KMS_RC load(enum kms_key_spec spec, const uint8_t *material, EVP_PKEY **out,
                   struct kms_buf *spki)
{
    uint8_t public_key[PUBLIC];

    (void)spec;
    KMS_TRY(make(material + 1, out));
    KMS_TRY(public_of(*out, public_key));
    kms_der_spki(spki, KMS_BYTES(algorithm), KMS_BYTES(public_key));
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

    (void)spec;
    if (!kms_der_take_spki(der, KMS_BYTES(algorithm), &bits) || bits.n != PUBLIC)
        return kms_pkey_refuse_public();
    key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, bits.p, bits.n);
    if (key == NULL)
        return kms_pkey_refuse_public();
    *out = key;
    return KMS_OK;
}

/* RFC 8410 section 7: privateKey holds CurvePrivateKey, an OCTET STRING again. */
static KMS_RC pkcs8(enum kms_key_spec spec, const uint8_t *material, struct kms_buf *out)
{
    (void)spec;
    kms_der_pkcs8_head(out, KMS_BYTES(algorithm), kms_der_len(SEED));
    kms_der_head(out, KMS_DER_OCTET_STRING, SEED);
    kms_buf_add(out, material + 1, SEED);
    return KMS_OK;
}

static KMS_RC import(enum kms_key_spec spec, struct kms_bytes der,
                     struct kms_secret **material)
{
    struct kms_der_pkcs8 parts;
    struct kms_bytes seed;
    KMS_OSSL_AUTO(EVP_PKEY) key = NULL;
    KMS_AUTO(secret) made = NULL;
    uint8_t own[PUBLIC];

    if (!kms_der_take_pkcs8(der, &parts) ||
        !kms_bytes_eq(parts.algorithm, KMS_BYTES(algorithm)) ||
        !kms_der_take(&parts.private_key, KMS_DER_OCTET_STRING, &seed) ||
        parts.private_key.n != 0 || seed.n != SEED)
        return kms_pkey_refuse("the key is not an Ed25519 key in DER");
    KMS_TRY(kms_secret_new(material_len(spec), &made));
    kms_secret_fill(made)[0] = KMS_PKEY_FORMAT;
    for (size_t i = 0; i < SEED; i++)
        kms_secret_fill(made)[1 + i] = seed.p[i];
    KMS_TRY(make(kms_secret_view(made).p + 1, &key));
    KMS_TRY(public_of(key, own));
    if (parts.public_bits.p != NULL && !kms_bytes_eq(parts.public_bits, KMS_BYTES(own)))
        return kms_pkey_refuse("the public key in the container is another one");
    *material = KMS_TAKE(made);
    return KMS_OK;
}

const struct kms_pkey_family kms_pkey_ed = {
    .generate = generate,
    .load = load,
    .from_spki = from_spki,
    .pkcs8 = pkcs8,
    .import = import,
    .material_len = material_len,
};
