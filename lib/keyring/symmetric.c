#include "crypto/envelope.h"
#include "crypto/kmid.h"
#include "crypto/rand.h"
#include "keyring/material.h"

static KMS_RC make(enum kms_key_spec spec, struct kms_secret **out)
{
    KMS_AUTO(secret) fresh = NULL;

    (void)spec;
    KMS_TRY(kms_secret_new(KMS_ENVELOPE_KEY_LEN, &fresh));
    KMS_TRY(kms_rand_secret(kms_secret_fill(fresh), KMS_ENVELOPE_KEY_LEN));
    *out = KMS_TAKE(fresh);
    return KMS_OK;
}

static KMS_RC kmid(enum kms_key_spec spec, struct kms_bytes material,
                   const uint8_t uuid[KMS_UUID_LEN], uint8_t out[KMS_KMID_LEN])
{
    (void)spec;
    if (material.n != KMS_ENVELOPE_KEY_LEN)
        return kms_err(KMS_E_TAMPERED, "symmetric material of %zu bytes", material.n);
    return kms_kmid_of_secret(material, uuid, out);
}

const struct kms_family kms_family_symmetric = {make, kmid};
