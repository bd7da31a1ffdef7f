/*
 * version.h - private to lib/keyring: versions named and sealed, opened and cached. What
 * the keyring's other files work with.
 */
#ifndef KMS_KEYRING_VERSION_H
#define KMS_KEYRING_VERSION_H

#include "keyring/keyring.h"
#include "keyring/material.h"

/* Material that is to be a version of a key; borrowed. live as material.h has it. */
struct kms_fresh {
    uint32_t number;
    int64_t created_ms;
    const struct kms_secret *material;
    const struct kms_pkey *live;
};

/* Name it for key and seal it: number, kmid, kek, created_ms and sealed (in the arena) of
   out are set, the rest is zero. */
KMS_RC kms_version_seal(struct kms_keyring *kr, const struct kms_key *key,
                        const struct kms_fresh *fresh, struct kms_arena *a,
                        struct kms_key_version *out);

/*
 * Version v of key, from the cache or from the token; one reference. KMS_E_TOKEN,
 * KMS_E_KEY_UNAVAILABLE when the material is gone, KMS_E_TAMPERED when it is not what its
 * key material id says.
 */
KMS_RC kms_version_open(struct kms_keyring *kr, const struct kms_key *key,
                        const struct kms_key_version *v, struct kms_material **out);
/* The same for the version that encrypts and signs; KMS_E_KEY_UNAVAILABLE without. */
KMS_RC kms_version_open_current(struct kms_keyring *kr, const struct kms_key *key,
                                struct kms_material **out);

#endif
