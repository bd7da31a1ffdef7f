#include "policy/decide.h"
#include "policy/trace.h"

/* What the policies say, and what follows for every path. */
struct scene {
    const struct kms_decide *in;
    struct kms_policy_request r;
    struct kms_policy_verdict key;
    bool iam, boundary, session; /* each lets the act pass */
    bool same; /* caller and key are of one account, or there is no key */
    bool service;
    bool settled; /* out says all: an explicit deny, or something unfinished */
    struct kms_decision *out;
};

/* A way to the key. */
struct path {
    enum kms_grade grade;
    bool stands_for_iam; /* a grant that was issued in the caller's account */
    enum kms_decided_by by;
    size_t index;
    int statement;
};

static bool is_same_account(const struct kms_decide *in)
{
    return in->key_account.p == NULL ||
           kms_str_eq(in->key_account, in->request.principal->account);
}

/* Note the first Deny, or that a policy could not be finished, which is as bad. */
static void note(struct scene *s, const struct kms_policy_verdict *v, enum kms_why why,
                 enum kms_decided_by by, size_t index)
{
    if (v->unfinished) {
        *s->out = (struct kms_decision){
            .why = KMS_WHY_UNFINISHED, .by = by, .index = index, .statement = -1};
        s->settled = true;
    } else if (v->deny >= 0 && !s->settled) {
        *s->out = (struct kms_decision){
            .why = why, .by = by, .index = index, .statement = v->deny};
        s->settled = true;
    }
}

static struct kms_policy_verdict ask(struct scene *s, const struct kms_policy *policy,
                                     const char *what, struct kms_str name)
{
    struct kms_policy_verdict v;

    kms_policy_say(s->r.trace, 0, "%s %.*s", what, KMS_FMT(name));
    kms_policy_evaluate(policy, &s->r, &v);
    return v;
}

static void ask_key_policy(struct scene *s)
{
    s->key = (struct kms_policy_verdict){.deny = -1, .allow = {-1, -1, -1}};
    if (s->in->key_account.p == NULL)
        return;
    if (s->in->key_policy == NULL) {
        kms_policy_say(s->r.trace, 0, "key policy: cannot be read, which denies");
        s->key.unfinished = true;
    } else {
        s->key = ask(s, s->in->key_policy, "key policy of", s->in->request.resource);
    }
    note(s, &s->key, KMS_WHY_DENIED_KEY, KMS_BY_KEY_POLICY, 0);
}

static void ask_identity(struct scene *s)
{
    s->iam = s->r.principal->kind == KMS_PRINCIPAL_ROOT;
    if (s->iam)
        kms_policy_say(s->r.trace, 0, "identity policies: root has all permissions");
    for (size_t i = 0; i < s->in->identity.n; i++) {
        const struct kms_named_policy *p = &s->in->identity.v[i];
        struct kms_policy_verdict v = ask(s, p->policy, "identity policy", p->name);

        note(s, &v, KMS_WHY_DENIED_IDENTITY, KMS_BY_IDENTITY, i);
        if (s->out->iam_index < 0 && !s->settled && kms_policy_allows(&v)) {
            s->iam = true;
            s->out->iam_index = (int)i;
            s->out->iam_statement = v.allow[KMS_GRADE_SELF];
        }
    }
}

static void ask_limits(struct scene *s)
{
    struct kms_policy_verdict v;

    s->boundary = s->in->boundary == NULL;
    if (!s->boundary) {
        v = ask(s, s->in->boundary->policy, "permissions boundary",
                s->in->boundary->name);
        note(s, &v, KMS_WHY_DENIED_BOUNDARY, KMS_BY_BOUNDARY, 0);
        s->boundary = kms_policy_allows(&v);
    }
    s->session = s->in->session.n == 0;
    for (size_t i = 0; i < s->in->session.n; i++) {
        const struct kms_named_policy *p = &s->in->session.v[i];

        v = ask(s, p->policy, "session policy", p->name);
        note(s, &v, KMS_WHY_DENIED_SESSION, KMS_BY_SESSION, i);
        s->session = s->session || kms_policy_allows(&v);
    }
}

