#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "store/keys.h"

enum kms_rc kms_op_disable_key(struct kms_call *call, const struct kms_disable_key_in *in,
                               struct kms_disable_key_out *out)
{
    KMS_AUTO(key) k = NULL;

    (void)in;
    (void)out;
    if (call->key->state == KMS_KEY_STATE_DISABLED)
        return KMS_OK;
    KMS_TRY(kms_key_copy(call->key, &k));
    k->state = KMS_KEY_STATE_DISABLED;
    KMS_TRY(kms_keys_update(call->tx, k));
    kms_keyring_forget(call->keyring, k->uuid);
    return KMS_OK;
}
