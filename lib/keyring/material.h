/*
 * material.h - private to lib/keyring: one unsealed version, and what its key spec means
 * for it.
 */
#ifndef KMS_KEYRING_MATERIAL_H
#define KMS_KEYRING_MATERIAL_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "base/secret.h"
#include "key/key.h"

/*
 * Unsealed material, shared between the cache and whoever uses it at the moment: leaving
 * the cache never takes the bytes from under a user. Read-only but for the list entries,
 * which are the cache's.
 */
struct kms_material {
    atomic_int refs;
    uint8_t uuid[KMS_UUID_LEN];
    uint8_t kmid[KMS_KMID_LEN];
    struct kms_secret *secret;
    int64_t unsealed_ms;
    LIST_ENTRY(kms_material) bucket;
    TAILQ_ENTRY(kms_material) use; /* most recently used first */
    TAILQ_ENTRY(kms_material) age; /* unsealed first, first */
};
KMS_OWNED(material); /* gives up one reference; NULL is fine */

/* Takes the secret over, also on failure. One reference. */
KMS_RC kms_material_new(const uint8_t uuid[KMS_UUID_LEN],
                        const uint8_t kmid[KMS_KMID_LEN], struct kms_secret *secret,
                        struct kms_material **out);
struct kms_material *kms_material_ref(struct kms_material *m);

/* What a family of key specs does its own way. */
struct kms_family {
    /* Fresh random material. */
    enum kms_rc (*make)(enum kms_key_spec spec, struct kms_secret **out);
    /*
     * The key material id, from the material alone. KMS_E_TAMPERED when the bytes cannot
     * be material of this spec.
     */
    enum kms_rc (*kmid)(enum kms_key_spec spec, struct kms_bytes material,
                        const uint8_t uuid[KMS_UUID_LEN], uint8_t out[KMS_KMID_LEN]);
};

/* KMS_E_UNSUPPORTED_OPERATION for a spec whose material kmsd cannot hold. */
KMS_RC kms_family_of(enum kms_key_spec spec, const struct kms_family **out);

/* SYMMETRIC_DEFAULT: 32 random bytes (symmetric.c). */
extern const struct kms_family kms_family_symmetric;

#endif
