#include "key/spec.h"
#include "keyring/use.h"
#include "ops/ops.gen.h"
#include "ops/request.h"

enum kms_rc kms_check_derive_shared_secret(const void *request)
{
    const struct kms_derive_shared_secret_in *in = request;

    return kms_check_recipient(in->recipient);
}

enum kms_rc kms_op_derive_shared_secret(struct kms_call *call,
                                        const struct kms_derive_shared_secret_in *in,
                                        struct kms_derive_shared_secret_out *out)
{
    KMS_TRY(kms_spec_agrees(call->key->spec, in->key_agreement_algorithm));
    KMS_TRY(kms_keyring_derive(call->keyring, call->key, in->public_key, call->arena,
                               &out->shared_secret));
    out->key_id = call->key->arn;
    out->key_agreement_algorithm = in->key_agreement_algorithm;
    out->key_origin = call->key->origin;
    return KMS_OK;
}
