#include "ops/alias.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
#include "store/aliases.h"

enum kms_rc kms_check_create_alias(const void *request)
{
    const struct kms_create_alias_in *in = request;

    KMS_TRY(kms_alias_check_name(in->alias_name));
    return kms_alias_check_target(in->target_key_id);
}

enum kms_rc kms_op_create_alias(struct kms_call *call,
                                const struct kms_create_alias_in *in,
                                struct kms_create_alias_out *out)
{
    struct kms_str arn;
    struct kms_alias alias;
    enum kms_rc rc = kms_aliases_get(call->tx, call->caller.account, call->caller.region,
                                     in->alias_name, call->arena, &alias);

    (void)out;
    if (rc == KMS_OK) {
        KMS_TRY(kms_alias_arn(call, in->alias_name, &arn));
        return kms_err(KMS_E_ALREADY_EXISTS, "An alias with the name %.*s already exists",
                       KMS_FMT(arn));
    }
    if (rc != KMS_E_NOT_FOUND)
        return rc;
    KMS_TRY(kms_alias_check_quota(call, call->key));
    alias = (struct kms_alias){
        .account = call->caller.account,
        .region = call->caller.region,
        .name = in->alias_name,
        .key_row = call->key->row,
        .created_ms = call->now_ms,
        .updated_ms = call->now_ms,
    };
    KMS_TRY(kms_aliases_insert(call->tx, &alias));
    call->alias = in->alias_name;
    return KMS_OK;
}
