#include "ops/ops.gen.h"
#include "ops/ops.h"

enum kms_rc kms_op_get_key_policy(struct kms_call *call,
                                  const struct kms_get_key_policy_in *in,
                                  struct kms_get_key_policy_out *out)
{
    if (!kms_str_is(in->policy_name, "default"))
        return kms_err(KMS_E_NOT_FOUND, "No such policy exists");
    out->policy = call->key->policy;
    out->policy_name = in->policy_name;
    return KMS_OK;
}
