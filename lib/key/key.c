#include <stdlib.h>
#include <string.h>

#include "key/key.h"

/* A record with its default policy and one version takes about 1.5 KiB. */
enum { RECORD_BLOCK = 2 * 1024 };

enum kms_rc kms_key_new(struct kms_key **out)
{
    KMS_AUTO(arena) arena = NULL;
    struct kms_key *k;

    KMS_TRY(kms_arena_new_of(RECORD_BLOCK, &arena));
    k = calloc(1, sizeof *k);
    if (k == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a key record");
    k->description = KMS_LIT("");
    k->primary_region = KMS_LIT("");
    k->policy = KMS_LIT("");
    k->refs = 1;
    k->arena = KMS_TAKE(arena);
    *out = k;
    return KMS_OK;
}

/* The count is the one part of a shared record that changes. */
static struct kms_key *counted(const struct kms_key *k)
{
    return (struct kms_key *)(uintptr_t)k;
}

const struct kms_key *kms_key_ref(const struct kms_key *k)
{
    if (k != NULL)
        __atomic_add_fetch(&counted(k)->refs, 1, __ATOMIC_RELAXED);
    return k;
}

void kms_key_unref(const struct kms_key *k)
{
    kms_key_free(counted(k));
}

void kms_key_free(struct kms_key *k)
{
    if (k == NULL)
        return;
    /* Release what this holder read before the last one frees it (acquire). */
    if (__atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    kms_arena_free(k->arena);
    free(k);
}

/* Copies of n versions in the arena, with room for one more. */
static KMS_RC copy_versions(struct kms_arena *a, const struct kms_key_version *from,
                            size_t n, struct kms_key_version **out)
{
    struct kms_key_version *to = kms_arena_alloc(a, (n + 1) * sizeof *to);

    if (to == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a key record");
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i];
        KMS_TRY(kms_arena_bytes(a, from[i].sealed, &to[i].sealed));
        KMS_TRY(kms_arena_str(a, from[i].description, &to[i].description));
    }
    *out = to;
    return KMS_OK;
}

enum kms_rc kms_key_copy(const struct kms_key *k, struct kms_key **out)
{
    KMS_AUTO(key) copy = NULL;
    struct kms_key_version *versions;
    struct kms_arena *arena;

    KMS_TRY(kms_key_new(&copy));
    arena = copy->arena;
    KMS_TRY(copy_versions(arena, k->versions, k->n_versions, &versions));
    *copy = *k;
    copy->arena = arena;
    copy->refs = 1;
    copy->versions = versions;
    KMS_TRY(kms_arena_str(arena, k->account, &copy->account));
    KMS_TRY(kms_arena_str(arena, k->region, &copy->region));
    KMS_TRY(kms_arena_str(arena, k->primary_region, &copy->primary_region));
    KMS_TRY(kms_arena_str(arena, k->id, &copy->id));
    KMS_TRY(kms_arena_str(arena, k->arn, &copy->arn));
    KMS_TRY(kms_arena_str(arena, k->description, &copy->description));
    KMS_TRY(kms_arena_str(arena, k->policy, &copy->policy));
    *out = KMS_TAKE(copy);
    return KMS_OK;
}

enum kms_rc kms_key_add_version(struct kms_key *k, const struct kms_key_version *v)
{
    struct kms_key_version *versions;

    KMS_TRY(copy_versions(k->arena, k->versions, k->n_versions, &versions));
    versions[k->n_versions] = *v;
    KMS_TRY(kms_arena_bytes(k->arena, v->sealed, &versions[k->n_versions].sealed));
    k->versions = versions;
    k->n_versions++;
    k->current_version = v->number;
    return KMS_OK;
}

enum kms_rc kms_key_set_text(struct kms_key *k, struct kms_str *field,
                             struct kms_str text)
{
    return kms_arena_str(k->arena, text, field);
}

const struct kms_key_version *kms_key_current(const struct kms_key *k)
{
    for (size_t i = k->n_versions; i-- > 0;) {
        if (k->versions[i].number == k->current_version)
            return &k->versions[i];
    }
    return NULL;
}

const struct kms_key_version *kms_key_pending(const struct kms_key *k)
{
    const struct kms_key_version *newest =
        k->n_versions > 0 ? &k->versions[k->n_versions - 1] : NULL;

    return newest != NULL && newest->number > k->current_version ? newest : NULL;
}

const struct kms_key_version *kms_key_version_of(const struct kms_key *k,
                                                 const uint8_t kmid[KMS_KMID_LEN])
{
    for (size_t i = k->n_versions; i-- > 0;) {
        if (memcmp(k->versions[i].kmid, kmid, KMS_KMID_LEN) == 0)
            return &k->versions[i];
    }
    return NULL;
}
