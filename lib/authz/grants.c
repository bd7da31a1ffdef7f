#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "authz/grants_read.h"

/*
 * A pair of key and caller has one place; whoever comes next with it throws it out. All
 * together take no more than BYTES_MAX: as many grants for one caller as a key can have,
 * and to spare. Beyond that the places are emptied in turn.
 */
enum { PLACES = 1024, BLOCK = 512 };
static const size_t BYTES_MAX = (size_t)64 << 20;

struct granted {
    struct kms_granted is; /* first */
    atomic_int refs;
    struct kms_arena *arena;
    size_t bytes;
    int64_t key_row;
    uint64_t epoch;
    struct kms_str spellings[KMS_ACTOR_SPELLINGS];
    size_t n_spellings;
    struct granted *next; /* among those that were taken out, which nobody finds */
};

struct kms_granted_cache {
    pthread_mutex_t lock; /* of all that follows */
    struct granted *places[PLACES];
    size_t bytes; /* of what is in places */
    size_t hand;  /* the place to be emptied next */
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

/* Empty a place; the caller gives up what was in it, without the lock. */
static struct granted *take_out(struct kms_granted_cache *c, struct granted **place)
{
    struct granted *old = *place;

    if (old != NULL)
        c->bytes -= old->bytes;
    *place = NULL;
    return old;
}

/* What has to go for g to come, as a list; g is put into its place unless it is older. */
static struct granted *replace(struct kms_granted_cache *c, struct granted *g,
                               struct granted **place)
{
    struct granted *gone = NULL;

    if (*place != NULL && (*place)->epoch > g->epoch)
        return NULL;
    gone = take_out(c, place);
    while (c->bytes + g->bytes > BYTES_MAX) {
        struct granted *old = take_out(c, &c->places[c->hand]);

        c->hand = (c->hand + 1) % PLACES;
        if (old == NULL)
            continue;
        old->next = gone;
        gone = old;
    }
    *place = g;
    c->bytes += g->bytes;
    atomic_fetch_add(&g->refs, 1);
    return gone;
}

static void keep(struct kms_granted_cache *c, struct granted *g,
                 const struct kms_actor *actor)
{
    struct granted *gone;

    if (g->bytes > BYTES_MAX)
        return;
    pthread_mutex_lock(&c->lock);
    gone = replace(c, g, place_of(c, g->key_row, actor));
    pthread_mutex_unlock(&c->lock);
    while (gone != NULL) {
        struct granted *next = gone->next;

        kms_granted_free(&gone->is);
        gone = next;
    }
}

/* The spellings too: a caller whose entry changed has others. */
static enum kms_rc fill(struct granted *g, struct kms_tx *tx,
                        const struct kms_actor *actor)
{
    KMS_TRY(kms_arena_new_of(BLOCK, &g->arena));
    for (size_t i = 0; i < actor->n_spellings; i++)
        KMS_TRY(kms_arena_str(g->arena, actor->spellings[i], &g->spellings[i]));
    g->n_spellings = actor->n_spellings;
    return kms_granted_read(tx, g->key_row, actor, g->arena, &g->is, &g->bytes);
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
    rc = fill(g, tx, actor);
    if (rc != KMS_OK) {
        kms_granted_free(&g->is);
        return rc;
    }
    if (!writes)
        keep(c, g, actor);
    *out = &g->is;
    return KMS_OK;
}