/* True when nothing but paths is left to look at. */
static bool open_scene(struct scene *s, const struct kms_decide *in,
                       struct kms_decision *out)
{
    *out = (struct kms_decision){.statement = -1, .iam_index = -1, .iam_statement = -1};
    *s = (struct scene){.in = in, .r = in->request, .out = out};
    s->r.bounded = in->boundary != NULL;
    s->same = is_same_account(in);
    s->service = s->r.principal->kind == KMS_PRINCIPAL_SERVICE;
    ask_key_policy(s);
    ask_identity(s);
    ask_limits(s);
    return !s->settled;
}

static bool needs_iam(const struct scene *s, const struct path *p)
{
    return p->grade == KMS_GRADE_ACCOUNT || !(s->same || p->stands_for_iam);
}

static bool needs_limits(const struct scene *s, const struct path *p)
{
    return p->grade != KMS_GRADE_SELF || !(s->same || p->stands_for_iam);
}

/* The first thing that the path needs and lacks. */
static enum kms_why lacks(const struct scene *s, const struct path *p)
{
    if (s->service)
        return p->grade == KMS_GRADE_SELF ? KMS_WHY_ALLOWED : KMS_WHY_NO_KEY;
    if (needs_iam(s, p) && !s->iam)
        return KMS_WHY_NO_IDENTITY;
    if (needs_limits(s, p) && !s->boundary)
        return KMS_WHY_NO_BOUNDARY;
    if (needs_limits(s, p) && !s->session)
        return KMS_WHY_NO_SESSION;
    return KMS_WHY_ALLOWED;
}

/*
 * Try a path. When it fails, what it lacks is the reason unless an earlier one gave a
 * better: paths that do not need IAM go first, for the caller is nearer to those.
 */
static bool try_path(struct scene *s, const struct path *p, bool *near)
{
    enum kms_why why = lacks(s, p);
    bool nearer = !s->service && !needs_iam(s, p);

    if (why == KMS_WHY_ALLOWED) {
        s->out->allowed = true;
        s->out->why = why;
        s->out->by = p->by;
        s->out->index = p->index;
        s->out->statement = p->statement;
        s->out->grade = p->grade;
        if (s->service || !needs_iam(s, p))
            s->out->iam_index = s->out->iam_statement = -1;
        return true;
    }
    if (s->out->why == KMS_WHY_NO_KEY || (nearer && !*near))
        s->out->why = why;
    *near = *near || nearer;
    return false;
}

static bool try_key_policy(struct scene *s, bool *near)
{
    for (int g = 0; g < KMS_GRADES; g++) {
        struct path p = {(enum kms_grade)g, false, KMS_BY_KEY_POLICY, 0, s->key.allow[g]};

        if (p.statement >= 0 && try_path(s, &p, near))
            return true;
    }
    return false;
}

static bool issued_here(const struct scene *s, const struct kms_grant_facts *grant)
{
    return kms_str_eq(grant->issuing_account, s->r.principal->account);
}

static bool try_grant(struct scene *s, size_t index, enum kms_grade grade, bool *near)
{
    const struct kms_grant_facts *grant = &s->in->grants[index];
    struct path p = {grade, issued_here(s, grant), KMS_BY_GRANT, index, -1};

    if (grade == KMS_GRADE_NONE)
        return false;
    kms_policy_say(s->r.trace, 0, "grant %.*s: matches", KMS_FMT(grant->id));
    return try_path(s, &p, near);
}

/* The bits of what a request has not, where that keeps grants from matching. */
static uint64_t bits_lacking(const struct scene *s, enum kms_grant_operation operation)
{
    const struct kms_str_map *context =
        s->in->use != NULL ? &s->in->use->encryption_context : NULL;

    if (!kms_grant_looks_at_context(operation))
        return 0;
    return context != NULL ? ~kms_grant_pair_bits(context) : UINT64_MAX;
}

