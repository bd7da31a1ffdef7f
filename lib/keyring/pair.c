/* pair.c - key pairs for use outside, and which specs can be had at all. */
#include "keyring/material.h"
#include "keyring/use.h"

enum kms_rc kms_keyring_supports(enum kms_key_spec spec)
{
    const struct kms_family *family;

    KMS_TRY(kms_family_of(spec, &family));
    return family == &kms_family_asymmetric ? kms_pkey_supported(spec) : KMS_OK;
}

enum kms_rc kms_keyring_make_pair(enum kms_key_spec spec, struct kms_arena *a,
                                  struct kms_key_pair *out)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(secret) pkcs8 = NULL;
    KMS_AUTO(pkey) live = NULL;
    struct kms_key_pair made;

    KMS_TRY(kms_pkey_generate(spec, &material, &live));
    KMS_TRY(kms_pkey_pkcs8(spec, kms_secret_view(material), &pkcs8));
    KMS_TRY(kms_arena_bytes(a, kms_pkey_spki(live), &made.spki));
    KMS_TRY(kms_arena_bytes(a, kms_secret_view(pkcs8), &made.pkcs8));
    *out = made;
    return KMS_OK;
}
