#include "authz/retire.h"
#include "policy/who.h"

static struct kms_principal principal_of(const struct kms_caller *c)
{
    struct kms_principal p = {
        .kind = KMS_PRINCIPAL_USER, .account = c->account, .arn = c->principal_arn};

    if (kms_str_is(c->type, "Root")) {
        p.kind = KMS_PRINCIPAL_ROOT;
    } else if (kms_str_is(c->type, "AssumedRole")) {
        p.kind = KMS_PRINCIPAL_ROLE;
        p.parent_arn = c->principal_arn;
    }
    return p;
}

static bool is(struct kms_str named, const struct kms_caller *caller)
{
    const struct kms_principal p = principal_of(caller);
    struct kms_who who;

    return named.p != NULL && kms_who_parse(named, &who) &&
           kms_who_grade(&who, &p) != KMS_GRADE_NONE;
}

enum kms_rc kms_authz_retire(const struct kms_caller *caller,
                             const struct kms_grant *grant, const struct kms_key *key,
                             struct kms_str *reason)
{
    const uint32_t retire = 1u << KMS_GRANT_OPERATION_RETIRE_GRANT;

    if (is(grant->retiring, caller))
        *reason = KMS_LIT("grant: retiring principal");
    else if ((grant->operations & retire) != 0 && is(grant->grantee, caller))
        *reason = KMS_LIT("grant: grantee");
    else if (kms_str_eq(grant->issuer, caller->account))
        *reason = KMS_LIT("grant: issuing account");
    else if (kms_str_eq(key->account, caller->account))
        *reason = KMS_LIT("grant: account of the key");
    else
        return kms_err(KMS_E_ACCESS_DENIED,
                       "User: %.*s is not authorized to perform: kms:RetireGrant on "
                       "resource: %.*s because no resource-based policy allows the "
                       "kms:RetireGrant action",
                       KMS_FMT(caller->principal_arn), KMS_FMT(key->arn));
    return KMS_OK;
}
