#include "ops/ops.gen.h"
#include "ops/request.h"
#include "policy/document.h"
#include "store/keys.h"

enum kms_rc kms_check_put_key_policy(const void *request)
{
    const struct kms_put_key_policy_in *in = request;

    return kms_policy_check(in->policy);
}

enum kms_rc kms_op_put_key_policy(struct kms_call *call,
                                  const struct kms_put_key_policy_in *in,
                                  struct kms_put_key_policy_out *out)
{
    KMS_AUTO(key) k = NULL;

    (void)out;
    if (!kms_str_is(in->policy_name, "default"))
        return kms_err(KMS_E_NOT_FOUND, "No such policy exists");
    KMS_TRY(kms_key_copy(call->key, &k));
    KMS_TRY(kms_key_set_text(k, &k->policy, in->policy));
    return kms_keys_update(call->tx, k);
}
