/*
 * material.h - private to lib/keyring: one unsealed version, and what its key spec means
 * for it.
 */
#ifndef KMS_KEYRING_MATERIAL_H
#define KMS_KEYRING_MATERIAL_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "base/secret.h"
#include "crypto/pkey.h"
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
    struct kms_secret *secret; /* symmetric and HMAC: the bytes; NULL for others */
    struct kms_pkey *live;     /* asymmetric: the key object; NULL for others */
    size_t weight;             /* what it takes of the cache's bound */
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
/* The same for asymmetric material: takes the live key over, also on failure. */
KMS_RC kms_material_new_live(const uint8_t uuid[KMS_UUID_LEN],
                             const uint8_t kmid[KMS_KMID_LEN], struct kms_pkey *live,
                             struct kms_material **out);
struct kms_material *kms_material_ref(struct kms_material *m);

/* What a family of key specs does its own way. live is NULL for raw material. */
struct kms_family {
    /* Fresh random material, and the live key it is. */
    enum kms_rc (*make)(enum kms_key_spec spec, struct kms_secret **material,
                        struct kms_pkey **live);
    /*
     * The live key of material. KMS_E_TAMPERED when the bytes cannot be material of this
     * spec, KMS_E_UNSUPPORTED_OPERATION when this process cannot use it.
     */
    enum kms_rc (*load)(enum kms_key_spec spec, struct kms_bytes material,
                        struct kms_pkey **live);
    /* The key material id, from the material alone. */
    enum kms_rc (*kmid)(struct kms_bytes material, const struct kms_pkey *live,
                        const uint8_t uuid[KMS_UUID_LEN], uint8_t out[KMS_KMID_LEN]);
};

/* KMS_E_UNSUPPORTED_OPERATION for a spec whose material kmsd cannot hold. */
KMS_RC kms_family_of(enum kms_key_spec spec, const struct kms_family **out);

/* SYMMETRIC_DEFAULT and HMAC_n: random bytes (raw.c). */
extern const struct kms_family kms_family_raw;
/* Everything with a public key: components, loaded as a live key (asymmetric.c). */
extern const struct kms_family kms_family_asymmetric;

#endif
