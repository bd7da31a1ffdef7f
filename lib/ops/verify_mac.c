#include "key/spec.h"
#include "keyring/use.h"
#include "ops/ops.gen.h"
#include "ops/ops.h"

/* A code that is none is an error: the service never answers with false. */
enum kms_rc kms_op_verify_mac(struct kms_call *call, const struct kms_verify_mac_in *in,
                              struct kms_verify_mac_out *out)
{
    KMS_TRY(kms_spec_macs(call->key->spec, in->mac_algorithm));
    KMS_TRY(kms_keyring_verify_mac(call->keyring, call->key, in->mac_algorithm,
                                   in->message, in->mac));
    out->key_id = call->key->arn;
    out->mac_valid = true;
    out->has_mac_valid = true;
    out->mac_algorithm = in->mac_algorithm;
    return KMS_OK;
}
