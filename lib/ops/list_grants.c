#include "ops/grant.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
#include "store/grants.h"

enum kms_rc kms_check_list_grants(const void *request)
{
    const struct kms_list_grants_in *in = request;

    return kms_grant_no_service("GranteeServicePrincipal", in->grantee_service_principal);
}

static bool is_filtered_out(const struct kms_grant *g, struct kms_str grantee)
{
    return grantee.p != NULL && !kms_str_eq(g->grantee, grantee);
}

/* GrantId: at most one. */
static KMS_RC list_one(struct kms_call *call, struct kms_str id, struct kms_str grantee,
                       struct kms_list_grants_out *out)
{
    struct kms_grant g;
    enum kms_rc rc = kms_grant_of_key(call, call->key, id, &g);

    if (rc == KMS_E_NOT_FOUND)
        return kms_err(KMS_E_INVALID_GRANT_ID, "Grant ID %.*s not found", KMS_FMT(id));
    KMS_TRY(rc);
    return kms_grant_entries(call, &g, is_filtered_out(&g, grantee) ? 0 : 1,
                             &out->grants);
}

static KMS_RC list_page(struct kms_call *call, const struct kms_list_grants_in *in,
                        struct kms_str grantee, struct kms_list_grants_out *out)
{
    const struct kms_grant *rows;
    struct kms_str filter;
    struct kms_page page;
    size_t n;
    bool more;

    KMS_TRY(kms_arena_fmt(call->arena, &filter, "%.*s/%.*s", KMS_FMT(call->key->id),
                          KMS_FMT(grantee)));
    KMS_TRY(kms_page_open(call, in->has_limit, in->limit, KMS_GRANTS_LIMIT_MAX,
                          KMS_GRANTS_LIMIT_DEFAULT, in->marker, filter, &page));
    KMS_TRY(kms_grants_list(call->tx, call->key->row, grantee, page.after, page.limit,
                            call->arena, &rows, &n, &more));
    KMS_TRY(kms_grant_entries(call, rows, n, &out->grants));
    if (more)
        KMS_TRY(kms_page_marker(call, filter, rows[n - 1].id, &out->next_marker));
    out->truncated = more;
    return KMS_OK;
}

enum kms_rc kms_op_list_grants(struct kms_call *call, const struct kms_list_grants_in *in,
                               struct kms_list_grants_out *out)
{
    struct kms_str grantee = {NULL, 0};

    if (in->grantee_principal.p != NULL)
        KMS_TRY(kms_grant_principal(call, in->grantee_principal,
                                    "Input does not refer to a valid principal",
                                    &grantee));
    if (in->grant_id.p != NULL)
        KMS_TRY(list_one(call, in->grant_id, grantee, out));
    else
        KMS_TRY(list_page(call, in, grantee, out));
    out->has_truncated = true;
    return KMS_OK;
}
