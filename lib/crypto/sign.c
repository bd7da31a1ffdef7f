#include <openssl/core_names.h>
#include <openssl/err.h>

#include "crypto/pkey_edph.h"
#include "crypto/pkey_impl.h"
#include "crypto/pkey_lib.h"
#include "crypto/sign.h"

/* SM2's default identity (GM/T 0009-2012 section 10). */
#define SM2_ID "1234567812345678"

/* How to ask the library for one signature or verification. */
struct how {
    enum {
        BY_DIGEST,  /* EVP_PKEY_sign over a digest */
        BY_MESSAGE, /* EVP_DigestSign over the message */
        BY_PARTS    /* Ed25519ph, put together from parts */
    } way;
    const EVP_MD *hash;      /* BY_DIGEST: what makes the digest of a RAW message */
    const char *digest_name; /* BY_MESSAGE: what the library hashes with, or NULL */
    OSSL_PARAM params[4];
    int on;
};

static OSSL_PARAM text(const char *name, const char *value)
{
    return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

static void how_rsa(struct how *h, const EVP_MD *hash, const char *padding)
{
    OSSL_PARAM *p = h->params;

    h->hash = hash;
    *p++ = text(OSSL_SIGNATURE_PARAM_PAD_MODE, padding);
    *p++ = text(OSSL_SIGNATURE_PARAM_DIGEST, EVP_MD_get0_name(hash));
    /* "digest" is a length here: salts of another length do not verify. */
    if (padding[1] == 's')
        *p++ = text(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST);
    *p = OSSL_PARAM_construct_end();
}

static void how_message(struct how *h, const char *digest_name, OSSL_PARAM param)
{
    h->way = BY_MESSAGE;
    h->digest_name = digest_name;
    h->params[0] = param;
    h->params[1] = OSSL_PARAM_construct_end();
}

/* h lives as long as its parameters are used. */
static KMS_RC how_to(const struct kms_pkey *key, const struct kms_tbs *tbs, struct how *h)
{
    static const char pkcs1[] = OSSL_PKEY_RSA_PAD_MODE_PKCSV15;
    static const char pss[] = OSSL_PKEY_RSA_PAD_MODE_PSS;
    const struct kms_pkey_lib *lib = kms_pkey_lib();

    KMS_TRY(kms_spec_signs(key->spec, tbs->alg));
    KMS_TRY(kms_spec_message(tbs->alg, tbs->type, tbs->message.n));
    *h = (struct how){.way = BY_DIGEST, .params = {OSSL_PARAM_construct_end()}, .on = 1};
    switch (tbs->alg) {
    case KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_256:
        how_rsa(h, lib->sha256, pkcs1);
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_384:
        how_rsa(h, lib->sha384, pkcs1);
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_512:
        how_rsa(h, lib->sha512, pkcs1);
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_256:
        how_rsa(h, lib->sha256, pss);
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_384:
        how_rsa(h, lib->sha384, pss);
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_512:
        how_rsa(h, lib->sha512, pss);
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_256:
        h->hash = lib->sha256;
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_384:
        h->hash = lib->sha384;
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_512:
        h->hash = lib->sha512;
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_SM2DSA:
        if (tbs->type == KMS_MESSAGE_TYPE_RAW)
            how_message(h, "SM3",
                        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID,
                                                          (char *)(uintptr_t)SM2_ID,
                                                          sizeof SM2_ID - 1));
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_ED25519_SHA_512:
        how_message(h, NULL, OSSL_PARAM_construct_end());
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_ED25519_PH_SHA_512:
        how_message(h, NULL, text("instance", "Ed25519ph"));
        if (!lib->ed25519ph)
            h->way = BY_PARTS;
        break;
    case KMS_SIGNING_ALGORITHM_SPEC_ML_DSA_SHAKE_256:
        how_message(h, NULL,
                    tbs->type == KMS_MESSAGE_TYPE_EXTERNAL_MU
                        ? OSSL_PARAM_construct_int("mu", &h->on)
                        : OSSL_PARAM_construct_end());
        break;
    default:
        return kms_err(KMS_E_CRYPTO, "a signing algorithm without an implementation");
    }
    return KMS_OK;
}

/* The digest that BY_DIGEST signs; scratch holds it when it is made here. */
static KMS_RC digest_of(const struct how *h, const struct kms_tbs *tbs,
                        uint8_t scratch[EVP_MAX_MD_SIZE], struct kms_bytes *out)
{
    unsigned n = 0;

    if (tbs->type == KMS_MESSAGE_TYPE_DIGEST) {
        *out = tbs->message;
        return KMS_OK;
    }
    if (EVP_Digest(tbs->message.p, tbs->message.n, scratch, &n, h->hash, NULL) != 1)
        return kms_ossl_err("hashing a message");
    *out = (struct kms_bytes){scratch, n};
    return KMS_OK;
}

