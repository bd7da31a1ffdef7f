/* pkey_world.h - a new key and an arena to work in. */
#ifndef KMS_TESTS_SUPPORT_PKEY_WORLD_H
#define KMS_TESTS_SUPPORT_PKEY_WORLD_H

#include "base/arena.h"
#include "crypto/pkey.h"

struct pkey_world {
    struct kms_secret *material;
    struct kms_pkey *key;
    struct kms_arena *arena;
};

/* False, with nothing made, when this library has no such keys. */
bool pkey_world_new(struct pkey_world *w, enum kms_key_spec spec);
void pkey_world_end(struct pkey_world *w);

#endif
