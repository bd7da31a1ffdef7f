/* raw.c - material that is bytes as they are: SYMMETRIC_DEFAULT and HMAC keys. */
#include "crypto/kmid.h"
#include "crypto/rand.h"
#include "key/spec.h"
#include "keyring/material.h"

static KMS_RC make(enum kms_key_spec spec, struct kms_secret **material,
                   struct kms_pkey **live)
{
    KMS_AUTO(secret) fresh = NULL;
    size_t n = kms_spec_material_len(spec);

    (void)live;
    KMS_TRY(kms_secret_new(n, &fresh));
    KMS_TRY(kms_rand_secret(kms_secret_fill(fresh), n));
    *material = KMS_TAKE(fresh);
    return KMS_OK;
}

/* There is no key object; imported HMAC keys have lengths of their own. */
static KMS_RC load(enum kms_key_spec spec, struct kms_bytes material,
                   struct kms_pkey **live)
{
    (void)live;
    if (!kms_spec_material_fits(spec, material.n))
        return kms_err(KMS_E_TAMPERED, "%s material of %zu bytes",
                       kms_key_spec_name(spec), material.n);
    return KMS_OK;
}

static KMS_RC kmid(struct kms_bytes material, const struct kms_pkey *live,
                   const uint8_t uuid[KMS_UUID_LEN], uint8_t out[KMS_KMID_LEN])
{
    (void)live;
    return kms_kmid_of_secret(material, uuid, out);
}

const struct kms_family kms_family_raw = {make, load, kmid};
