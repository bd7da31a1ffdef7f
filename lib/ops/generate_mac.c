#include "key/spec.h"
#include "keyring/use.h"
#include "ops/ops.gen.h"
#include "ops/ops.h"

enum kms_rc kms_op_generate_mac(struct kms_call *call,
                                const struct kms_generate_mac_in *in,
                                struct kms_generate_mac_out *out)
{
    KMS_TRY(kms_spec_macs(call->key->spec, in->mac_algorithm));
    KMS_TRY(kms_keyring_mac(call->keyring, call->key, in->mac_algorithm, in->message,
                            call->arena, &out->mac));
    out->key_id = call->key->arn;
    out->mac_algorithm = in->mac_algorithm;
    return KMS_OK;
}
