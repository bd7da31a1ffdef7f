#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "store/tags.h"

enum kms_rc kms_op_untag_resource(struct kms_call *call,
                                  const struct kms_untag_resource_in *in,
                                  struct kms_untag_resource_out *out)
{
    (void)out;
    for (size_t i = 0; i < in->tag_keys.n; i++)
        KMS_TRY(kms_tags_delete(call->tx, call->key->row, in->tag_keys.v[i]));
    return KMS_OK;
}
