#include "authz/authz.h"

enum kms_rc kms_authz_check(const struct kms_caller *caller, const char *action,
                            const struct kms_key *key, struct kms_str *reason)
{
    if (key != NULL && !kms_str_eq(caller->account, key->account))
        return kms_err(KMS_E_ACCESS_DENIED,
                       "User: %.*s is not authorized to perform: %s on resource: %.*s "
                       "because no resource-based policy allows the %s action",
                       KMS_FMT(caller->principal_arn), action, KMS_FMT(key->arn), action);
    *reason = KMS_LIT("account");
    return KMS_OK;
}
