#include "policy/model.h"
#include "policy/trace.h"

/* Actions are far shorter; one that is not is in no policy. */
enum { ACTION_MAX = 128 };

/* A request on its way through a policy. */
struct walk {
    const struct kms_policy_request *r;
    struct kms_str action; /* in lower case */
    struct kms_glob_env env;
};

/* What one statement says. */
struct outcome {
    enum kms_truth truth;
    enum kms_grade grade;
    const char *miss; /* what does not match, if false; what is undecided */
};

static bool matches_action(struct walk *w, const struct kms_statement *s)
{
    bool hit = false;

    for (uint32_t i = 0; i < s->actions.n && !hit; i++)
        hit = kms_glob_match(&s->actions.v[i], w->action, &w->env) == KMS_MATCH_YES;
    return hit != s->not_action;
}

/* Undecided: the element is NotResource, and what it excludes is not known. */
static enum kms_truth matches_resource(struct walk *w, const struct kms_statement *s)
{
    bool hit = false, unknown = false;

    for (uint32_t i = 0; i < s->resources.n && !hit; i++) {
        enum kms_match m = kms_glob_match(&s->resources.v[i], w->r->resource, &w->env);

        hit = m == KMS_MATCH_YES;
        unknown = unknown || m == KMS_MATCH_NO_VALUE;
    }
    if (!s->not_resource)
        return hit ? KMS_TRUE : KMS_FALSE;
    if (hit)
        return KMS_FALSE;
    return unknown ? KMS_UNDECIDED : KMS_TRUE;
}

static enum kms_grade best_grade(const struct walk *w, const struct kms_statement *s)
{
    enum kms_grade best = KMS_GRADE_NONE;

    for (uint32_t i = 0; i < s->n_principals; i++) {
        enum kms_grade g = kms_who_grade(&s->principals[i], w->r->principal);

        best = g < best ? g : best;
    }
    return best;
}

static enum kms_grade matches_principal(const struct walk *w,
                                        const struct kms_statement *s)
{
    bool spared;

    if (s->n_principals == 0)
        return KMS_GRADE_SELF; /* an identity policy is the caller's own */
    if (!s->not_principal)
        return best_grade(w, s);
    spared =
        kms_who_spares(s->principals, s->n_principals, w->r->principal, w->r->bounded);
    return spared ? KMS_GRADE_NONE : KMS_GRADE_SELF;
}

static struct outcome judge(struct walk *w, const struct kms_statement *s)
{
    struct outcome out = {KMS_FALSE, KMS_GRADE_NONE, "has no effect"};
    enum kms_truth resource, condition;

    if (!s->has_action || !s->has_resource)
        return out;
    out.miss = "action";
    if (!matches_action(w, s))
        return out;
    out.miss = "principal";
    out.grade = matches_principal(w, s);
    if (out.grade == KMS_GRADE_NONE)
        return out;
    out.miss = "resource";
    resource = matches_resource(w, s);
    if (resource == KMS_FALSE)
        return out;
    condition = kms_condition_holds(s->conditions, s->n_conditions, &w->env);
    if (condition != KMS_TRUE || resource == KMS_TRUE)
        out.miss = "condition";
    out.truth = condition == KMS_TRUE ? resource : condition;
    return out;
}

static void tell(const struct walk *w, const struct kms_statement *s, uint32_t number,
                 const struct outcome *o)
{
    static const char *const grades[] = {"", " (by its role)", " (by its account)", ""};
    const char *effect = s->deny ? "Deny" : "Allow";

    if (w->r->trace == NULL)
        return;
    if (o->truth == KMS_TRUE)
        kms_policy_say(w->r->trace, 1, "statement %u \"%.*s\" %s: applies%s", number,
                       KMS_FMT(s->sid), effect, grades[o->grade]);
    else if (o->truth == KMS_UNDECIDED)
        kms_policy_say(
            w->r->trace, 1, "statement %u \"%.*s\" %s: %s cannot be decided: %s", number,
            KMS_FMT(s->sid), effect, o->miss, s->deny ? "applies" : "does not apply");
    else
        kms_policy_say(w->r->trace, 1, "statement %u \"%.*s\" %s: %s%s", number,
                       KMS_FMT(s->sid), effect, o->miss,
                       s->has_action && s->has_resource ? " does not match" : "");
}

/* Is there nothing to learn from s any more? Whoever listens wants to hear all. */
static bool is_settled(const struct walk *w, const struct kms_statement *s,
                       const struct kms_policy_verdict *v)
{
    return w->r->trace == NULL &&
           (v->deny >= 0 || (!s->deny && v->allow[KMS_GRADE_SELF] >= 0));
}

static void evaluate(const struct kms_policy *p, struct walk *w,
                     struct kms_policy_verdict *out)
{
    for (uint32_t i = 0; i < p->n; i++) {
        const struct kms_statement *s = &p->v[i];
        struct outcome o;

        if (is_settled(w, s, out))
            continue;
        o = judge(w, s);
        tell(w, s, i, &o);
        if (s->deny) {
            if (o.truth != KMS_FALSE && out->deny < 0)
                out->deny = (int)i;
        } else if (o.truth == KMS_TRUE && out->allow[o.grade] < 0) {
            out->allow[o.grade] = (int)i;
        }
    }
}

void kms_policy_evaluate(const struct kms_policy *p, const struct kms_policy_request *r,
                         struct kms_policy_verdict *out)
{
    char lower[ACTION_MAX];
    struct walk w = {
        .r = r,
        .env = {&r->context, p->kind == KMS_POLICY_KEY, KMS_POLICY_FUEL},
    };

    *out = (struct kms_policy_verdict){.deny = -1, .allow = {-1, -1, -1}};
    if (r->action.n > sizeof lower) {
        out->unfinished = true;
        return;
    }
    kms_ckey_lower(lower, r->action.p, r->action.n);
    w.action = (struct kms_str){lower, r->action.n};
    evaluate(p, &w, out);
    out->unfinished = w.env.fuel == 0;
    if (out->unfinished)
        kms_policy_say(r->trace, 1, "could not be evaluated in the time it may take");
}
