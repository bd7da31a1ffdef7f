/* metadata.c - KeyMetadata: which members a key shows, and when. */
#include "key/spec.h"
#include "ops/ops.h"

enum kms_rc kms_kmid_text(struct kms_arena *a, const uint8_t kmid[KMS_KMID_LEN],
                          struct kms_str *out)
{
    char hex[2 * KMS_KMID_LEN + 1];

    kms_hex_encode(kmid, KMS_KMID_LEN, hex);
    return kms_arena_str(a, (struct kms_str){hex, sizeof hex - 1}, out);
}

/* A primary without replicas: the only multi-Region key there can be so far. */
static KMS_RC multi_region_of(struct kms_arena *a, const struct kms_key *k,
                              const struct kms_multi_region_configuration **out)
{
    struct kms_multi_region_configuration *conf = kms_arena_alloc(a, sizeof *conf);
    struct kms_multi_region_key *primary = kms_arena_alloc(a, sizeof *primary);

    if (conf == NULL || primary == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    KMS_TRY(kms_arena_str(a, k->arn, &primary->arn));
    KMS_TRY(kms_arena_str(a, k->region, &primary->region));
    conf->multi_region_key_type = KMS_MULTI_REGION_KEY_TYPE_PRIMARY;
    conf->primary_key = primary;
    conf->replica_keys.present = true;
    *out = conf;
    return KMS_OK;
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
    if (k->usage == KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT)
        m->encryption_algorithms = kms_spec_encryption(k->spec);
    if (kms_spec_symmetric(k->spec) && current != NULL)
        KMS_TRY(kms_kmid_text(a, current->kmid, &m->current_key_material_id));
    if (k->multi_region)
        KMS_TRY(multi_region_of(a, k, &m->multi_region_configuration));
    *out = m;
    return KMS_OK;
}
