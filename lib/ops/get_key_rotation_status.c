#include "ops/ops.gen.h"
#include "ops/ops.h"

enum kms_rc
kms_op_get_key_rotation_status(struct kms_call *call,
                               const struct kms_get_key_rotation_status_in *in,
                               struct kms_get_key_rotation_status_out *out)
{
    const struct kms_key *k = call->key;
    /* A pending deletion suspends rotation; cancelling it shows the settings again. */
    const bool suspended = k->state == KMS_KEY_STATE_PENDING_DELETION;

    (void)in;
    out->key_id = k->arn;
    out->key_rotation_enabled = k->rotation_period_days != 0 && !suspended;
    out->has_key_rotation_enabled = true;
    if (suspended)
        return KMS_OK;
    if (k->rotation_period_days != 0) {
        out->rotation_period_in_days = k->rotation_period_days;
        out->has_rotation_period_in_days = true;
        out->next_rotation_date_ms = k->next_rotation_ms;
        out->has_next_rotation_date = true;
    }
    if (k->on_demand_started_ms != 0) {
        out->on_demand_rotation_start_date_ms = k->on_demand_started_ms;
        out->has_on_demand_rotation_start_date = true;
    }
    return KMS_OK;
}
