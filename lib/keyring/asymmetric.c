/* asymmetric.c - material that is a key pair: components, used as a live key. */
#include "crypto/kmid.h"
#include "keyring/material.h"

static KMS_RC make(enum kms_key_spec spec, struct kms_secret **material,
                   struct kms_pkey **live)
{
    return kms_pkey_generate(spec, material, live);
}

static KMS_RC load(enum kms_key_spec spec, struct kms_bytes material,
                   struct kms_pkey **live)
{
    return kms_pkey_load(spec, material, live);
}

static KMS_RC kmid(struct kms_bytes material, const struct kms_pkey *live,
                   const uint8_t uuid[KMS_UUID_LEN], uint8_t out[KMS_KMID_LEN])
{
    (void)material;
    return kms_kmid_of_public(kms_pkey_spki(live), uuid, out);
}

const struct kms_family kms_family_asymmetric = {make, load, kmid};
