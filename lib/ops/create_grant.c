#include "key/context.h"
#include "ops/grant.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
#include "store/grants.h"
#include "wire/utf8.h"

static KMS_RC missing(const char *path)
{
    return kms_err(KMS_E_VALIDATION,
                   "1 validation error detected: Value null at '%s' failed to satisfy "
                   "constraint: Member must not be null",
                   path);
}

static KMS_RC check_pairs(const char *name, const struct kms_str_map *pairs)
{
    if (pairs->n > KMS_GRANT_PAIRS_MAX)
        return kms_err(KMS_E_VALIDATION, "%s cannot have more than %d pairs.", name,
                       KMS_GRANT_PAIRS_MAX);
    for (size_t i = 0; i < pairs->n; i++) {
        if (kms_utf8_count(pairs->v[i].value) > KMS_GRANT_VALUE_MAX)
            return kms_err(KMS_E_VALIDATION,
                           "A value in %s cannot have more than %d characters.", name,
                           KMS_GRANT_VALUE_MAX);
    }
    return KMS_OK;
}

static KMS_RC check_constraints(const struct kms_grant_constraints *c)
{
    if (c == NULL)
        return KMS_OK;
    if (c->encryption_context_equals.present && c->encryption_context_subset.present)
        return kms_err(KMS_E_VALIDATION, "More than one constraint supplied");
    KMS_TRY(check_pairs("EncryptionContextEquals", &c->encryption_context_equals));
    KMS_TRY(check_pairs("EncryptionContextSubset", &c->encryption_context_subset));
    return kms_grant_no_service("the grant constraint SourceArn", c->source_arn);
}

static KMS_RC check_operations(struct kms_grant_operation_list operations)
{
    bool more = false;

    for (size_t i = 0; i < operations.n; i++)
        more = more || operations.v[i] != KMS_GRANT_OPERATION_CREATE_GRANT;
    if (operations.n == 0)
        return kms_err(
            KMS_E_VALIDATION,
            "1 validation error detected: Value '[]' at 'operations' failed to "
            "satisfy constraint: Member must have length greater than or equal "
            "to 1");
    return more ? KMS_OK
                : kms_err(KMS_E_VALIDATION,
                          "Grants must not contain only the CreateGrant operation.");
}

enum kms_rc kms_check_create_grant(const void *request)
{
    const struct kms_create_grant_in *in = request;

    KMS_TRY(
        kms_grant_no_service("GranteeServicePrincipal", in->grantee_service_principal));
    KMS_TRY(
        kms_grant_no_service("RetiringServicePrincipal", in->retiring_service_principal));
    if (in->grantee_principal.p == NULL)
        return missing("granteePrincipal");
    KMS_TRY(check_operations(in->operations));
    return check_constraints(in->constraints);
}

static KMS_RC constrain(const struct kms_key *key, const struct kms_grant_constraints *c,
                        struct kms_grant *g)
{
    if (c == NULL)
        return KMS_OK;
    if (c->encryption_context_equals.present) {
        g->constraint = KMS_GRANT_CONTEXT_EQUALS;
        g->pairs = c->encryption_context_equals;
    } else if (c->encryption_context_subset.present) {
        g->constraint = KMS_GRANT_CONTEXT_SUBSET;
        g->pairs = c->encryption_context_subset;
    }
    if (g->constraint != KMS_GRANT_UNCONSTRAINED &&
        key->spec != KMS_KEY_SPEC_SYMMETRIC_DEFAULT)
        return kms_err(KMS_E_VALIDATION,
                       "EncryptionContext is supported only when creating a grant for a "
                       "symmetric encryption KMS key.");
    return KMS_OK;
}

/* Everything but the id. */
static KMS_RC compose(struct kms_call *call, const struct kms_create_grant_in *in,
                      struct kms_grant *out)
{
    const struct kms_key *key = call->key;
    struct kms_grant g = {.key_row = key->row,
                          .key_arn = key->arn,
                          .region = key->region,
                          .name = in->name,
                          .issuer = call->caller.account,
                          .created_ms = call->now_ms};

    KMS_TRY(kms_grant_principal(call, in->grantee_principal,
                                "GranteePrincipal does not refer to a valid principal.",
                                &g.grantee));
    if (in->retiring_principal.p != NULL)
        KMS_TRY(kms_grant_principal(call, in->retiring_principal,
                                    "RetiringPrincipal does not refer to a valid "
                                    "principal.",
                                    &g.retiring));
    KMS_TRY(kms_grant_operations(key, in->operations, &g.operations));
    KMS_TRY(constrain(key, in->constraints, &g));
    *out = g;
    return KMS_OK;
}

static KMS_RC new_id(struct kms_call *call, struct kms_str *out)
{
    struct kms_bytes random;
    char text[KMS_GRANT_ID_LEN + 1];

    KMS_TRY(kms_keyring_random(call->arena, KMS_GRANT_ID_LEN / 2, &random));
    kms_hex_encode(random.p, random.n, text);
    return kms_arena_str(call->arena, kms_str_of(text), out);
}

static KMS_RC insert(struct kms_call *call, struct kms_grant *g)
{
    int64_t n;

    KMS_TRY(kms_grants_count(call->tx, g->key_row, &n));
    if (n >= KMS_GRANTS_PER_KEY)
        return kms_err(KMS_E_LIMIT_EXCEEDED,
                       "Grants per key quota for this account in this region is %d, "
                       "current usage is %lld.",
                       KMS_GRANTS_PER_KEY, (long long)n);
    KMS_TRY(new_id(call, &g->id));
    return kms_grants_insert(call->tx, g);
}

enum kms_rc kms_op_create_grant(struct kms_call *call,
                                const struct kms_create_grant_in *in,
                                struct kms_create_grant_out *out)
{
    struct kms_grant g, same;
    enum kms_rc rc = KMS_E_NOT_FOUND;

    KMS_TRY(compose(call, in, &g));
    /* A name makes the request safe to repeat; it identifies nothing. */
    if (g.name.p != NULL)
        rc = kms_grants_find(call->tx, &g, call->arena, &same);
    if (rc == KMS_OK)
        g.id = same.id;
    else if (rc == KMS_E_NOT_FOUND)
        KMS_TRY(insert(call, &g));
    else
        return rc;
    KMS_TRY(kms_grant_token_make(call, g.id, &out->grant_token));
    out->grant_id = g.id;
    return KMS_OK;
}
