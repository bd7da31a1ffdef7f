#include "key/spec.h"
#include "ops/alias.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
#include "store/aliases.h"

enum kms_rc kms_check_update_alias(const void *request)
{
    const struct kms_update_alias_in *in = request;

    KMS_TRY(kms_alias_check_name(in->alias_name));
    return kms_alias_check_target(in->target_key_id);
}

/* An alias keeps naming keys of one class: what is built on it would break. */
static KMS_RC check_class(struct kms_str name, const struct kms_key *from,
                          const struct kms_key *to)
{
    if (from->usage != to->usage)
        return kms_err(
            KMS_E_VALIDATION,
            "Alias %.*s cannot be changed from a CMK with key usage %s to a CMK "
            "with key usage %s",
            KMS_FMT(name), kms_key_usage_type_name(from->usage),
            kms_key_usage_type_name(to->usage));
    if (kms_spec_symmetric(from->spec) != kms_spec_symmetric(to->spec))
        return kms_err(
            KMS_E_VALIDATION,
            "Alias %.*s cannot be changed from a CMK with key spec %s to a CMK "
            "with key spec %s",
            KMS_FMT(name), kms_key_spec_name(from->spec), kms_key_spec_name(to->spec));
    return KMS_OK;
}

enum kms_rc kms_op_update_alias(struct kms_call *call,
                                const struct kms_update_alias_in *in,
                                struct kms_update_alias_out *out)
{
    const struct kms_key *to = call->key, *from = call->key2;
    struct kms_alias alias = {
        .account = call->caller.account,
        .region = call->caller.region,
        .name = in->alias_name,
        .key_row = to->row,
        .updated_ms = call->now_ms,
    };

    (void)out;
    KMS_TRY(check_class(in->alias_name, from, to));
    if (from->row != to->row)
        KMS_TRY(kms_alias_check_quota(call, to));
    return kms_aliases_update(call->tx, &alias);
}
