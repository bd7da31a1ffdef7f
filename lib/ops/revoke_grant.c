#include "ops/grant.h"
#include "ops/ops.gen.h"
#include "store/grants.h"

enum kms_rc kms_op_revoke_grant(struct kms_call *call,
                                const struct kms_revoke_grant_in *in,
                                struct kms_revoke_grant_out *out)
{
    struct kms_grant g;

    (void)out;
    KMS_TRY(kms_grant_of_key(call, call->key, in->grant_id, &g));
    return kms_grants_delete(call->tx, g.id);
}
