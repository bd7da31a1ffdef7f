#include "ops/ops.gen.h"
#include "ops/ops.h"

enum kms_rc kms_op_describe_key(struct kms_call *call,
                                const struct kms_describe_key_in *in,
                                struct kms_describe_key_out *out)
{
    (void)in;
    return kms_key_metadata_of(call, call->key, &out->key_metadata);
}
