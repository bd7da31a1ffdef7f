#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "crypto/pkey_impl.h"
#include "crypto/pkey_lib.h"
#include "crypto/sign.h"

static const struct kms_pkey_family *family_of(enum kms_key_spec spec)
{
    switch (kms_spec_family(spec)) {
    case KMS_FAMILY_RSA:
        return &kms_pkey_rsa;
    case KMS_FAMILY_EC:
    case KMS_FAMILY_SM2:
        return &kms_pkey_ec;
    case KMS_FAMILY_ED25519:
        return &kms_pkey_ed;
    case KMS_FAMILY_ML_DSA:
        return &kms_pkey_mldsa;
    default:
        return NULL;
    }
}

enum kms_rc kms_pkey_supported(enum kms_key_spec spec)
{
    if (family_of(spec) == NULL)
        return kms_err(KMS_E_UNSUPPORTED_OPERATION, "Key spec %s is not supported.",
                       kms_key_spec_name(spec));
    if (kms_spec_family(spec) == KMS_FAMILY_ML_DSA && !kms_pkey_lib()->ml_dsa)
        return kms_err(
            KMS_E_UNSUPPORTED_OPERATION,
            "Key spec %s needs OpenSSL 3.5 or newer; this server runs with %s.",
            kms_key_spec_name(spec), OpenSSL_version(OPENSSL_VERSION_STRING));
    if (kms_spec_family(spec) == KMS_FAMILY_SM2 && kms_pkey_lib()->sm3 == NULL)
        return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                       "Key spec %s needs an OpenSSL with SM2 and SM3; this server's has "
                       "none.",
                       kms_key_spec_name(spec));
    return KMS_OK;
}

struct kms_pkey *kms_pkey_ref(struct kms_pkey *key)
{
    __atomic_add_fetch(&key->refs, 1, __ATOMIC_RELAXED);
    return key;
}

