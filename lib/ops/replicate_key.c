#include <string.h>

#include "key/ident.h"
#include "key/state.h"
#include "ops/default_policy.h"
#include "ops/family.h"
#include "ops/ops.gen.h"
#include "ops/partition.h"
#include "ops/request.h"
#include "ops/tags_check.h"
#include "policy/document.h"
#include "store/keys.h"

enum kms_rc kms_check_replicate_key(const void *request)
{
    const struct kms_replicate_key_in *in = request;

    KMS_TRY(kms_tags_check(&in->tags));
    return in->policy.p != NULL ? kms_policy_check(in->policy) : KMS_OK;
}

/* May there be a replica, and in this Region? One that waits for deletion still is one.
 */
static KMS_RC check_region(struct kms_call *call, struct kms_str region)
{
    KMS_AUTO_KEY there = NULL;
    enum kms_rc rc;

    if (kms_str_eq(region, call->key->region))
        return kms_err(KMS_E_VALIDATION,
                       "%.*s cannot have a replica because it contains the primary.",
                       KMS_FMT(region));
    KMS_TRY(kms_partition_check(call->realm->partition, region));
    rc = kms_keys_get(call->tx, call->key->account, region, call->key->id, &there);
    if (rc == KMS_E_NOT_FOUND)
        return KMS_OK;
    KMS_TRY(rc);
    return kms_err(KMS_E_ALREADY_EXISTS, "You can create only one replica of each "
                                         "primary key in each AWS Region.");
}

/* What the replica shares with its primary. */
static KMS_RC share(const struct kms_key *primary, struct kms_key *k)
{
    k->multi_region = true;
    k->spec = primary->spec;
    k->usage = primary->usage;
    k->origin = primary->origin;
    k->rotation_period_days = primary->rotation_period_days;
    k->next_rotation_ms = primary->next_rotation_ms;
    k->on_demand_started_ms = primary->on_demand_started_ms;
    k->on_demand_count = primary->on_demand_count;
    memcpy(k->uuid, primary->uuid, sizeof k->uuid);
    KMS_TRY(kms_key_set_text(k, &k->id, primary->id));
    KMS_TRY(kms_key_set_text(k, &k->account, primary->account));
    KMS_TRY(kms_key_set_text(k, &k->primary_region, primary->region));
    return kms_family_versions(primary, k);
}

static KMS_RC build(struct kms_call *call, const struct kms_replicate_key_in *in,
                    struct kms_key **out)
{
    KMS_AUTO(key) k = NULL;
    struct kms_str policy = in->policy;

    if (policy.p == NULL)
        KMS_TRY(kms_default_policy(call, &policy));
    KMS_TRY(kms_key_new(&k));
    KMS_TRY(share(call->key, k));
    k->state = KMS_KEY_STATE_CREATING;
    k->created_ms = call->now_ms;
    KMS_TRY(kms_key_set_text(k, &k->region, in->replica_region));
    KMS_TRY(kms_ident_arn(k->arena, call->realm->partition, k->region, k->account, "key/",
                          k->id, &k->arn));
    KMS_TRY(kms_key_set_text(k, &k->policy, policy));
    if (in->description.p != NULL)
        KMS_TRY(kms_key_set_text(k, &k->description, in->description));
    *out = KMS_TAKE(k);
    return KMS_OK;
}

/*
 * The replica is complete at once but for its state: the schedule's engine takes it from
 * Creating to Enabled, or to PendingImport when its material has to be imported.
 */
enum kms_rc kms_op_replicate_key(struct kms_call *call,
                                 const struct kms_replicate_key_in *in,
                                 struct kms_replicate_key_out *out)
{
    KMS_AUTO(key) k = NULL;

    KMS_TRY(kms_family_primary_gate(call->key));
    KMS_TRY(check_region(call, in->replica_region));
    KMS_TRY(build(call, in, &k));
    KMS_TRY(kms_keys_insert(call->tx, k));
    KMS_TRY(kms_tags_write(call, k, &in->tags));
    KMS_TRY(kms_family_echo("CreateKey", k, call->arena, &call->echoes));
    KMS_TRY(kms_arena_str(call->arena, k->arn, &call->new_key_arn));
    KMS_TRY(kms_key_metadata_of(call, k, &out->replica_key_metadata));
    KMS_TRY(kms_arena_str(call->arena, k->policy, &out->replica_policy));
    out->replica_tags = in->tags;
    return KMS_OK;
}
