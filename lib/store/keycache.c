#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/keycache.h"

enum { STAMPS = 1024 };

struct entry {
    const struct kms_key *key;
    uint64_t from, until; /* epochs: valid in [from, until) */
    uint64_t id_hash, uuid_hash;
    struct entry *id_next, *uuid_next; /* of the same bucket */
    struct entry *newer, *older;       /* by last use */
};

struct kms_keycache {
    pthread_mutex_t lock; /* guards everything below */
    size_t max, n;
    size_t mask; /* buckets - 1 */
    struct entry **by_id, **by_uuid;
    struct entry *newest, *oldest;
    /* By id hash: the epoch at which a key of this hash changed last. */
    uint64_t ended[STAMPS];
    uint64_t hits, misses;
};

/* FNV-1a over lengths and bytes. Ids are made by the daemon, so nobody aims at it. */
static uint64_t hash_add(uint64_t h, const void *p, size_t n)
{
    const uint8_t *b = p;

    h = (h ^ n) * 0x100000001b3u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * 0x100000001b3u;
    return h;
}

static uint64_t hash_start(struct kms_str region)
{
    return hash_add(0xcbf29ce484222325u, region.p, region.n);
}

static uint64_t hash_id(struct kms_str account, struct kms_str region, struct kms_str id)
{
    uint64_t h = hash_start(region);

    h = hash_add(h, account.p, account.n);
    h = hash_add(h, id.p, id.n);
    return h ^ h >> 32;
}

static uint64_t hash_uuid(struct kms_str region, const uint8_t uuid[KMS_UUID_LEN])
{
    uint64_t h = hash_add(hash_start(region), uuid, KMS_UUID_LEN);

    return h ^ h >> 32;
}

enum kms_rc kms_keycache_new(size_t max, struct kms_keycache **out)
{
    struct kms_keycache *c = calloc(1, sizeof *c);
    size_t buckets = 64;

    while (buckets < max)
        buckets *= 2;
    if (c != NULL) {
        c->max = max;
        c->mask = buckets - 1;
        c->by_id = calloc(buckets, sizeof(struct entry *));
        c->by_uuid = calloc(buckets, sizeof(struct entry *));
        pthread_mutex_init(&c->lock, NULL);
    }
    if (c == NULL || c->by_id == NULL || c->by_uuid == NULL) {
        kms_keycache_free(c);
        return kms_err(KMS_E_NOMEM, "out of memory for the cache of keys");
    }
    *out = c;
    return KMS_OK;
}

static void link_newest(struct kms_keycache *c, struct entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    if (c->newest != NULL)
        c->newest->newer = e;
    else
        c->oldest = e;
    c->newest = e;
}

static void unlink_use(struct kms_keycache *c, struct entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &c->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &c->oldest) = e->newer;
}

static void drop(struct kms_keycache *c, struct entry *e)
{
    struct entry **p = &c->by_id[e->id_hash & c->mask];

    while (*p != e)
        p = &(*p)->id_next;
    *p = e->id_next;
    p = &c->by_uuid[e->uuid_hash & c->mask];
    while (*p != e)
        p = &(*p)->uuid_next;
    *p = e->uuid_next;
    unlink_use(c, e);
    c->n--;
    kms_key_unref(e->key);
    free(e);
}

void kms_keycache_free(struct kms_keycache *c)
{
    if (c == NULL)
        return;
    while (c->newest != NULL)
        drop(c, c->newest);
    pthread_mutex_destroy(&c->lock);
    free(c->by_id);
    free(c->by_uuid);
    free(c);
}

static struct entry *find_id(struct kms_keycache *c, uint64_t hash,
                             struct kms_str account, struct kms_str region,
                             struct kms_str id)
{
    struct entry *e = c->by_id[hash & c->mask];

    while (e != NULL &&
           !(e->id_hash == hash && kms_str_eq(e->key->id, id) &&
             kms_str_eq(e->key->account, account) && kms_str_eq(e->key->region, region)))
        e = e->id_next;
    return e;
}

static struct entry *find_uuid(struct kms_keycache *c, uint64_t hash,
                               struct kms_str region, const uint8_t uuid[KMS_UUID_LEN])
{
    struct entry *e = c->by_uuid[hash & c->mask];

    while (e != NULL &&
           !(e->uuid_hash == hash && memcmp(e->key->uuid, uuid, KMS_UUID_LEN) == 0 &&
             kms_str_eq(e->key->region, region)))
        e = e->uuid_next;
    return e;
}

