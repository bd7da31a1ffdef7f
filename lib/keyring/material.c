#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "keyring/material.h"

enum kms_rc kms_material_new(const uint8_t uuid[KMS_UUID_LEN],
                             const uint8_t kmid[KMS_KMID_LEN], struct kms_secret *secret,
                             struct kms_material **out)
{
    struct kms_material *m = calloc(1, sizeof *m);

    if (m == NULL) {
        kms_secret_free(secret);
        return kms_err(KMS_E_NOMEM, "out of memory for key material");
    }
    atomic_init(&m->refs, 1);
    memcpy(m->uuid, uuid, KMS_UUID_LEN);
    memcpy(m->kmid, kmid, KMS_KMID_LEN);
    m->secret = secret;
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
    free(m);
}

enum kms_rc kms_family_of(enum kms_key_spec spec, const struct kms_family **out)
{
    /* One row a spec; a spec without a row is refused. */
    static const struct kms_family *const families[KMS_KEY_SPEC_COUNT] = {
        [KMS_KEY_SPEC_SYMMETRIC_DEFAULT] = &kms_family_symmetric,
    };

    assert((int)spec >= 0 && (int)spec < (int)KMS_KEY_SPEC_COUNT);
    if (families[spec] == NULL)
        return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                       "Key spec %s is not supported by this version of kmsd.",
                       kms_key_spec_name(spec));
    *out = families[spec];
    return KMS_OK;
}
