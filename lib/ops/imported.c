#include "ops/imported.h"

struct kms_key_version *kms_imported_versions(struct kms_key *k)
{
    struct kms_key_version *v = kms_arena_alloc(k->arena, k->n_versions * sizeof *v);

    if (v == NULL)
        return NULL;
    for (size_t i = 0; i < k->n_versions; i++)
        v[i] = k->versions[i];
    k->versions = v;
    return v;
}

void kms_imported_destroy(struct kms_key_version *v)
{
    v->sealed = (struct kms_bytes){NULL, 0};
    v->expiration = KMS_EXPIRATION_MODEL_TYPE_NONE;
    v->expires_ms = 0;
}
