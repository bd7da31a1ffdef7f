#include <check.h>

#include "support/pkey_world.h"

bool pkey_world_new(struct pkey_world *w, enum kms_key_spec spec)
{
    *w = (struct pkey_world){0};
    if (kms_pkey_supported(spec) != KMS_OK)
        return false;
    ck_assert_int_eq(kms_arena_new(&w->arena), KMS_OK);
    ck_assert_int_eq(kms_pkey_generate(spec, &w->material, &w->key), KMS_OK);
    return true;
}

void pkey_world_end(struct pkey_world *w)
{
    kms_secret_free(w->material);
    kms_pkey_free(w->key);
    kms_arena_free(w->arena);
}
