#include "ops/alias.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
#include "store/aliases.h"

enum kms_rc kms_check_delete_alias(const void *request)
{
    const struct kms_delete_alias_in *in = request;

    return kms_alias_check_name(in->alias_name);
}

enum kms_rc kms_op_delete_alias(struct kms_call *call,
                                const struct kms_delete_alias_in *in,
                                struct kms_delete_alias_out *out)
{
    (void)out;
    return kms_aliases_delete(call->tx, call->caller.account, call->caller.region,
                              in->alias_name);
}
