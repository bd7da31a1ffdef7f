/* metadata.c - KeyMetadata: which members a key shows, and when. */
#include "key/spec.h"
#include "key/state.h"
#include "ops/family.h"
#include "ops/ops.h"

enum kms_rc kms_kmid_text(struct kms_arena *a, const uint8_t kmid[KMS_KMID_LEN],
                          struct kms_str *out)
{
    char hex[2 * KMS_KMID_LEN + 1];

    kms_hex_encode(kmid, KMS_KMID_LEN, hex);
    return kms_arena_str(a, (struct kms_str){hex, sizeof hex - 1}, out);
}

enum { FIRST_ROOM = 4 };

/* MultiRegionConfiguration under way. */
struct members {
    struct kms_arena *arena;
    const struct kms_multi_region_key *primary;
    struct kms_multi_region_key *replicas;
    size_t n, room;
};

static KMS_RC grow(struct members *m)
{
    size_t room = m->room != 0 ? 2 * m->room : FIRST_ROOM;
    struct kms_multi_region_key *v = kms_arena_alloc(m->arena, room * sizeof *v);

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    for (size_t i = 0; i < m->n; i++)
        v[i] = m->replicas[i];
    m->replicas = v;
    m->room = room;
    return KMS_OK;
}

static enum kms_rc add_member(void *arg, const struct kms_key *k)
{
    struct members *m = arg;
    struct kms_multi_region_key shown;

    KMS_TRY(kms_arena_str(m->arena, k->arn, &shown.arn));
    KMS_TRY(kms_arena_str(m->arena, k->region, &shown.region));
    if (!kms_state_is_replica(k)) {
        struct kms_multi_region_key *primary = kms_arena_alloc(m->arena, sizeof *primary);

        if (primary == NULL)
            return kms_err(KMS_E_NOMEM, "out of memory for a request");
        *primary = shown;
        m->primary = primary;
        return KMS_OK;
    }
    if (m->n == m->room)
        KMS_TRY(grow(m));
    m->replicas[m->n++] = shown;
    return KMS_OK;
}

/* Every member lists all of them, itself included. */
static KMS_RC multi_region_of(struct kms_call *call, const struct kms_key *k,
                              const struct kms_multi_region_configuration **out)
{
    struct kms_multi_region_configuration *conf =
        kms_arena_alloc(call->arena, sizeof *conf);
    struct members m = {.arena = call->arena};

    if (conf == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    KMS_TRY(add_member(&m, k));
    KMS_TRY(kms_family_others(call->tx, k, add_member, &m));
    conf->multi_region_key_type = kms_state_is_replica(k)
                                      ? KMS_MULTI_REGION_KEY_TYPE_REPLICA
                                      : KMS_MULTI_REGION_KEY_TYPE_PRIMARY;
    conf->primary_key = m.primary;
    conf->replica_keys =
        (struct kms_multi_region_key_list){.v = m.replicas, .n = m.n, .present = true};
    *out = conf;
    return KMS_OK;
}

/*
 * Imported material tells when the first of it expires, as long as all of it is there;
 * what waits for a rotation is not told of.
 */
static void show_import(const struct kms_key *k, struct kms_key_metadata *m)
{
    if (k->origin != KMS_ORIGIN_TYPE_EXTERNAL || !kms_state_complete(k))
        return;
    m->expiration_model = KMS_EXPIRATION_MODEL_TYPE_KEY_MATERIAL_DOES_NOT_EXPIRE;
    for (size_t i = 0; i < k->n_versions; i++) {
        const struct kms_key_version *v = &k->versions[i];

        if (v->number > k->current_version || v->expires_ms == 0)
            continue;
        m->expiration_model = KMS_EXPIRATION_MODEL_TYPE_KEY_MATERIAL_EXPIRES;
        if (!m->has_valid_to || v->expires_ms < m->valid_to_ms)
            m->valid_to_ms = v->expires_ms;
        m->has_valid_to = true;
    }
}

/* The parts that depend on the state. */
static void show_deletion(const struct kms_key *k, struct kms_key_metadata *m)
{
    if (k->state == KMS_KEY_STATE_PENDING_DELETION) {
        m->deletion_date_ms = k->deletion_ms;
        m->has_deletion_date = true;
    }
    if (k->state == KMS_KEY_STATE_PENDING_REPLICA_DELETION) {
        m->pending_deletion_window_in_days = k->pending_window_days;
        m->has_pending_deletion_window_in_days = true;
    }
}

/* The algorithms of the one usage a key has. */
static void show_algorithms(const struct kms_key *k, struct kms_key_metadata *m)
{
    switch (k->usage) {
    case KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT:
        m->encryption_algorithms = kms_spec_encryption(k->spec);
        break;
    case KMS_KEY_USAGE_TYPE_SIGN_VERIFY:
        m->signing_algorithms = kms_spec_signing(k->spec);
        break;
    case KMS_KEY_USAGE_TYPE_GENERATE_VERIFY_MAC:
        m->mac_algorithms = kms_spec_mac(k->spec);
        break;
    case KMS_KEY_USAGE_TYPE_KEY_AGREEMENT:
        m->key_agreement_algorithms = kms_spec_agreement(k->spec);
        break;
    case KMS_KEY_USAGE_TYPE_ENCAPSULATE_DECAPSULATE:
    case KMS_KEY_USAGE_TYPE_NONE:
        break;
    }
}

enum kms_rc kms_key_metadata_of(struct kms_call *call, const struct kms_key *k,
                                const struct kms_key_metadata **out)
{
    const struct kms_key_version *current = kms_key_current(k);
    struct kms_arena *a = call->arena;
    struct kms_key_metadata *m = kms_arena_alloc(a, sizeof *m);

    if (m == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    *m = (struct kms_key_metadata){
        .creation_date_ms = k->created_ms,
        .has_creation_date = true,
        .enabled = k->state == KMS_KEY_STATE_ENABLED,
        .has_enabled = true,
        .key_usage = k->usage,
        .key_state = k->state,
        .origin = k->origin,
        .key_manager = KMS_KEY_MANAGER_TYPE_CUSTOMER,
        .customer_master_key_spec = k->spec,
        .key_spec = k->spec,
        .multi_region = k->multi_region,
        .has_multi_region = true,
    };
    KMS_TRY(kms_arena_str(a, k->account, &m->aws_account_id));
    KMS_TRY(kms_arena_str(a, k->id, &m->key_id));
    KMS_TRY(kms_arena_str(a, k->arn, &m->arn));
    KMS_TRY(kms_arena_str(a, k->description, &m->description));
    show_deletion(k, m);
    show_import(k, m);
    show_algorithms(k, m);
    if (kms_spec_symmetric(k->spec) && current != NULL &&
        k->state != KMS_KEY_STATE_CREATING)
        KMS_TRY(kms_kmid_text(a, current->kmid, &m->current_key_material_id));
    if (k->multi_region)
        KMS_TRY(multi_region_of(call, k, &m->multi_region_configuration));
    *out = m;
    return KMS_OK;
}
