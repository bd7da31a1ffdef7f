#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "store/keys.h"

enum kms_rc kms_op_update_key_description(struct kms_call *call,
                                          const struct kms_update_key_description_in *in,
                                          struct kms_update_key_description_out *out)
{
    KMS_AUTO(key) k = NULL;

    (void)out;
    KMS_TRY(kms_key_copy(call->key, &k));
    KMS_TRY(kms_key_set_text(k, &k->description, in->description));
    return kms_keys_update(call->tx, k);
}
