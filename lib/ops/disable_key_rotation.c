#include "ops/family.h"
#include "ops/ops.gen.h"
#include "ops/rotation.h"

/* The period is forgotten too: enabling again without one gives the default. */
enum kms_rc kms_op_disable_key_rotation(struct kms_call *call,
                                        const struct kms_disable_key_rotation_in *in,
                                        struct kms_disable_key_rotation_out *out)
{
    KMS_AUTO(key) k = NULL;

    (void)in;
    (void)out;
    KMS_TRY(kms_rotation_primary_gate(call));
    if (call->key->rotation_period_days == 0)
        return KMS_OK;
    KMS_TRY(kms_key_copy(call->key, &k));
    k->rotation_period_days = 0;
    k->next_rotation_ms = 0;
    return kms_family_update(call->tx, k, call->arena, &call->echoes);
}
