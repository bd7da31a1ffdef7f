#include "key/state.h"
#include "ops/family.h"
#include "ops/ops.gen.h"
#include "ops/rotation.h"

enum { DEFAULT_PERIOD_DAYS = 365 };

enum kms_rc kms_op_enable_key_rotation(struct kms_call *call,
                                       const struct kms_enable_key_rotation_in *in,
                                       struct kms_enable_key_rotation_out *out)
{
    KMS_AUTO(key) k = NULL;
    const int32_t now_days = call->key->rotation_period_days;
    int32_t days = DEFAULT_PERIOD_DAYS;

    (void)out;
    KMS_TRY(kms_rotation_supported(call->key));
    KMS_TRY(kms_rotation_primary_gate(call));
    if (in->has_rotation_period_in_days)
        days = in->rotation_period_in_days;
    else if (now_days != 0)
        days = now_days;
    /* The same period again leaves the schedule as it is; another one starts afresh. */
    if (days == now_days)
        return KMS_OK;
    KMS_TRY(kms_key_copy(call->key, &k));
    k->rotation_period_days = days;
    k->next_rotation_ms = call->now_ms + (int64_t)days * KMS_DAY_MS;
    return kms_family_update(call->tx, k, call->arena, &call->echoes);
}
