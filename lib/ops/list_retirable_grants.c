#include <string.h>

#include "ops/grant.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
#include "store/grants.h"

enum kms_rc kms_check_list_retirable_grants(const void *request)
{
    const struct kms_list_retirable_grants_in *in = request;

    KMS_TRY(
        kms_grant_no_service("RetiringServicePrincipal", in->retiring_service_principal));
    if (in->retiring_principal.p == NULL)
        return kms_err(KMS_E_VALIDATION,
                       "1 validation error detected: Value null at 'retiringPrincipal' "
                       "failed to satisfy constraint: Member must not be null");
    return KMS_OK;
}

/* An ARN has the account of its principal; a unique id says nothing of it. */
static bool of_account(struct kms_str arn, struct kms_str account)
{
    for (int colons = 0; colons < 4; colons++) {
        const char *at = arn.n != 0 ? memchr(arn.p, ':', arn.n) : NULL;

        if (at == NULL)
            return true;
        arn = kms_str_skip(arn, (size_t)(at - arn.p) + 1);
    }
    return arn.n > account.n && memcmp(arn.p, account.p, account.n) == 0 &&
           arn.p[account.n] == ':';
}

static KMS_RC check_account(struct kms_call *call, struct kms_str principal)
{
    if (of_account(principal, call->caller.account))
        return KMS_OK;
    return kms_err(KMS_E_ACCESS_DENIED,
                   "User: %.*s is not authorized to perform: kms:ListRetirableGrants on "
                   "resource: %.*s because no resource-based policy allows the "
                   "kms:ListRetirableGrants action",
                   KMS_FMT(call->caller.principal_arn), KMS_FMT(principal));
}

/* An ARN that is wrong is refused as one; the service looks for any other text. */
static KMS_RC principal_of(struct kms_call *call, struct kms_str text,
                           struct kms_str *out)
{
    enum kms_rc rc = kms_grant_principal(call, text, "", out);

    if (rc == KMS_E_INVALID_ARN && !kms_str_starts(text, "arn:"))
        return kms_err(KMS_E_NOT_FOUND, "Retiring principal %.*s could not be found",
                       KMS_FMT(text));
    return rc;
}

enum kms_rc kms_op_list_retirable_grants(struct kms_call *call,
                                         const struct kms_list_retirable_grants_in *in,
                                         struct kms_list_retirable_grants_out *out)
{
    const struct kms_grant *rows;
    struct kms_str retiring;
    struct kms_page page;
    size_t n;
    bool more;

    KMS_TRY(principal_of(call, in->retiring_principal, &retiring));
    KMS_TRY(check_account(call, retiring));
    KMS_TRY(kms_page_open(call, in->has_limit, in->limit, KMS_GRANTS_LIMIT_MAX,
                          KMS_GRANTS_LIMIT_DEFAULT, in->marker, retiring, &page));
    KMS_TRY(kms_grants_list_retirable(call->tx, call->caller.region, retiring, page.after,
                                      page.limit, call->arena, &rows, &n, &more));
    KMS_TRY(kms_grant_entries(call, rows, n, &out->grants));
    if (more)
        KMS_TRY(kms_page_marker(call, retiring, rows[n - 1].id, &out->next_marker));
    out->truncated = more;
    out->has_truncated = true;
    return KMS_OK;
}