static enum kms_keycache_answer answer(struct kms_keycache *c, struct entry *e,
                                       uint64_t epoch, const struct kms_key **out)
{
    if (e != NULL && epoch == KMS_KEYCACHE_NOW && e->until != UINT64_MAX)
        return KMS_KEYCACHE_UNSURE;
    if (e == NULL ||
        (epoch != KMS_KEYCACHE_NOW && (epoch < e->from || epoch >= e->until))) {
        c->misses++;
        return KMS_KEYCACHE_MISS;
    }
    if (e != c->newest) {
        unlink_use(c, e);
        link_newest(c, e);
    }
    c->hits++;
    *out = kms_key_ref(e->key);
    return KMS_KEYCACHE_HIT;
}

enum kms_keycache_answer kms_keycache_by_id(struct kms_keycache *c,
                                            struct kms_str account, struct kms_str region,
                                            struct kms_str id, uint64_t epoch,
                                            const struct kms_key **out)
{
    uint64_t hash = hash_id(account, region, id);
    enum kms_keycache_answer a;

    pthread_mutex_lock(&c->lock);
    a = answer(c, find_id(c, hash, account, region, id), epoch, out);
    pthread_mutex_unlock(&c->lock);
    return a;
}

enum kms_keycache_answer kms_keycache_by_uuid(struct kms_keycache *c,
                                              struct kms_str region,
                                              const uint8_t uuid[KMS_UUID_LEN],
                                              uint64_t epoch, const struct kms_key **out)
{
    uint64_t hash = hash_uuid(region, uuid);
    enum kms_keycache_answer a;

    pthread_mutex_lock(&c->lock);
    a = answer(c, find_uuid(c, hash, region, uuid), epoch, out);
    pthread_mutex_unlock(&c->lock);
    return a;
}

static void insert(struct kms_keycache *c, const struct kms_key *k, uint64_t hash,
                   uint64_t epoch)
{
    struct entry *e = malloc(sizeof *e);
    struct entry **id, **uuid;

    if (e == NULL)
        return;
    *e = (struct entry){.key = kms_key_ref(k),
                        .from = epoch,
                        .until = UINT64_MAX,
                        .id_hash = hash,
                        .uuid_hash = hash_uuid(k->region, k->uuid)};
    id = &c->by_id[e->id_hash & c->mask];
    uuid = &c->by_uuid[e->uuid_hash & c->mask];
    e->id_next = *id;
    e->uuid_next = *uuid;
    *id = *uuid = e;
    link_newest(c, e);
    if (++c->n > c->max)
        drop(c, c->oldest);
}

void kms_keycache_put(struct kms_keycache *c, const struct kms_key *k, uint64_t epoch)
{
    uint64_t hash = hash_id(k->account, k->region, k->id);
    struct entry *e;

    if (c->max == 0)
        return;
    pthread_mutex_lock(&c->lock);
    if (epoch >= c->ended[hash % STAMPS]) {
        e = find_id(c, hash, k->account, k->region, k->id);
        if (e != NULL && e->until == UINT64_MAX) {
            /* Another reader was faster; both saw the same, this one perhaps earlier. */
            if (epoch < e->from)
                e->from = epoch;
        } else {
            if (e != NULL)
                drop(c, e);
            insert(c, k, hash, epoch);
        }
    }
    pthread_mutex_unlock(&c->lock);
}

void kms_keycache_end(struct kms_keycache *c, struct kms_str account,
                      struct kms_str region, struct kms_str id, uint64_t epoch)
{
    uint64_t hash = hash_id(account, region, id);
    struct entry *e;

    pthread_mutex_lock(&c->lock);
    c->ended[hash % STAMPS] = epoch;
    e = find_id(c, hash, account, region, id);
    if (e != NULL && e->until == UINT64_MAX)
        e->until = epoch;
    pthread_mutex_unlock(&c->lock);
}

void kms_keycache_drop(struct kms_keycache *c, struct kms_str account,
                       struct kms_str region, struct kms_str id)
{
    uint64_t hash = hash_id(account, region, id);
    struct entry *e;

    pthread_mutex_lock(&c->lock);
    e = find_id(c, hash, account, region, id);
    if (e != NULL && e->until != UINT64_MAX)
        drop(c, e);
    pthread_mutex_unlock(&c->lock);
}

void kms_keycache_counts(struct kms_keycache *c, uint64_t *hits, uint64_t *misses)
{
    pthread_mutex_lock(&c->lock);
    *hits = c->hits;
    *misses = c->misses;
    pthread_mutex_unlock(&c->lock);
}
