#include <stdlib.h>
#include <string.h>

#include "authz/authz.h"
#include "authz/context.h"
#include "authz/policies.h"

enum { POLICIES_MAX = 4096 };

struct kms_authz {
    struct kms_policies *policies;
    struct kms_granted_cache *grants;
};

void kms_authz_free(struct kms_authz *z)
{
    if (z == NULL)
        return;
    kms_policies_free(z->policies);
    kms_granted_cache_free(z->grants);
    free(z);
}

enum kms_rc kms_authz_new(struct kms_authz **out)
{
    KMS_AUTO(authz) z = calloc(1, sizeof *z);

    if (z == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for decisions");
    KMS_TRY(kms_policies_new(POLICIES_MAX, &z->policies));
    KMS_TRY(kms_granted_cache_new(&z->grants));
    *out = KMS_TAKE(z);
    return KMS_OK;
}

/* What a decision is made of; the context points into itself. */
struct question {
    struct kms_authz_context context;
    struct kms_grant_use use;
    struct kms_decide decide;
};

static void open_question(struct question *q, const struct kms_authz_request *r,
                          const struct kms_authz_ask *ask)
{
    const struct kms_actor *actor = r->actor;
    struct kms_str resource = ask->resource;

    if (resource.p == NULL)
        resource = ask->key != NULL ? ask->key->arn : KMS_LIT("*");
    *q = (struct question){.context = {.r = r, .ask = ask}};
    q->use.encryption_context = kms_authz_encryption_context(r, ask);
    q->decide = (struct kms_decide){
        .request = {.principal = &actor->principal,
                    .action = kms_str_of(ask->action),
                    .resource = resource,
                    .context = {kms_authz_find, &q->context},
                    .trace = r->trace},
        .identity = actor->identity,
        .boundary = actor->boundary,
        .session = actor->session_policies,
        .use = &q->use,
    };
    if (ask->key != NULL)
        q->decide.key_account = ask->key->account;
}

/* CreateGrant: what the new grant is to be, for grants that may only hand on less. */
static void add_child(struct question *q, const struct kms_authz_request *r)
{
    const struct kms_create_grant_in *in = r->in;

    if (r->op == NULL || r->op->index != KMS_OP_CREATE_GRANT || in == NULL)
        return;
    for (size_t i = 0; i < in->operations.n; i++)
        q->use.child_operations |= KMS_GRANT_BIT(in->operations.v[i]);
    q->use.child_constraints = in->constraints;
}

static bool key_refused(enum kms_why why)
{
    return why == KMS_WHY_NO_KEY || why == KMS_WHY_DENIED_KEY ||
           why == KMS_WHY_UNFINISHED;
}

typedef void decide_fn(const struct kms_decide *in, struct kms_decision *out);

/* Whether the key would have the caller if only the caller's own policies let it. */
static bool key_welcomes(const struct question *q, decide_fn *decide)
{
    struct kms_decide in = q->decide;
    struct kms_decision d;

    in.identity = in.session = (struct kms_named_policies){0};
    in.boundary = NULL;
    in.request.trace = NULL;
    decide(&in, &d);
    return !key_refused(d.why);
}

/* Who is denied by policies of its own must not learn by that of a key it never had. */
static bool may_hear_why(const struct question *q, const struct kms_decision *d,
                         decide_fn *decide)
{
    switch (d->why) {
    case KMS_WHY_DENIED_IDENTITY:
    case KMS_WHY_DENIED_BOUNDARY:
    case KMS_WHY_DENIED_SESSION:
        return key_welcomes(q, decide);
    default:
        return !key_refused(d->why);
    }
}

/* What decided, else why nothing did. */
static struct kms_str basis_of(struct kms_arena *a, const struct kms_decision *d,
                               const struct kms_decide *in)
{
    struct kms_str basis = kms_decision_basis(a, d, in);

    return basis.n != 0 ? basis : kms_decision_reason(a, d, in->request.action);
}

static enum kms_rc conclude(const struct question *q, const struct kms_decision *d,
                            decide_fn *decide, struct kms_str *basis)
{
    const struct kms_authz_ask *ask = q->context.ask;
    struct kms_str reason = {NULL, 0};

    KMS_TRY(q->context.rc);
    *basis = basis_of(q->context.r->arena, d, &q->decide);
    if (d->allowed || ask->veiled.p == NULL)
        return kms_decision_rc(d, &q->decide);
    if (may_hear_why(q, d, decide))
        reason = kms_decision_reason(q->context.r->arena, d, q->decide.request.action);
    return kms_decision_veiled(q->decide.request.principal->arn, q->decide.request.action,
                               ask->veiled, reason);
}

/* Whether grants could make a difference to what the policies alone gave. */
static bool grants_matter(const struct question *q, const struct kms_decision *d)
{
    return q->decide.key_account.p != NULL && !d->allowed && d->by == KMS_BY_NOTHING &&
           kms_grant_operation_of(q->decide.request.action) != KMS_GRANT_OPERATION_NONE;
}

/* Policies first: where they suffice, or deny, nobody looks for grants. */
static enum kms_rc decide(struct kms_authz *z, struct question *q,
                          struct kms_granted **grants, struct kms_decision *d)
{
    const struct kms_authz_request *r = q->context.r;
    const struct kms_policy_trace *trace = r->trace;

