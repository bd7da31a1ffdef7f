#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "authz/grants.h"
#include "store/grants.h"

/*
 * A pair of key and caller has one place; whoever comes next with it throws it out. Who
 * has more grants on one key than KEPT_MAX has them read again each time.
 */
enum { PLACES = 1024, PAGE = 1000, KEPT_MAX = 500, BLOCK = 512 };

struct granted {
    struct kms_granted is; /* first */
    atomic_int refs;
    struct kms_arena *arena;
    int64_t key_row;
    uint64_t epoch;
    struct kms_str spellings[KMS_ACTOR_SPELLINGS];
    size_t n_spellings;
};

struct kms_granted_cache {
    pthread_mutex_t lock; /* of places */
    struct granted *places[PLACES];
};

void kms_granted_free(struct kms_granted *is)
{
    struct granted *g = (struct granted *)is;

    if (g == NULL || atomic_fetch_sub(&g->refs, 1) > 1)
        return;
    kms_arena_free(g->arena);
    free(g);
}

void kms_granted_cache_free(struct kms_granted_cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++)
        if (c->places[i] != NULL)
            kms_granted_free(&c->places[i]->is);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

enum kms_rc kms_granted_cache_new(struct kms_granted_cache **out)
{
    struct kms_granted_cache *c = calloc(1, sizeof *c);

    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for grants");
    pthread_mutex_init(&c->lock, NULL);
    *out = c;
    return KMS_OK;
}

static struct granted **place_of(struct kms_granted_cache *c, int64_t key_row,
                                 const struct kms_actor *actor)
{
    uint64_t h = (uint64_t)key_row * UINT64_C(0x9e3779b97f4a7c15);

    for (size_t i = 0; i < actor->principal.arn.n; i++)
        h = (h ^ (unsigned char)actor->principal.arn.p[i]) * UINT64_C(0x100000001b3);
    return &c->places[(h ^ h >> 32) % PLACES];
}

/* The same key, asked about by the same spellings of a caller. */
static bool fits(const struct granted *g, int64_t key_row, const struct kms_actor *actor)
{
    if (g == NULL || g->key_row != key_row || g->n_spellings != actor->n_spellings)
        return false;
    for (size_t i = 0; i < g->n_spellings; i++)
        if (!kms_str_eq(g->spellings[i], actor->spellings[i]))
            return false;
    return true;
}

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
    struct kms_grant_facts f = {.operations = grant->operations};
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
    size_t n, max;
};

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
    }
    KMS_TRY(kms_granted_facts(grant, a, &l->v[l->n]));
    l->n++;
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

static enum kms_rc read_all(struct kms_tx *tx, const struct kms_actor *actor,
                            struct granted *g)
{
    struct list l = {0};

    for (size_t i = 0; i < actor->n_spellings; i++) {
        KMS_TRY(read_spelling(tx, g->key_row, actor->spellings[i], g->arena, &l));
        KMS_TRY(kms_arena_str(g->arena, actor->spellings[i], &g->spellings[i]));
    }
    g->n_spellings = actor->n_spellings;
    g->is = (struct kms_granted){l.v, l.n};
    return KMS_OK;
}

static struct kms_granted *lookup(struct kms_granted_cache *c, uint64_t epoch,
                                  int64_t key_row, const struct kms_actor *actor)
{
    struct granted *g;
    struct kms_granted *found = NULL;

    pthread_mutex_lock(&c->lock);
    g = *place_of(c, key_row, actor);
    if (fits(g, key_row, actor) && g->epoch >= epoch) {
        atomic_fetch_add(&g->refs, 1);
        found = &g->is;
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

static void keep(struct kms_granted_cache *c, struct granted *g,
                 const struct kms_actor *actor)
{
    struct granted **place, *old = g;

    if (g->is.n > KEPT_MAX)
        return;
    pthread_mutex_lock(&c->lock);
    place = place_of(c, g->key_row, actor);
    if (*place == NULL || (*place)->epoch <= g->epoch) {
        old = *place;
        *place = g;
        atomic_fetch_add(&g->refs, 1);
    }
    pthread_mutex_unlock(&c->lock);
    if (old != g && old != NULL)
        kms_granted_free(&old->is);
}

enum kms_rc kms_granted_get(struct kms_granted_cache *c, struct kms_tx *tx,
                            uint64_t epoch, int64_t key_row,
                            const struct kms_actor *actor, struct kms_granted **out)
{
    bool writes = kms_tx_writes(tx);
    struct kms_granted *found = writes ? NULL : lookup(c, epoch, key_row, actor);
    struct granted *g;
    enum kms_rc rc;

    if (found != NULL) {
        *out = found;
        return KMS_OK;
    }
    g = calloc(1, sizeof *g);
    if (g == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for grants");
    atomic_init(&g->refs, 1);
    g->key_row = key_row;
    g->epoch = epoch;
    rc = kms_arena_new_of(BLOCK, &g->arena);
    if (rc == KMS_OK)
        rc = read_all(tx, actor, g);
    if (rc != KMS_OK) {
        kms_granted_free(&g->is);
        return rc;
    }
    if (!writes)
        keep(c, g, actor);
    *out = &g->is;
    return KMS_OK;
}
