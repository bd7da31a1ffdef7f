#include "base/buf.h"
#include "policy/decide.h"

struct kms_str kms_decision_reason(struct kms_arena *a, const struct kms_decision *d,
                                   struct kms_str action)
{
    static const char *const deniers[] = {
        [KMS_WHY_DENIED_KEY] = "a resource-based policy",
        [KMS_WHY_DENIED_IDENTITY] = "an identity-based policy",
        [KMS_WHY_DENIED_BOUNDARY] = "a permissions boundary",
        [KMS_WHY_DENIED_SESSION] = "a session policy",
        [KMS_WHY_NO_KEY] = "resource-based policy",
        [KMS_WHY_NO_IDENTITY] = "identity-based policy",
        [KMS_WHY_NO_BOUNDARY] = "permissions boundary",
        [KMS_WHY_NO_SESSION] = "session policy",
    };
    struct kms_str out = KMS_LIT("");
    enum kms_rc rc = KMS_OK;

    switch (d->why) {
    case KMS_WHY_ALLOWED:
        break;
    case KMS_WHY_UNFINISHED:
        out = KMS_LIT("because a policy could not be evaluated");
        break;
    case KMS_WHY_DENIED_KEY:
    case KMS_WHY_DENIED_IDENTITY:
    case KMS_WHY_DENIED_BOUNDARY:
    case KMS_WHY_DENIED_SESSION:
        rc = kms_arena_fmt(a, &out, "with an explicit deny in %s", deniers[d->why]);
        break;
    case KMS_WHY_NO_KEY:
    case KMS_WHY_NO_IDENTITY:
    case KMS_WHY_NO_BOUNDARY:
    case KMS_WHY_NO_SESSION:
        rc = kms_arena_fmt(a, &out, "because no %s allows the %.*s action",
                           deniers[d->why], KMS_FMT(action));
        break;
    }
    return rc == KMS_OK ? out : KMS_LIT("");
}

enum kms_rc kms_decision_rc(const struct kms_decision *d, const struct kms_decide *in)
{
    KMS_AUTO(arena) arena = NULL;
    const struct kms_policy_request *r = &in->request;
    struct kms_str reason;

    if (d->allowed)
        return KMS_OK;
    KMS_TRY(kms_arena_new(&arena));
    reason = kms_decision_reason(arena, d, r->action);
    return kms_err(KMS_E_ACCESS_DENIED,
                   "User: %.*s is not authorized to perform: %.*s on resource: %.*s %.*s",
                   KMS_FMT(r->principal->arn), KMS_FMT(r->action), KMS_FMT(r->resource),
                   KMS_FMT(reason));
}

enum kms_rc kms_decision_veiled(struct kms_str caller_arn, struct kms_str action,
                                struct kms_str where, struct kms_str reason)
{
    static const char any[] =
        "because the resource does not exist in this Region, no resource-based policies "
        "allow access, or a resource-based policy explicitly denies access";

    return kms_err(KMS_E_ACCESS_DENIED,
                   "User: %.*s is not authorized to perform: %.*s%.*s %.*s",
                   KMS_FMT(caller_arn), KMS_FMT(action), KMS_FMT(where),
                   KMS_FMT(reason.p != NULL ? reason : kms_str_of(any)));
}

/* " statement 2 "Sid"" of a policy, as far as there is one. */
static void add_statement(struct kms_buf *b, const struct kms_policy *policy,
                          int statement)
{
    struct kms_str sid;

    if (statement < 0)
        return;
    kms_buf_fmt(b, " statement %d", statement);
    sid = policy != NULL ? kms_policy_sid(policy, statement) : (struct kms_str){NULL, 0};
    if (sid.n != 0)
        kms_buf_fmt(b, " \"%.*s\"", KMS_FMT(sid));
}

static void add_named(struct kms_buf *b, const char *what,
                      const struct kms_named_policy *p, int statement)
{
    kms_buf_fmt(b, "%s %.*s", what, KMS_FMT(p->name));
    add_statement(b, p->policy, statement);
}

static void add_basis(struct kms_buf *b, const struct kms_decision *d,
                      const struct kms_decide *in)
{
    switch (d->by) {
    case KMS_BY_NOTHING:
        break;
    case KMS_BY_KEY_POLICY:
        kms_buf_z(b, "key policy");
        add_statement(b, in->key_policy, d->statement);
        break;
    case KMS_BY_IDENTITY:
        if (d->statement < 0 && d->allowed)
            kms_buf_z(b, "root");
        else
            add_named(b, "identity policy", &in->identity.v[d->index], d->statement);
        break;
    case KMS_BY_BOUNDARY:
        add_named(b, "permissions boundary", in->boundary, d->statement);
        break;
    case KMS_BY_SESSION:
        add_named(b, "session policy", &in->session.v[d->index], d->statement);
        break;
    case KMS_BY_GRANT:
        kms_buf_fmt(b, "grant %.*s", KMS_FMT(in->grants[d->index].id));
        break;
    }
    if (d->allowed && d->iam_index >= 0 && d->by != KMS_BY_IDENTITY) {
        kms_buf_z(b, ", ");
        add_named(b, "identity policy", &in->identity.v[d->iam_index], d->iam_statement);
    }
}

struct kms_str kms_decision_basis(struct kms_arena *a, const struct kms_decision *d,
                                  const struct kms_decide *in)
{
    KMS_AUTO_BUF b = {0};
    struct kms_str out = KMS_LIT("");

    add_basis(&b, d, in);
    if (kms_buf_ok(&b) != KMS_OK || kms_arena_str(a, kms_buf_text(&b), &out) != KMS_OK)
        return KMS_LIT("");
    return out;
}
