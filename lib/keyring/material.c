#include <stdlib.h>
#include <string.h>

#include "key/spec.h"
#include "keyring/material.h"

/*
 * A live RSA key holds some 12 KiB of numbers where a symmetric one has 32 bytes: the
 * default bound of the cache is then 15 MiB of live keys instead of 120.
 */
enum { WEIGHT_RAW = 1, WEIGHT_LIVE = 8 };

static KMS_RC shell(const uint8_t uuid[KMS_UUID_LEN], const uint8_t kmid[KMS_KMID_LEN],
                    struct kms_material **out)
{
    struct kms_material *m = calloc(1, sizeof *m);

    if (m == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for key material");
    atomic_init(&m->refs, 1);
    memcpy(m->uuid, uuid, KMS_UUID_LEN);
    memcpy(m->kmid, kmid, KMS_KMID_LEN);
    *out = m;
    return KMS_OK;
}

enum kms_rc kms_material_new(const uint8_t uuid[KMS_UUID_LEN],
                             const uint8_t kmid[KMS_KMID_LEN], struct kms_secret *secret,
                             struct kms_material **out)
{
    KMS_AUTO(secret) taken = secret;
    struct kms_material *m;

    KMS_TRY(shell(uuid, kmid, &m));
    m->secret = KMS_TAKE(taken);
    m->weight = WEIGHT_RAW;
    *out = m;
    return KMS_OK;
}

enum kms_rc kms_material_new_live(const uint8_t uuid[KMS_UUID_LEN],
                                  const uint8_t kmid[KMS_KMID_LEN], struct kms_pkey *live,
                                  struct kms_material **out)
{
    KMS_AUTO(pkey) taken = live;
    struct kms_material *m;

    KMS_TRY(shell(uuid, kmid, &m));
    m->live = KMS_TAKE(taken);
    m->weight = WEIGHT_LIVE;
    *out = m;
    return KMS_OK;
}

struct kms_material *kms_material_ref(struct kms_material *m)
{
    atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void kms_material_free(struct kms_material *m)
{
    if (m == NULL || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
        return;
    kms_secret_free(m->secret);
    kms_pkey_free(m->live);
    free(m);
}

enum kms_rc kms_family_of(enum kms_key_spec spec, const struct kms_family **out)
{
    switch (kms_spec_family(spec)) {
    case KMS_FAMILY_SYMMETRIC:
    case KMS_FAMILY_HMAC:
        *out = &kms_family_raw;
        return KMS_OK;
    case KMS_FAMILY_RSA:
    case KMS_FAMILY_EC:
    case KMS_FAMILY_ED25519:
    case KMS_FAMILY_SM2:
    case KMS_FAMILY_ML_DSA:
        *out = &kms_family_asymmetric;
        return KMS_OK;
    case KMS_FAMILY_NONE:
    case KMS_FAMILY_ML_KEM:
        break;
    }
    return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                   "Key spec %s is not supported by this version of kmsd.",
                   kms_key_spec_name(spec));
}