static bool try_grants(struct scene *s, bool *near)
{
    enum kms_grant_operation operation;
    uint64_t lacking;

    if (s->in->n_grants == 0)
        return false;
    operation = kms_grant_operation_of(s->r.action);
    lacking = bits_lacking(s, operation);
    for (size_t i = 0; i < s->in->n_grants; i++) {
        enum kms_grade g;

        if ((s->in->grants[i].needs & lacking) != 0)
            continue;
        g = kms_grant_match(&s->in->grants[i], &s->r, operation, s->in->use);
        if (try_grant(s, i, g, near))
            return true;
    }
    return false;
}

static void tell(const struct scene *s)
{
    KMS_AUTO(arena) arena = NULL;
    struct kms_str reason;

    if (s->r.trace == NULL || kms_arena_new(&arena) != KMS_OK)
        return;
    if (s->out->allowed) {
        reason = kms_decision_basis(arena, s->out, s->in);
        kms_policy_say(s->r.trace, 0, "allowed by %.*s", KMS_FMT(reason));
    } else {
        reason = kms_decision_reason(arena, s->out, s->r.action);
        kms_policy_say(s->r.trace, 0, "denied %.*s", KMS_FMT(reason));
    }
}

void kms_decide(const struct kms_decide *in, struct kms_decision *out)
{
    struct scene s;
    bool near = false;

    if (open_scene(&s, in, out)) {
        out->why = KMS_WHY_NO_KEY;
        if (in->key_account.p == NULL) {
            struct path p = {KMS_GRADE_ACCOUNT, false, KMS_BY_IDENTITY,
                             out->iam_index < 0 ? 0 : (size_t)out->iam_index,
                             out->iam_statement};

            (void)try_path(&s, &p, &near);
        } else if (!try_key_policy(&s, &near)) {
            (void)try_grants(&s, &near);
        }
    }
    tell(&s);
}

/* The grades in which a caller may retire a grant, in the order of RULES.md 7.4. */
static bool try_retire(struct scene *s, bool *near)
{
    const struct kms_grant_facts *grant = &s->in->grants[0];
    const struct kms_principal *caller = s->r.principal;
    enum kms_grade g = KMS_GRADE_NONE;

    if (grant->retiring.text.p != NULL && grant->retiring.form != KMS_WHO_EVERYBODY)
        g = kms_who_grade(&grant->retiring, caller);
    if (try_grant(s, 0, g, near))
        return true;
    g = KMS_GRADE_NONE;
    if (grant->operations & KMS_GRANT_BIT(KMS_GRANT_OPERATION_RETIRE_GRANT) &&
        grant->grantee.form != KMS_WHO_EVERYBODY)
        g = kms_who_grade(&grant->grantee, caller);
    if (try_grant(s, 0, g, near))
        return true;
    if (s->service || !(issued_here(s, grant) || s->same))
        return false;
    return try_grant(s, 0, KMS_GRADE_ACCOUNT, near);
}

void kms_decide_retire(const struct kms_decide *in, struct kms_decision *out)
{
    struct scene s;
    bool near = false;

    if (open_scene(&s, in, out)) {
        out->why = KMS_WHY_NO_KEY;
        (void)try_retire(&s, &near);
    }
    tell(&s);
}

enum kms_rc kms_decide_lockout(const struct kms_decide *in,
                               const struct kms_policy *proposed)
{
    struct kms_decide again = *in;
    struct kms_decision decision;

    again.key_policy = proposed;
    again.request.action = KMS_LIT("kms:PutKeyPolicy");
    again.n_grants = 0;
    kms_decide(&again, &decision);
    if (!decision.allowed)
        return kms_err(
            KMS_E_MALFORMED_POLICY_DOCUMENT,
            "The new key policy will not allow you to update the key policy in "
            "the future.");
    return KMS_OK;
}
