#include "ops/grant.h"
#include "store/grants.h"

enum { SECOND_MS = 1000 };

static KMS_RC operations(struct kms_arena *a, uint32_t mask,
                         struct kms_grant_operation_list *out)
{
    enum kms_grant_operation *v =
        kms_arena_alloc(a, KMS_GRANT_OPERATION_COUNT * sizeof *v);
    size_t n = 0;

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    for (unsigned op = 1; op < KMS_GRANT_OPERATION_COUNT; op++) {
        if ((mask & 1u << op) != 0)
            v[n++] = (enum kms_grant_operation)op;
    }
    *out = (struct kms_grant_operation_list){v, n, true};
    return KMS_OK;
}

static KMS_RC constraints(struct kms_arena *a, const struct kms_grant *g,
                          const struct kms_grant_constraints **out)
{
    struct kms_grant_constraints *c = kms_arena_alloc(a, sizeof *c);

    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    switch (g->constraint) {
    case KMS_GRANT_UNCONSTRAINED:
        return KMS_OK;
    case KMS_GRANT_CONTEXT_EQUALS:
        c->encryption_context_equals = g->pairs;
        c->encryption_context_equals.present = true;
        break;
    case KMS_GRANT_CONTEXT_SUBSET:
        c->encryption_context_subset = g->pairs;
        c->encryption_context_subset.present = true;
        break;
    }
    *out = c;
    return KMS_OK;
}

static KMS_RC entry(struct kms_call *call, const struct kms_grant *g,
                    struct kms_grant_list_entry *out)
{
    struct kms_grant_list_entry e = {
        .key_id = g->key_arn,
        .grant_id = g->id,
        .name = g->name,
        /* The service shows whole seconds here. */
        .creation_date_ms = g->created_ms - g->created_ms % SECOND_MS,
        .has_creation_date = true,
        .grantee_principal = g->grantee,
        .retiring_principal = g->retiring,
    };

    KMS_TRY(kms_arena_fmt(call->arena, &e.issuing_account, "arn:%.*s:iam::%.*s:root",
                          KMS_FMT(call->realm->partition), KMS_FMT(g->issuer)));
    KMS_TRY(operations(call->arena, g->operations, &e.operations));
    KMS_TRY(constraints(call->arena, g, &e.constraints));
    *out = e;
    return KMS_OK;
}

enum kms_rc kms_grant_entries(struct kms_call *call, const struct kms_grant *rows,
                              size_t n, struct kms_grant_list_entry_list *out)
{
    struct kms_grant_list_entry *v = kms_arena_alloc(call->arena, n * sizeof *v);

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    for (size_t i = 0; i < n; i++)
        KMS_TRY(entry(call, &rows[i], &v[i]));
    *out = (struct kms_grant_list_entry_list){v, n, true};
    return KMS_OK;
}

enum kms_rc kms_grant_of_key(struct kms_call *call, const struct kms_key *key,
                             struct kms_str id, struct kms_grant *out)
{
    struct kms_grant g;
    enum kms_rc rc = kms_grants_get(call->tx, id, call->arena, &g);

    if (rc == KMS_E_NOT_FOUND || (rc == KMS_OK && g.key_row != key->row))
        return kms_err(KMS_E_NOT_FOUND, "Grant ID %.*s not found", KMS_FMT(id));
    KMS_TRY(rc);
    *out = g;
    return KMS_OK;
}
