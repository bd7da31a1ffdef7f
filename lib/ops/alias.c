#include <inttypes.h>
#include <string.h>

#include "key/ident.h"
#include "ops/alias.h"
#include "store/aliases.h"

enum kms_rc kms_alias_check_name(struct kms_str name)
{
    if (!kms_str_starts(name, "alias/"))
        return kms_err(KMS_E_VALIDATION,
                       "Alias must start with the prefix \"alias/\". Please see "
                       "https://docs.aws.amazon.com/kms/latest/developerguide/"
                       "kms-alias.html");
    if (kms_str_is(name, "alias/"))
        return kms_err(KMS_E_VALIDATION, "Invalid identifier");
    if (kms_str_starts(name, "alias/aws/"))
        return KMS_E_NOT_AUTHORIZED;
    /* The model's pattern lets the colon through, the service does not. */
    if (memchr(name.p, ':', name.n) != NULL)
        return kms_err(KMS_E_VALIDATION, "%.*s contains invalid characters for an alias",
                       KMS_FMT(name));
    return KMS_OK;
}

enum kms_rc kms_alias_check_target(struct kms_str target)
{
    struct kms_ident id;

    KMS_TRY(kms_ident_parse(target, &id));
    if (id.kind == KMS_IDENT_ALIAS_NAME || id.kind == KMS_IDENT_ALIAS_ARN)
        return kms_err(KMS_E_VALIDATION, "Aliases must refer to keys. Not aliases");
    return KMS_OK;
}

enum kms_rc kms_alias_check_quota(struct kms_call *call, const struct kms_key *key)
{
    int64_t n;

    KMS_TRY(kms_aliases_count(call->tx, key->row, &n));
    if (n >= KMS_ALIASES_PER_KEY)
        return kms_err(KMS_E_LIMIT_EXCEEDED,
                       "Aliases per key quota for this account in this region is %d, "
                       "current usage is %" PRId64 ".",
                       KMS_ALIASES_PER_KEY, n);
    return KMS_OK;
}

enum kms_rc kms_alias_arn(struct kms_call *call, struct kms_str name, struct kms_str *out)
{
    return kms_ident_arn(call->arena, call->realm->partition, call->caller.region,
                         call->caller.account, "", name, out);
}