    q->decide.request.trace = NULL;
    kms_decide(&q->decide, d);
    if (grants_matter(q, d)) {
        KMS_TRY(kms_granted_get(z->grants, r->tx, r->epoch, q->context.ask->key->row,
                                r->actor, grants));
        q->decide.grants = (*grants)->v;
        q->decide.n_grants = (*grants)->n;
        add_child(q, r);
    }
    if (q->decide.n_grants == 0 && trace == NULL)
        return KMS_OK;
    q->decide.request.trace = trace;
    kms_decide(&q->decide, d);
    return KMS_OK;
}

enum kms_rc kms_authz_check(struct kms_authz *z, const struct kms_authz_request *r,
                            const struct kms_authz_ask *ask, struct kms_str *basis)
{
    KMS_AUTO_POLICY policy = NULL;
    KMS_AUTO(granted) grants = NULL;
    struct kms_decision d;
    struct question q;

    open_question(&q, r, ask);
    if (ask->key != NULL)
        policy = kms_policies_get(z->policies, ask->key->policy);
    q.decide.key_policy = policy;
    KMS_TRY(decide(z, &q, &grants, &d));
    return conclude(&q, &d, kms_decide, basis);
}

enum kms_rc kms_authz_retire(struct kms_authz *z, const struct kms_authz_request *r,
                             const struct kms_authz_ask *ask,
                             const struct kms_grant *grant, struct kms_str *basis)
{
    KMS_AUTO_POLICY policy = kms_policies_get(z->policies, ask->key->policy);
    struct kms_grant_facts facts;
    struct kms_decision d;
    struct question q;

    KMS_TRY(kms_granted_facts(grant, r->arena, &facts));
    open_question(&q, r, ask);
    q.decide.key_policy = policy;
    q.decide.grants = &facts;
    q.decide.n_grants = 1;
    kms_decide_retire(&q.decide, &d);
    return conclude(&q, &d, kms_decide_retire, basis);
}

enum kms_rc kms_authz_lockout(struct kms_authz *z, const struct kms_authz_request *r,
                              struct kms_str resource, struct kms_str proposed)
{
    const struct kms_authz_ask ask = {.action = "kms:PutKeyPolicy", .resource = resource};
    KMS_AUTO_POLICY policy = kms_policies_get(z->policies, proposed);
    struct question q;

    open_question(&q, r, &ask);
    q.decide.key_account = r->actor->principal.account;
    KMS_TRY(kms_decide_lockout(&q.decide, policy));
    return q.context.rc;
}
