#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "store/keys.h"

enum kms_rc kms_op_enable_key(struct kms_call *call, const struct kms_enable_key_in *in,
                              struct kms_enable_key_out *out)
{
    KMS_AUTO(key) k = NULL;

    (void)in;
    (void)out;
    if (call->key->state == KMS_KEY_STATE_ENABLED)
        return KMS_OK;
    KMS_TRY(kms_key_copy(call->key, &k));
    k->state = KMS_KEY_STATE_ENABLED;
    /*
     * While it was disabled its rotation was skipped. One that is overdue happens now,
     * and the period counts from now.
     */
    if (k->rotation_period_days != 0 && k->next_rotation_ms < call->now_ms)
        k->next_rotation_ms = call->now_ms;
    return kms_keys_update(call->tx, k);
}
