#include <string.h>

#include "key/state.h"
#include "ops/family.h"
#include "store/keys.h"
#include "store/versions.h"

const char kms_family_synchronized[] = "SynchronizeMultiRegionKey";

enum kms_rc kms_family_others(struct kms_tx *tx, const struct kms_key *k,
                              KMS_RC (*each)(void *arg, const struct kms_key *other),
                              void *arg)
{
    KMS_AUTO_KEY member = NULL;
    struct kms_str after = {NULL, 0};

    if (!k->multi_region)
        return KMS_OK;
    for (;;) {
        const struct kms_key *next = NULL;
        enum kms_rc rc = kms_keys_relative(tx, k->account, k->uuid, after, &next);

        if (rc == KMS_E_NOT_FOUND)
            return KMS_OK;
        KMS_TRY(rc);
        /* The last one lends its Region to the look-up, so it is given up after it. */
        kms_key_unref(member);
        member = next;
        after = member->region;
        if (!kms_str_eq(member->region, k->region))
            KMS_TRY(each(arg, member));
    }
}

static enum kms_rc note_any(void *arg, const struct kms_key *other)
{
    bool *any = arg;

    (void)other;
    *any = true;
    return KMS_OK;
}

enum kms_rc kms_family_any(struct kms_tx *tx, const struct kms_key *k, bool *out)
{
    bool any = false;

    KMS_TRY(kms_family_others(tx, k, note_any, &any));
    *out = any;
    return KMS_OK;
}

struct holders {
    const uint8_t *kmid;
    bool all;
};

static enum kms_rc note_missing(void *arg, const struct kms_key *other)
{
    struct holders *h = arg;
    const struct kms_key_version *v = kms_key_version_of(other, h->kmid);

    h->all = h->all && v != NULL && v->sealed.p != NULL;
    return KMS_OK;
}

enum kms_rc kms_family_has(struct kms_tx *tx, const struct kms_key *k,
                           const uint8_t kmid[KMS_KMID_LEN], bool *out)
{
    struct holders h = {kmid, true};

    KMS_TRY(kms_family_others(tx, k, note_missing, &h));
    *out = h.all;
    return KMS_OK;
}

/* The version as another member has it, apart from the material and its expiry. */
static KMS_RC shared_version(const struct kms_key *from, const struct kms_key_version *v,
                             struct kms_arena *a, struct kms_key_version *out)
{
    struct kms_key_version shared = *v;

    if (from->origin == KMS_ORIGIN_TYPE_EXTERNAL) {
        shared.sealed = (struct kms_bytes){NULL, 0};
        shared.expiration = KMS_EXPIRATION_MODEL_TYPE_NONE;
        shared.expires_ms = 0;
    }
    KMS_TRY(kms_arena_bytes(a, shared.sealed, &shared.sealed));
    KMS_TRY(kms_arena_str(a, shared.description, &shared.description));
    *out = shared;
    return KMS_OK;
}

/* What a member has of the same material stays its own. */
static void keep_own(const struct kms_key *to, struct kms_key_version *v)
{
    const struct kms_key_version *own = kms_key_version_of(to, v->kmid);

    if (own == NULL || own->number != v->number)
        return;
    v->sealed = own->sealed;
    v->expiration = own->expiration;
    v->expires_ms = own->expires_ms;
    memcpy(v->kek, own->kek, sizeof v->kek);
}

enum kms_rc kms_family_versions(const struct kms_key *from, struct kms_key *to)
{
    struct kms_key_version *v =
        kms_arena_alloc(to->arena, (from->n_versions + 1) * sizeof *v);

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a key record");
    for (size_t i = 0; i < from->n_versions; i++) {
        KMS_TRY(shared_version(from, &from->versions[i], to->arena, &v[i]));
        keep_own(to, &v[i]);
    }
    to->versions = v;
    to->n_versions = from->n_versions;
    to->current_version = from->current_version;
    return KMS_OK;
}

static KMS_RC share(const struct kms_key *from, struct kms_key *to)
{
    KMS_TRY(kms_family_versions(from, to));
    KMS_TRY(kms_key_set_text(to, &to->primary_region, from->primary_region));
    to->rotation_period_days = from->rotation_period_days;
    to->next_rotation_ms = from->next_rotation_ms;
    to->on_demand_started_ms = from->on_demand_started_ms;
    to->on_demand_count = from->on_demand_count;
    /* Imported material that became current and was never imported here is missed. */
    kms_state_after_loss(to);
    return KMS_OK;
}

struct update {
    struct kms_tx *tx;
    const struct kms_key *from;
    struct kms_arena *arena;
    struct kms_echo **echoes;
};

static enum kms_rc update_one(void *arg, const struct kms_key *other)
{
    struct update *u = arg;
    KMS_AUTO(key) to = NULL;

    KMS_TRY(kms_key_copy(other, &to));
    KMS_TRY(share(u->from, to));
    for (size_t i = 0; i < other->n_versions; i++) {
        const struct kms_key_version *v = &other->versions[i];
        const struct kms_key_version *still = kms_key_version_of(to, v->kmid);

        if (still == NULL || still->number != v->number)
            KMS_TRY(kms_versions_drop(u->tx, other->row, v->number));
    }
    KMS_TRY(kms_keys_update(u->tx, to));
    return kms_family_echo(kms_family_synchronized, to, u->arena, u->echoes);
}

enum kms_rc kms_family_update(struct kms_tx *tx, const struct kms_key *k,
                              struct kms_arena *a, struct kms_echo **echoes)
{
    struct update u = {tx, k, a, echoes};

    KMS_TRY(kms_keys_update(tx, k));
    return kms_family_others(tx, k, update_one, &u);
}

enum kms_rc kms_family_echo(const char *event, const struct kms_key *k,
                            struct kms_arena *a, struct kms_echo **echoes)
{
    struct kms_echo *e = kms_arena_alloc(a, sizeof *e);

    if (e == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a record");
    KMS_TRY(kms_arena_str(a, k->account, &e->account));
    KMS_TRY(kms_arena_str(a, k->region, &e->region));
    KMS_TRY(kms_arena_str(a, k->id, &e->id));
    KMS_TRY(kms_arena_str(a, k->arn, &e->arn));
    e->event = event;
    while (*echoes != NULL)
        echoes = &(*echoes)->next;
    *echoes = e;
    return KMS_OK;
}

enum kms_rc kms_family_primary_gate(const struct kms_key *k)
{
    if (k->multi_region && !kms_state_is_replica(k))
        return KMS_OK;
    return kms_err(KMS_E_UNSUPPORTED_OPERATION, "%.*s is not a multi-region primary key.",
                   KMS_FMT(k->arn));
}
