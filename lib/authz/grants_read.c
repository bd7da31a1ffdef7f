#include <stddef.h>
#include <string.h>

#include "authz/grants_read.h"
#include "store/grants.h"

enum { PAGE = 1000 };

static enum kms_rc copy_map(const struct kms_str_map *from, struct kms_arena *a,
                            struct kms_str_map *out)
{
    struct kms_str_pair *v = kms_arena_alloc(a, from->n * sizeof *v);

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a grant");
    for (size_t i = 0; i < from->n; i++) {
        KMS_TRY(kms_arena_str(a, from->v[i].key, &v[i].key));
        KMS_TRY(kms_arena_str(a, from->v[i].value, &v[i].value));
    }
    *out = (struct kms_str_map){v, from->n, true};
    return KMS_OK;
}

static enum kms_rc constraint(const struct kms_grant *grant, struct kms_arena *a,
                              const struct kms_grant_constraints **out)
{
    struct kms_grant_constraints *c;

    if (grant->constraint == KMS_GRANT_UNCONSTRAINED)
        return KMS_OK;
    c = kms_arena_alloc(a, sizeof *c);
    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a grant");
    KMS_TRY(copy_map(&grant->pairs, a,
                     grant->constraint == KMS_GRANT_CONTEXT_EQUALS
                         ? &c->encryption_context_equals
                         : &c->encryption_context_subset));
    *out = c;
    return KMS_OK;
}

enum kms_rc kms_granted_facts(const struct kms_grant *grant, struct kms_arena *a,
                              struct kms_grant_facts *out)
{
    struct kms_grant_facts f = {.operations = grant->operations,
                                .needs = kms_grant_pair_bits(&grant->pairs)};
    struct kms_str grantee, retiring;

    KMS_TRY(kms_arena_str(a, grant->id, &f.id));
    KMS_TRY(kms_arena_str(a, grant->issuer, &f.issuing_account));
    KMS_TRY(kms_arena_str(a, grant->grantee, &grantee));
    KMS_TRY(kms_arena_str(a, grant->retiring, &retiring));
    KMS_TRY(constraint(grant, a, &f.constraints));
    if (!kms_who_parse(grantee, &f.grantee) ||
        (retiring.p != NULL && !kms_who_parse(retiring, &f.retiring)))
        return kms_err(KMS_E_STORE, "grant %.*s: its principals cannot be read",
                       KMS_FMT(grant->id));
    *out = f;
    return KMS_OK;
}

/* Facts that grow as pages come in. */
struct list {
    struct kms_grant_facts *v;
    size_t n, max, bytes;
};

/* About what a grant takes in an arena. */
static size_t size_of(const struct kms_grant *g)
{
    size_t texts = 3, n = g->id.n + g->issuer.n + g->grantee.n + g->retiring.n;

    for (size_t i = 0; i < g->pairs.n; i++) {
        texts += 3; /* the pair itself, too */
        n += g->pairs.v[i].key.n + g->pairs.v[i].value.n;
    }
    return n + texts * sizeof(max_align_t) + sizeof(struct kms_grant_constraints);
}

static enum kms_rc append(struct list *l, const struct kms_grant *grant,
                          struct kms_arena *a)
{
    if (l->n == l->max) {
        size_t max = l->max == 0 ? 4 : l->max * 2;
        struct kms_grant_facts *bigger = kms_arena_alloc(a, max * sizeof *bigger);

        if (bigger == NULL)
            return kms_err(KMS_E_NOMEM, "out of memory for grants");
        if (l->n != 0)
            memcpy(bigger, l->v, l->n * sizeof *bigger);
        l->v = bigger;
        l->max = max;
        l->bytes += max * sizeof *bigger;
    }
    KMS_TRY(kms_granted_facts(grant, a, &l->v[l->n]));
    l->n++;
    l->bytes += size_of(grant);
    return KMS_OK;
}

static enum kms_rc read_spelling(struct kms_tx *tx, int64_t key_row,
                                 struct kms_str grantee, struct kms_arena *a,
                                 struct list *l)
{
    struct kms_str after = {NULL, 0};
    bool more = true;

    while (more) {
        KMS_AUTO(arena) page = NULL;
        const struct kms_grant *grants;
        size_t n;

        KMS_TRY(kms_arena_new(&page));
        KMS_TRY(
            kms_grants_list(tx, key_row, grantee, after, PAGE, page, &grants, &n, &more));
        for (size_t i = 0; i < n; i++)
            KMS_TRY(append(l, &grants[i], a));
        if (n == 0)
            return KMS_OK;
        KMS_TRY(kms_arena_str(a, grants[n - 1].id, &after));
    }
    return KMS_OK;
}

enum kms_rc kms_granted_read(struct kms_tx *tx, int64_t key_row,
                             const struct kms_actor *actor, struct kms_arena *a,
                             struct kms_granted *out, size_t *bytes)
{
    struct list l = {0};

    for (size_t i = 0; i < actor->n_spellings; i++)
        KMS_TRY(read_spelling(tx, key_row, actor->spellings[i], a, &l));
    *out = (struct kms_granted){l.v, l.n};
    *bytes = l.bytes;
    return KMS_OK;
}
