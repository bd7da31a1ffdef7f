#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "authz/identities.h"
#include "policy/who.h"

struct kms_identities {
    atomic_int refs;
    struct kms_arena *arena;
    struct kms_named_policy *policies; /* those of the spec, then the one of open */
    size_t n_policies;
    struct kms_identity *v; /* in order of ARN */
    size_t n;
    bool open;
};

static const char everything[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
    "\"Action\":\"*\",\"Resource\":\"*\"}]}";

void kms_identities_free(struct kms_identities *ids)
{
    if (ids == NULL || atomic_fetch_sub(&ids->refs, 1) > 1)
        return;
    for (size_t i = 0; i < ids->n_policies; i++)
        kms_policy_unref(ids->policies[i].policy);
    kms_arena_free(ids->arena);
    free(ids);
}

struct kms_identities *kms_identities_ref(struct kms_identities *ids)
{
    if (ids != NULL)
        atomic_fetch_add(&ids->refs, 1);
    return ids;
}

/* A fault, with words. */
static enum kms_rc wrong(struct kms_identities_fault *fault, int list, size_t at,
                         const char *member, size_t item)
{
    fault->list = list;
    fault->at = at;
    fault->member = member;
    fault->item = item;
    return KMS_E_CONFIG;
}

static enum kms_rc add_policy(struct kms_identities *ids, struct kms_str name,
                              struct kms_str document)
{
    struct kms_named_policy *p = &ids->policies[ids->n_policies];

    KMS_TRY(kms_policy_compile(document, KMS_POLICY_IDENTITY, &p->policy));
    ids->n_policies++;
    return kms_arena_str(ids->arena, name, &p->name);
}

static const struct kms_named_policy *policy_of(const struct kms_identities *ids,
                                                struct kms_str name)
{
    for (size_t i = 0; i < ids->n_policies; i++)
        if (kms_str_eq(ids->policies[i].name, name))
            return &ids->policies[i];
    return NULL;
}

static enum kms_rc add_policies(struct kms_identities *ids,
                                const struct kms_identities_spec *spec,
                                struct kms_identities_fault *fault)
{
    ids->policies =
        kms_arena_alloc(ids->arena, (spec->n_policies + 1) * sizeof *ids->policies);
    if (ids->policies == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for policies");
    for (size_t i = 0; i < spec->n_policies; i++) {
        const struct kms_policy_spec *p = &spec->policies[i];
        enum kms_rc rc;

        if (p->name.n == 0 || policy_of(ids, p->name) != NULL) {
            (void)kms_err(KMS_E_CONFIG,
                          p->name.n == 0 ? "a policy needs a name"
                                         : "another policy is called \"%.*s\"",
                          KMS_FMT(p->name));
            return wrong(fault, KMS_FAULT_POLICY, i, "name", 0);
        }
        rc = add_policy(ids, p->name, p->document);
        if (rc == KMS_E_MALFORMED_POLICY_DOCUMENT) {
            (void)kms_err(KMS_E_CONFIG, "policy \"%.*s\" is no identity policy document",
                          KMS_FMT(p->name));
            return wrong(fault, KMS_FAULT_POLICY, i, "document", 0);
        }
        KMS_TRY(rc);
    }
    return spec->open ? add_policy(ids, KMS_LIT("dev"), kms_str_of(everything)) : KMS_OK;
}

/* "user/div/alice" is a user called alice. */
static bool split(const struct kms_who *who, struct kms_str arn, struct kms_identity *out)
{
    const char *resource = NULL;
    size_t colons = 0, slash = 0;

    for (size_t i = 0; i < arn.n && resource == NULL; i++)
        if (arn.p[i] == ':' && ++colons == 5)
            resource = arn.p + i + 1;
    if (resource == NULL)
        return false;
    out->account = (struct kms_str){resource - 13, 12};
    out->name = (struct kms_str){resource, (size_t)(arn.p + arn.n - resource)};
    if (who->form == KMS_WHO_ROOT)
        out->kind = KMS_IDENTITY_ACCOUNT;
    else if (kms_str_starts(out->name, "user/"))
        out->kind = KMS_IDENTITY_USER;
    else if (kms_str_starts(out->name, "role/"))
        out->kind = KMS_IDENTITY_ROLE;
    else
        return false;
    for (size_t i = 0; i < out->name.n; i++)
        if (out->name.p[i] == '/')
            slash = i + 1;
    out->name = kms_str_skip(out->name, slash);
    return true;
}

static enum kms_rc take_tags(struct kms_identities *ids,
                             const struct kms_identity_spec *spec, size_t at,
                             struct kms_identities_fault *fault, struct kms_identity *out)
{
    struct kms_identity_tag *tags =
        kms_arena_alloc(ids->arena, spec->n_tags * sizeof *tags);

    if (tags == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for tags");
    for (size_t i = 0; i < spec->n_tags; i++) {
        for (size_t k = 0; k < i; k++)
            if (kms_str_eq(tags[k].key, spec->tags[i].key)) {
                (void)kms_err(KMS_E_CONFIG, "tag \"%.*s\" is there twice",
                              KMS_FMT(tags[k].key));
                return wrong(fault, KMS_FAULT_IDENTITY, at, "tags", i);
            }
        KMS_TRY(kms_arena_str(ids->arena, spec->tags[i].key, &tags[i].key));
        KMS_TRY(kms_arena_str(ids->arena, spec->tags[i].value, &tags[i].value));
    }
    out->tags = tags;
    out->n_tags = spec->n_tags;
    return KMS_OK;
}

static enum kms_rc take_policies(struct kms_identities *ids,
                                 const struct kms_identity_spec *spec, size_t at,
                                 struct kms_identities_fault *fault,
                                 struct kms_identity *out)
{
    struct kms_named_policy *v =
        kms_arena_alloc(ids->arena, spec->n_policies * sizeof *v);

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for policies");
    for (size_t i = 0; i < spec->n_policies; i++) {
        const struct kms_named_policy *p = policy_of(ids, spec->policies[i]);

        if (p == NULL) {
            (void)kms_err(KMS_E_CONFIG, "no policy is called \"%.*s\"",
                          KMS_FMT(spec->policies[i]));
            return wrong(fault, KMS_FAULT_IDENTITY, at, "policies", i);
        }
        v[i] = *p; /* borrowed from ids */
    }
    out->policies = (struct kms_named_policies){v, spec->n_policies};
    if (spec->boundary.p == NULL)
        return KMS_OK;
    out->boundary = policy_of(ids, spec->boundary);
    if (out->boundary != NULL)
        return KMS_OK;
    (void)kms_err(KMS_E_CONFIG, "no policy is called \"%.*s\"", KMS_FMT(spec->boundary));
    return wrong(fault, KMS_FAULT_IDENTITY, at, "boundary", 0);
}

static bool id_fits(const struct kms_identity *who, struct kms_str id)
{
    struct kms_who parsed;

    return id.p == NULL ||
           (kms_who_parse(id, &parsed) && parsed.form == KMS_WHO_UNIQUE_ID &&
            kms_str_starts(id, who->kind == KMS_IDENTITY_ROLE ? "AROA" : "AIDA") &&
            who->kind != KMS_IDENTITY_ACCOUNT);
}

/* Sessions name a role without its path, so that name has to be unique. */
static bool clash(const struct kms_identity *a, const struct kms_identity *b)
{
    return kms_str_eq(a->arn, b->arn) ||
           (a->unique_id.p != NULL && b->unique_id.p != NULL &&
            kms_str_eq(a->unique_id, b->unique_id)) ||
           (a->kind == b->kind && kms_str_eq(a->account, b->account) &&
            kms_str_eq(a->name, b->name));
}

static enum kms_rc take_identity(struct kms_identities *ids,
                                 const struct kms_identity_spec *spec, size_t at,
                                 struct kms_identities_fault *fault)
{
    struct kms_identity *out = &ids->v[at];
    struct kms_who who;

    KMS_TRY(kms_arena_str(ids->arena, spec->arn, &out->arn));
    KMS_TRY(kms_arena_str(ids->arena, spec->id, &out->unique_id));
    if (out->arn.p == NULL || !kms_who_parse(out->arn, &who) ||
        !split(&who, out->arn, out)) {
        (void)kms_err(KMS_E_CONFIG,
                      "\"%.*s\" is not like arn:aws:iam::111122223333:user/alice",
                      KMS_FMT(spec->arn));
        return wrong(fault, KMS_FAULT_IDENTITY, at, "arn", 0);
    }
    if (!id_fits(out, out->unique_id)) {
        (void)kms_err(
            KMS_E_CONFIG,
            "\"%.*s\" is not AIDA (of a user) or AROA (of a role) and 12 to 124 "
            "capitals or digits",
            KMS_FMT(spec->id));
        return wrong(fault, KMS_FAULT_IDENTITY, at, "id", 0);
    }
    KMS_TRY(take_policies(ids, spec, at, fault, out));
    return take_tags(ids, spec, at, fault, out);
}

static int by_arn(const void *a, const void *b)
{
    return kms_str_cmp(((const struct kms_identity *)a)->arn,
                       ((const struct kms_identity *)b)->arn);
}

static int by_name(const void *a, const void *b)
{
    const struct kms_identity *x = *(const struct kms_identity *const *)a;
    const struct kms_identity *y = *(const struct kms_identity *const *)b;
    int order = kms_str_cmp(x->account, y->account);

    if (order == 0)
        order = (int)x->kind - (int)y->kind;
    return order != 0 ? order : kms_str_cmp(x->name, y->name);
}

static int by_id(const void *a, const void *b)
{
    return kms_str_cmp((*(const struct kms_identity *const *)a)->unique_id,
                       (*(const struct kms_identity *const *)b)->unique_id);
}

/* Two entries for one principal: the later of the file is at fault. */
static enum kms_rc find_clash(struct kms_identities *ids,
                              int (*order)(const void *, const void *),
                              struct kms_identities_fault *fault)
{
    const struct kms_identity **p = kms_arena_alloc(ids->arena, ids->n * sizeof *p);

    if (p == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    for (size_t i = 0; i < ids->n; i++)
        p[i] = &ids->v[i];
    qsort(p, ids->n, sizeof *p, order);
    for (size_t i = 1; i < ids->n; i++) {
        const struct kms_identity *last = p[i] > p[i - 1] ? p[i] : p[i - 1];

        if (!clash(p[i - 1], p[i]))
            continue;
        (void)kms_err(KMS_E_CONFIG, "another entry has the ARN, name or id of %.*s",
                      KMS_FMT(last->arn));
        return wrong(fault, KMS_FAULT_IDENTITY, (size_t)(last - ids->v), "arn", 0);
    }
    return KMS_OK;
}

static enum kms_rc add_identities(struct kms_identities *ids,
                                  const struct kms_identities_spec *spec,
                                  struct kms_identities_fault *fault)
{
    ids->v = kms_arena_alloc(ids->arena, spec->n_identities * sizeof *ids->v);
    if (ids->v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    ids->n = spec->n_identities;
    for (size_t i = 0; i < ids->n; i++)
        KMS_TRY(take_identity(ids, &spec->identities[i], i, fault));
    KMS_TRY(find_clash(ids, by_name, fault));
    KMS_TRY(find_clash(ids, by_id, fault));
    qsort(ids->v, ids->n, sizeof *ids->v, by_arn);
    return KMS_OK;
}

enum kms_rc kms_identities_new(const struct kms_identities_spec *spec,
                               struct kms_identities_fault *fault,
                               struct kms_identities **out)
{
    KMS_AUTO(identities) ids = calloc(1, sizeof *ids);

    if (ids == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    atomic_init(&ids->refs, 1);
    ids->open = spec->open;
    KMS_TRY(kms_arena_new(&ids->arena));
    KMS_TRY(add_policies(ids, spec, fault));
    KMS_TRY(add_identities(ids, spec, fault));
    *out = KMS_TAKE(ids);
    return KMS_OK;
}

const struct kms_identity *kms_identities_find(const struct kms_identities *ids,
                                               struct kms_str arn)
{
    const struct kms_identity wanted = {.arn = arn};

    return ids->n == 0 ? NULL : bsearch(&wanted, ids->v, ids->n, sizeof wanted, by_arn);
}

const struct kms_identity *kms_identities_role(const struct kms_identities *ids,
                                               struct kms_str account,
                                               struct kms_str name)
{
    for (size_t i = 0; i < ids->n; i++)
        if (ids->v[i].kind == KMS_IDENTITY_ROLE && kms_str_eq(ids->v[i].name, name) &&
            kms_str_eq(ids->v[i].account, account))
            return &ids->v[i];
    return NULL;
}

bool kms_identities_open(const struct kms_identities *ids)
{
    return ids->open;
}

struct kms_named_policies kms_identities_everything(const struct kms_identities *ids)
{
    return (struct kms_named_policies){&ids->policies[ids->n_policies - 1],
                                       ids->open ? 1 : 0};
}

size_t kms_identities_count(const struct kms_identities *ids)
{
    return ids->n;
}
