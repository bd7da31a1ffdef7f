#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/aliascache.h"

enum { PLACES = 4096 };

struct entry {
    uint64_t epoch; /* of the snapshot that showed it */
    char id[KMS_KEY_ID_MAX + 1];
    struct kms_alias_name alias; /* points into text */
    char text[];
};

struct kms_aliascache {
    pthread_mutex_t lock; /* of places */
    struct entry *places[PLACES];
};

enum kms_rc kms_aliascache_new(struct kms_aliascache **out)
{
    struct kms_aliascache *c = calloc(1, sizeof *c);

    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for the cache of aliases");
    pthread_mutex_init(&c->lock, NULL);
    *out = c;
    return KMS_OK;
}

void kms_aliascache_free(struct kms_aliascache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++)
        free(c->places[i]);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static uint64_t hash_add(uint64_t h, struct kms_str s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static struct entry **place_of(struct kms_aliascache *c, const struct kms_alias_name *a)
{
    uint64_t h = hash_add(UINT64_C(0xcbf29ce484222325), a->account);

    h = hash_add(hash_add(h, a->region), a->name);
    return &c->places[(h ^ h >> 32) % PLACES];
}

static bool same(const struct kms_alias_name *a, const struct kms_alias_name *b)
{
    return kms_str_eq(a->account, b->account) && kms_str_eq(a->region, b->region) &&
           kms_str_eq(a->name, b->name);
}

bool kms_aliascache_get(struct kms_aliascache *c, const struct kms_alias_name *alias,
                        uint64_t least, uint64_t most, char id[KMS_KEY_ID_MAX + 1])
{
    const struct entry *e;
    bool known;

    pthread_mutex_lock(&c->lock);
    e = *place_of(c, alias);
    known = e != NULL && e->epoch >= least && e->epoch <= most && same(&e->alias, alias);
    if (known)
        memcpy(id, e->id, sizeof e->id);
    pthread_mutex_unlock(&c->lock);
    return known;
}

static struct kms_str copy(char **at, struct kms_str s)
{
    struct kms_str out = {*at, s.n};

    memcpy(*at, s.p, s.n);
    *at += s.n;
    return out;
}

static struct entry *entry_of(const struct kms_alias_name *a, uint64_t epoch,
                              struct kms_str id)
{
    struct entry *e = calloc(1, sizeof *e + a->account.n + a->region.n + a->name.n);
    char *at;

    if (e == NULL || id.n > KMS_KEY_ID_MAX) {
        free(e);
        return NULL;
    }
    at = e->text;
    e->epoch = epoch;
    memcpy(e->id, id.p, id.n);
    e->alias.account = copy(&at, a->account);
    e->alias.region = copy(&at, a->region);
    e->alias.name = copy(&at, a->name);
    return e;
}

void kms_aliascache_put(struct kms_aliascache *c, const struct kms_alias_name *alias,
                        uint64_t epoch, struct kms_str id)
{
    struct entry *e = entry_of(alias, epoch, id), **place;

    if (e == NULL)
        return;
    pthread_mutex_lock(&c->lock);
    place = place_of(c, alias);
    if (*place == NULL || (*place)->epoch <= epoch) {
        struct entry *before = *place;

        *place = e;
        e = before;
    }
    pthread_mutex_unlock(&c->lock);
    free(e);
}
