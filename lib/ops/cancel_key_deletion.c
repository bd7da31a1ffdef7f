#include "key/state.h"
#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "store/keys.h"

/*
 * Ends in Disabled, whatever the state was before, or in PendingImport while imported
 * material is missing. Rotation settings are kept.
 */
enum kms_rc kms_op_cancel_key_deletion(struct kms_call *call,
                                       const struct kms_cancel_key_deletion_in *in,
                                       struct kms_cancel_key_deletion_out *out)
{
    KMS_AUTO(key) k = NULL;

    (void)in;
    KMS_TRY(kms_key_copy(call->key, &k));
    k->state = KMS_KEY_STATE_DISABLED;
    kms_state_after_loss(k);
    k->deletion_ms = 0;
    k->pending_window_days = 0;
    KMS_TRY(kms_keys_update(call->tx, k));
    out->key_id = call->key->arn;
    return KMS_OK;
}
