#include "ops/ops.gen.h"
#include "ops/request.h"
#include "store/grants.h"

enum kms_rc kms_check_retire_grant(const void *request)
{
    const struct kms_retire_grant_in *in = request;

    if (in->grant_token.p != NULL || (in->key_id.p != NULL && in->grant_id.p != NULL))
        return KMS_OK;
    return kms_err(KMS_E_VALIDATION,
                   "Grant token OR (grant ID, key ID) must be specified");
}

/* Who may is the grant's own matter, and has been asked (authz/retire.h). */
enum kms_rc kms_op_retire_grant(struct kms_call *call,
                                const struct kms_retire_grant_in *in,
                                struct kms_retire_grant_out *out)
{
    (void)in;
    (void)out;
    return kms_grants_delete(call->tx, call->grant->id);
}
