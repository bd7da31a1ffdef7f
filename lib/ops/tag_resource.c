#include "ops/ops.gen.h"
#include "ops/request.h"
#include "ops/tags_check.h"

enum kms_rc kms_check_tag_resource(const void *request)
{
    const struct kms_tag_resource_in *in = request;

    return kms_tags_check(&in->tags);
}

enum kms_rc kms_op_tag_resource(struct kms_call *call,
                                const struct kms_tag_resource_in *in,
                                struct kms_tag_resource_out *out)
{
    (void)out;
    return kms_tags_write(call, call->key, &in->tags);
}