void kms_pkey_free(struct kms_pkey *key)
{
    if (key == NULL || __atomic_sub_fetch(&key->refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    EVP_PKEY_free(key->evp);
    kms_buf_clear(&key->spki);
    free(key);
}

enum kms_key_spec kms_pkey_spec(const struct kms_pkey *key)
{
    return key->spec;
}

bool kms_pkey_private(const struct kms_pkey *key)
{
    return key->has_private;
}

struct kms_bytes kms_pkey_spki(const struct kms_pkey *key)
{
    return kms_buf_view(&key->spki);
}

static KMS_RC shell(enum kms_key_spec spec, bool has_private, struct kms_pkey **out)
{
    struct kms_pkey *key = calloc(1, sizeof *key);

    if (key == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a key");
    key->refs = 1;
    key->spec = spec;
    key->has_private = has_private;
    *out = key;
    return KMS_OK;
}

static KMS_RC well_formed(enum kms_key_spec spec, struct kms_bytes material)
{
    if (material.n != family_of(spec)->material_len(spec) ||
        material.p[0] != KMS_PKEY_FORMAT)
        return kms_err(KMS_E_CRYPTO, "the stored material of a %s key is malformed",
                       kms_key_spec_name(spec));
    return KMS_OK;
}

enum kms_rc kms_pkey_load(enum kms_key_spec spec, struct kms_bytes material,
                          struct kms_pkey **out)
{
    KMS_AUTO(pkey) key = NULL;

    KMS_TRY(kms_pkey_supported(spec));
    KMS_TRY(well_formed(spec, material));
    KMS_TRY(shell(spec, true, &key));
    KMS_TRY(family_of(spec)->load(spec, material.p, &key->evp, &key->spki));
    KMS_TRY(kms_buf_ok(&key->spki));
    *out = KMS_TAKE(key);
    return KMS_OK;
}

/*
 * Pairwise consistency (FIPS 140-3 IG 10.3.A): a signature made with the private half
 * has to verify with the public half as the world will see it.
 */
static KMS_RC consistent(const struct kms_pkey *key)
{
    static const uint8_t words[] = "pairwise consistency";
    struct kms_signing_algorithm_spec_list algs = kms_spec_signing(key->spec);
    struct kms_tbs tbs = {algs.v[algs.n - 1], KMS_MESSAGE_TYPE_RAW, KMS_BYTES(words)};
    struct kms_bytes signature;
    KMS_AUTO(arena) arena = NULL;
    KMS_AUTO(pkey) public_half = NULL;

    KMS_TRY(kms_arena_new(&arena));
    KMS_TRY(kms_sign_make(key, &tbs, arena, &signature));
    if (kms_pkey_from_spki(key->spec, kms_pkey_spki(key), &public_half) != KMS_OK ||
        kms_sign_check(public_half, &tbs, signature) != KMS_OK)
        return kms_err(KMS_E_CRYPTO, "a %s key failed its pairwise consistency test",
                       kms_key_spec_name(key->spec));
    return KMS_OK;
}

enum kms_rc kms_pkey_generate(enum kms_key_spec spec, struct kms_secret **material,
                              struct kms_pkey **out)
{
    KMS_AUTO(secret) made = NULL;
    KMS_AUTO(pkey) key = NULL;

    KMS_TRY(kms_pkey_supported(spec));
    KMS_TRY(family_of(spec)->generate(spec, &made));
    KMS_TRY(kms_pkey_load(spec, kms_secret_view(made), &key));
    KMS_TRY(consistent(key));
    *material = KMS_TAKE(made);
    *out = KMS_TAKE(key);
    return KMS_OK;
}

enum kms_rc kms_pkey_from_spki(enum kms_key_spec spec, struct kms_bytes der,
                               struct kms_pkey **out)
{
    KMS_AUTO(pkey) key = NULL;

    KMS_TRY(kms_pkey_supported(spec));
    KMS_TRY(shell(spec, false, &key));
    KMS_TRY(family_of(spec)->from_spki(spec, der, &key->evp));
    kms_buf_add(&key->spki, der.p, der.n);
    KMS_TRY(kms_buf_ok(&key->spki));
    *out = KMS_TAKE(key);
    return KMS_OK;
}

enum kms_rc kms_pkey_pkcs8(enum kms_key_spec spec, struct kms_bytes material,
                           struct kms_secret **out)
{
    KMS_AUTO_BUF der = {0};

    KMS_TRY(kms_pkey_supported(spec));
    KMS_TRY(well_formed(spec, material));
    KMS_TRY(family_of(spec)->pkcs8(spec, material.p, &der));
    KMS_TRY(kms_buf_ok(&der));
    return kms_secret_copy(kms_buf_view(&der), out);
}

enum kms_rc kms_pkey_import_pkcs8(enum kms_key_spec spec, struct kms_bytes der,
                                  struct kms_secret **material, struct kms_pkey **out)
{
    KMS_AUTO(secret) made = NULL;
    KMS_AUTO(pkey) key = NULL;
    enum kms_rc rc;

    KMS_TRY(kms_pkey_supported(spec));
    if (family_of(spec)->import == NULL)
        return kms_err(KMS_E_UNSUPPORTED_OPERATION, "Key spec %s cannot be imported.",
                       kms_key_spec_name(spec));
    KMS_TRY(family_of(spec)->import(spec, der, &made));
    KMS_TRY(kms_pkey_load(spec, kms_secret_view(made), &key));
    rc = consistent(key);
    if (rc == KMS_E_CRYPTO)
        return kms_pkey_refuse("the two halves of the key do not belong together");
    KMS_TRY(rc);
    *material = KMS_TAKE(made);
    *out = KMS_TAKE(key);
    return KMS_OK;
}

enum kms_rc kms_pkey_refuse(const char *fmt, ...)
{
    char words[160];
    va_list ap;

    ERR_clear_error();
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    return kms_err(KMS_E_INVALID_CIPHERTEXT, "%s", words);
}

enum kms_rc kms_pkey_refuse_public(void)
{
    ERR_clear_error();
    return KMS_E_VALIDATION;
}
