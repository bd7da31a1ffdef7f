#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "ops/signing.h"

enum kms_rc kms_op_sign(struct kms_call *call, const struct kms_sign_in *in,
                        struct kms_sign_out *out)
{
    const struct kms_signing what = {in->signing_algorithm, in->message_type,
                                     in->message};

    KMS_TRY(kms_signing_check(call->key, &what));
    KMS_TRY(
        kms_keyring_sign(call->keyring, call->key, &what, call->arena, &out->signature));
    out->key_id = call->key->arn;
    out->signing_algorithm = in->signing_algorithm;
    return KMS_OK;
}