static KMS_RC sign_digest(const struct kms_pkey *key, const struct how *h,
                          struct kms_bytes digest, uint8_t *signature, size_t *n)
{
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->evp, NULL);

    if (ctx == NULL || EVP_PKEY_sign_init_ex(ctx, h->params) != 1 ||
        EVP_PKEY_sign(ctx, signature, n, digest.p, digest.n) != 1)
        return kms_ossl_err("signing");
    return KMS_OK;
}

static KMS_RC sign_message(const struct kms_pkey *key, const struct how *h,
                           struct kms_bytes message, uint8_t *signature, size_t *n)
{
    KMS_OSSL_AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

    if (ctx == NULL ||
        EVP_DigestSignInit_ex(ctx, NULL, h->digest_name, NULL, NULL, key->evp,
                              h->params) != 1 ||
        EVP_DigestSign(ctx, signature, n, message.p, message.n) != 1)
        return kms_ossl_err("signing");
    return KMS_OK;
}

enum kms_rc kms_sign_make(const struct kms_pkey *key, const struct kms_tbs *tbs,
                          struct kms_arena *arena, struct kms_bytes *out)
{
    size_t n = kms_spec_signature_max(key->spec);
    uint8_t *signature = kms_arena_alloc(arena, n);
    uint8_t scratch[EVP_MAX_MD_SIZE];
    struct kms_bytes digest = {0};
    struct how h;

    if (signature == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a signature");
    if (!key->has_private)
        return kms_err(KMS_E_CRYPTO, "signing with half a key");
    KMS_TRY(how_to(key, tbs, &h));
    switch (h.way) {
    case BY_DIGEST:
        KMS_TRY(digest_of(&h, tbs, scratch, &digest));
        KMS_TRY(sign_digest(key, &h, digest, signature, &n));
        break;
    case BY_MESSAGE:
        KMS_TRY(sign_message(key, &h, tbs->message, signature, &n));
        break;
    case BY_PARTS:
        KMS_TRY(kms_pkey_edph_sign(key->evp, tbs->message, signature));
        break;
    }
    *out = (struct kms_bytes){signature, n};
    return KMS_OK;
}

static KMS_RC check_digest(const struct kms_pkey *key, const struct how *h,
                           struct kms_bytes digest, struct kms_bytes signature,
                           bool *good)
{
    KMS_OSSL_AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->evp, NULL);

    if (ctx == NULL || EVP_PKEY_verify_init_ex(ctx, h->params) != 1)
        return kms_ossl_err("setting up a verification");
    *good = EVP_PKEY_verify(ctx, signature.p, signature.n, digest.p, digest.n) == 1;
    return KMS_OK;
}

static KMS_RC check_message(const struct kms_pkey *key, const struct how *h,
                            struct kms_bytes message, struct kms_bytes signature,
                            bool *good)
{
    KMS_OSSL_AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();

    if (ctx == NULL || EVP_DigestVerifyInit_ex(ctx, NULL, h->digest_name, NULL, NULL,
                                               key->evp, h->params) != 1)
        return kms_ossl_err("setting up a verification");
    *good = EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n) == 1;
    return KMS_OK;
}

enum kms_rc kms_sign_check(const struct kms_pkey *key, const struct kms_tbs *tbs,
                           struct kms_bytes signature)
{
    uint8_t scratch[EVP_MAX_MD_SIZE];
    struct kms_bytes digest = {0};
    bool good = false;
    struct how h;

    KMS_TRY(how_to(key, tbs, &h));
    if (signature.n == 0 || signature.n > kms_spec_signature_max(key->spec))
        return KMS_E_INVALID_SIGNATURE;
    switch (h.way) {
    case BY_DIGEST:
        KMS_TRY(digest_of(&h, tbs, scratch, &digest));
        KMS_TRY(check_digest(key, &h, digest, signature, &good));
        break;
    case BY_MESSAGE:
        KMS_TRY(check_message(key, &h, tbs->message, signature, &good));
        break;
    case BY_PARTS:
        KMS_TRY(kms_pkey_edph_check(key->evp, tbs->message, signature, &good));
        break;
    }
    ERR_clear_error();
    return good ? KMS_OK : KMS_E_INVALID_SIGNATURE;
}
