#include "ops/grant.h"
#include "ops/resolve.h"
#include "store/grants.h"

static KMS_RC by_token(struct kms_call *call, struct kms_str token, struct kms_grant *out)
{
    struct kms_grant g;
    struct kms_str id;
    enum kms_rc rc;

    KMS_TRY(kms_grant_token_read(call, token, &id));
    rc = kms_grants_get(call->tx, id, call->arena, &g);
    if (rc == KMS_E_NOT_FOUND ||
        (rc == KMS_OK && !kms_str_eq(g.region, call->caller.region)))
        return KMS_E_INVALID_GRANT_TOKEN;
    KMS_TRY(rc);
    *out = g;
    return KMS_OK;
}

/* A token with a key or an id: they have to be the grant's. */
static KMS_RC compare(struct kms_call *call, const struct kms_retire_grant_in *in,
                      const struct kms_grant *g)
{
    KMS_AUTO_KEY named = NULL;

    if (in->grant_id.p != NULL && !kms_str_eq(in->grant_id, g->id))
        return kms_err(KMS_E_INVALID_GRANT_ID,
                       "The grant token is not one of grant ID %.*s",
                       KMS_FMT(in->grant_id));
    if (in->key_id.p == NULL)
        return KMS_OK;
    KMS_TRY(kms_resolve_key(call, &call->op->keys[0], in->key_id, &named));
    if (named->row == g->key_row)
        return KMS_OK;
    if (!kms_str_eq(named->account, call->caller.account))
        return kms_resolve_denied(call, &call->op->keys[0]);
    return kms_err(KMS_E_NOT_FOUND, "Grant ID %.*s not found", KMS_FMT(g->id));
}

/* What another account has not is no more told than what it has. */
static KMS_RC by_id(struct kms_call *call, const struct kms_retire_grant_in *in,
                    struct kms_grant *out)
{
    const struct kms_key_rule *rule = &call->op->keys[0];
    enum kms_rc rc;

    KMS_TRY(kms_resolve_key(call, rule, in->key_id, &call->key));
    rc = kms_grant_of_key(call, call->key, in->grant_id, out);
    if (rc == KMS_E_NOT_FOUND && !kms_str_eq(call->key->account, call->caller.account))
        return kms_resolve_denied(call, rule);
    return rc;
}

enum kms_rc kms_resolve_grant(struct kms_call *call, const void *request)
{
    const struct kms_retire_grant_in *in = request;
    struct kms_grant *g = kms_arena_alloc(call->arena, sizeof *g);

    if (g == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    if (in->grant_token.p != NULL) {
        KMS_TRY(by_token(call, in->grant_token, g));
        KMS_TRY(compare(call, in, g));
        KMS_TRY(kms_resolve_key(call, &call->op->keys[0], g->key_arn, &call->key));
    } else {
        KMS_TRY(by_id(call, in, g));
    }
    call->grant = g;
    return KMS_OK;
}
