#include "key/ident.h"
#include "key/state.h"
#include "ops/family.h"
#include "ops/ops.gen.h"
#include "ops/partition.h"
#include "store/keys.h"

/* The replica that is to be the primary; it has to be in the state the primary is in. */
static KMS_RC find_replica(struct kms_call *call, struct kms_str region,
                           const struct kms_key **out)
{
    const struct kms_key *primary = call->key;
    struct kms_str arn;
    enum kms_rc rc;

    KMS_TRY(kms_partition_check(call->realm->partition, region));
    rc = kms_keys_get(call->tx, primary->account, region, primary->id, out);
    if (rc == KMS_E_NOT_FOUND) {
        KMS_TRY(kms_ident_arn(call->arena, call->realm->partition, region,
                              primary->account, "key/", primary->id, &arn));
        return kms_err(KMS_E_NOT_FOUND, "Key '%.*s' does not exist", KMS_FMT(arn));
    }
    KMS_TRY(rc);
    return kms_state_gate(*out, call->op->keys[0].states);
}

/*
 * Both keys are Updating until the schedule's engine has been there. Which Region is
 * primary is written to every member at once, so there is no moment without one.
 */
static KMS_RC promote(struct kms_call *call, const struct kms_key *replica)
{
    KMS_AUTO(key) before = NULL;
    KMS_AUTO(key) after = NULL;

    KMS_TRY(kms_key_copy(replica, &after));
    after->state = KMS_KEY_STATE_UPDATING;
    KMS_TRY(kms_key_set_text(after, &after->primary_region, after->region));
    KMS_TRY(kms_key_copy(call->key, &before));
    before->state = KMS_KEY_STATE_UPDATING;
    KMS_TRY(kms_keys_update(call->tx, before));
    KMS_TRY(kms_family_echo(call->op->name, after, call->arena, &call->echoes));
    return kms_family_update(call->tx, after, call->arena, &call->echoes);
}

enum kms_rc kms_op_update_primary_region(struct kms_call *call,
                                         const struct kms_update_primary_region_in *in,
                                         struct kms_update_primary_region_out *out)
{
    KMS_AUTO_KEY replica = NULL;

    (void)out;
    KMS_TRY(kms_family_primary_gate(call->key));
    if (kms_str_eq(in->primary_region, call->key->region))
        return KMS_OK;
    KMS_TRY(find_replica(call, in->primary_region, &replica));
    return promote(call, replica);
}
