#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "ops/signing.h"

/* A signature that is none is an error: the service never answers with false. */
enum kms_rc kms_op_verify(struct kms_call *call, const struct kms_verify_in *in,
                          struct kms_verify_out *out)
{
    const struct kms_signing what = {in->signing_algorithm, in->message_type,
                                     in->message};

    KMS_TRY(kms_signing_check(call->key, &what));
    KMS_TRY(kms_keyring_verify(call->keyring, call->key, &what, in->signature));
    out->key_id = call->key->arn;
    out->signature_valid = true;
    out->has_signature_valid = true;
    out->signing_algorithm = in->signing_algorithm;
    return KMS_OK;
}
