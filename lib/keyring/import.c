#include <string.h>

#include "crypto/unwrap.h"
#include "key/spec.h"
#include "keyring/import_token.h"
#include "keyring/version.h"

enum kms_rc kms_import_offer(struct kms_keyring *kr, const struct kms_import_terms *terms,
                             struct kms_arena *a, struct kms_import_offer *out)
{
    KMS_AUTO(secret) wrapping = NULL;
    KMS_AUTO(pkey) live = NULL;
    struct kms_import_offer offer;

    KMS_TRY(kms_pkey_generate(terms->wrapping, &wrapping, &live));
    KMS_TRY(kms_arena_bytes(a, kms_pkey_spki(live), &offer.public_key));
    KMS_TRY(kms_import_token_seal(kr, terms, wrapping, a, &offer.token));
    *out = offer;
    return KMS_OK;
}

/* Unwrapped bytes as material of a spec: raw, or what a PKCS#8 container holds. */
static KMS_RC read_material(enum kms_key_spec spec, struct kms_secret *plain,
                            struct kms_secret **material, struct kms_pkey **live)
{
    const struct kms_bytes bytes = kms_secret_view(plain);

    if (kms_spec_asymmetric(spec))
        return kms_pkey_import_pkcs8(spec, bytes, material, live);
    if (!kms_spec_material_fits(spec, bytes.n))
        return KMS_E_INVALID_CIPHERTEXT;
    return kms_secret_copy(bytes, material);
}

static KMS_RC unwrap(const struct kms_import_terms *terms,
                     const struct kms_secret *wrapping, struct kms_bytes wrapped,
                     struct kms_secret **out)
{
    KMS_AUTO(pkey) key = NULL;

    KMS_TRY(kms_pkey_load(terms->wrapping, kms_secret_view(wrapping), &key));
    return kms_unwrap(key, terms->alg, wrapped, out);
}

enum kms_rc kms_import_open(struct kms_keyring *kr, const struct kms_key *key,
                            const struct kms_import_parcel *parcel, struct kms_arena *a,
                            struct kms_import *out)
{
    KMS_AUTO(secret) wrapping = NULL;
    KMS_AUTO(secret) plain = NULL;
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) live = NULL;
    struct kms_import_terms terms = {.key = key};
    const struct kms_family *family;
    struct kms_import import;

    KMS_TRY(kms_family_of(key->spec, &family));
    KMS_TRY(kms_import_token_open(kr, parcel->token, &terms, &wrapping));
    if (parcel->now_ms >= terms.valid_to_ms)
        return KMS_E_EXPIRED_IMPORT_TOKEN;
    KMS_TRY(unwrap(&terms, wrapping, parcel->wrapped, &plain));
    KMS_TRY(read_material(key->spec, plain, &material, &live));
    KMS_TRY(family->kmid(kms_secret_view(material), live, key->uuid, import.kmid));
    KMS_TRY(kms_arena_bytes(a, kms_secret_view(material), &import.material));
    *out = import;
    return KMS_OK;
}

enum kms_rc kms_import_seal(struct kms_keyring *kr, const struct kms_key *key,
                            uint32_t number, int64_t created_ms,
                            const struct kms_import *import, struct kms_arena *a,
                            struct kms_key_version *out)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) live = NULL;
    const struct kms_family *family;

    KMS_TRY(kms_family_of(key->spec, &family));
    KMS_TRY(kms_secret_copy(import->material, &material));
    KMS_TRY(family->load(key->spec, import->material, &live));
    return kms_version_seal(kr, key,
                            &(struct kms_fresh){.number = number,
                                                .created_ms = created_ms,
                                                .material = material,
                                                .live = live},
                            a, out);
}
