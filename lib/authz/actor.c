#include <string.h>

#include "authz/actor.h"

/* Fields of arn:<partition>:<service>::<account>:<resource>. */
struct parts {
    struct kms_str partition, service, account, resource;
};

static bool split(struct kms_str arn, struct parts *out)
{
    struct kms_str field[6], rest = arn;

    for (int i = 0; i < 5; i++) {
        const char *colon = rest.n != 0 ? memchr(rest.p, ':', rest.n) : NULL;

        if (colon == NULL)
            return false;
        field[i] = (struct kms_str){rest.p, (size_t)(colon - rest.p)};
        rest = kms_str_skip(rest, field[i].n + 1);
    }
    *out = (struct parts){field[1], field[2], field[4], rest};
    return true;
}

/* What follows the last slash. */
static struct kms_str last_part(struct kms_str s)
{
    size_t at = 0;

    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '/')
            at = i + 1;
    return kms_str_skip(s, at);
}

static struct kms_str after(struct kms_str s, const char *prefix)
{
    return kms_str_skip(s, strlen(prefix));
}

/* assumed-role/<role>/<session> */
static enum kms_rc role_session(const struct kms_identities *ids, const struct parts *p,
                                struct kms_arena *a, const struct kms_identity **found,
                                struct kms_actor *out)
{
    struct kms_str rest = after(p->resource, "assumed-role/");

    out->principal.kind = KMS_PRINCIPAL_ROLE;
    out->session = last_part(rest);
    out->name = (struct kms_str){rest.p, rest.n - out->session.n - 1};
    *found = kms_identities_role(ids, p->account, out->name);
    if (*found == NULL)
        return kms_arena_fmt(a, &out->principal.parent_arn,
                             "arn:%.*s:iam::%.*s:role/%.*s", KMS_FMT(p->partition),
                             KMS_FMT(p->account), KMS_FMT(out->name));
    out->principal.parent_arn = (*found)->arn;
    return KMS_OK;
}

/* What the ARN says, and whose entry counts. */
static enum kms_rc classify(const struct kms_identities *ids, const struct parts *p,
                            struct kms_str arn, struct kms_arena *a,
                            const struct kms_identity **found, struct kms_actor *out)
{
    if (kms_str_is(p->resource, "root")) {
        out->principal.kind = KMS_PRINCIPAL_ROOT;
    } else if (kms_str_starts(p->resource, "user/")) {
        out->principal.kind = KMS_PRINCIPAL_USER;
        out->name = last_part(p->resource);
        *found = kms_identities_find(ids, arn);
    } else if (kms_str_starts(p->resource, "assumed-role/")) {
        return role_session(ids, p, a, found, out);
    } else {
        /* federated-user/<name>: its own rights only, no user stands behind it here. */
        out->principal.kind = KMS_PRINCIPAL_FEDERATED;
        out->session = last_part(p->resource);
    }
    return KMS_OK;
}

static enum kms_rc spell(struct kms_actor *out, const struct parts *p,
                         struct kms_arena *a)
{
    struct kms_str root;

    KMS_TRY(kms_arena_fmt(a, &root, "arn:%.*s:iam::%.*s:root", KMS_FMT(p->partition),
                          KMS_FMT(p->account)));
    out->spellings[out->n_spellings++] = root;
    if (out->principal.kind != KMS_PRINCIPAL_ROOT)
        out->spellings[out->n_spellings++] = out->principal.arn;
    if (out->principal.parent_arn.p != NULL)
        out->spellings[out->n_spellings++] = out->principal.parent_arn;
    if (out->principal.unique_id.p != NULL)
        out->spellings[out->n_spellings++] = out->principal.unique_id;
    return KMS_OK;
}

static enum kms_rc account_root(const struct parts *p, struct kms_arena *a,
                                struct kms_str *out)
{
    return kms_arena_fmt(a, out, "arn:%.*s:iam::%.*s:root", KMS_FMT(p->partition),
                         KMS_FMT(p->account));
}

static enum kms_rc take_rights(const struct kms_identities *ids, const struct parts *p,
                               const struct kms_identity *found, struct kms_arena *a,
                               struct kms_actor *out)
{
    struct kms_str root;

    if (found == NULL && out->principal.kind != KMS_PRINCIPAL_ROOT) {
        KMS_TRY(account_root(p, a, &root));
        found = kms_identities_find(ids, root);
    }
    out->listed = found != NULL;
    if (found != NULL) {
        out->principal.unique_id = found->unique_id;
        out->identity = found->policies;
        out->boundary = found->boundary;
        out->tags = found->tags;
        out->n_tags = found->n_tags;
    } else if (kms_identities_open(ids)) {
        out->identity = kms_identities_everything(ids);
    }
    return KMS_OK;
}

static enum kms_rc take_session(const struct kms_actor_session *session,
                                struct kms_arena *a, struct kms_actor *out)
{
    struct kms_named_policy *p;

    out->issued_ms = session->issued_ms;
    if (session->policy == NULL)
        return KMS_OK;
    p = kms_arena_alloc(a, sizeof *p);
    if (p == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a session");
    *p = (struct kms_named_policy){KMS_LIT("session"), session->policy};
    out->session_policies = (struct kms_named_policies){p, 1};
    return KMS_OK;
}

enum kms_rc kms_actor_of(const struct kms_identities *ids, struct kms_str arn,
                         const struct kms_actor_session *session, struct kms_arena *a,
                         struct kms_actor *out)
{
    struct kms_actor actor = {0};
    const struct kms_identity *found = NULL;
    struct kms_who who;
    struct parts p;

    if (!kms_who_parse(arn, &who) ||
        (who.form != KMS_WHO_ARN && who.form != KMS_WHO_ROOT) || !split(arn, &p) ||
        kms_str_starts(p.resource, "role/"))
        return kms_err(KMS_E_ACCESS_DENIED, "%.*s cannot call: it is no user or session",
                       KMS_FMT(arn));
    actor.principal.arn = arn;
    actor.principal.account = p.account;
    KMS_TRY(classify(ids, &p, arn, a, &found, &actor));
    KMS_TRY(take_rights(ids, &p, found, a, &actor));
    KMS_TRY(spell(&actor, &p, a));
    KMS_TRY(take_session(session, a, &actor));
    *out = actor;
    return KMS_OK;
}
