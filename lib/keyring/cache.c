#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/rand.h"
#include "keyring/cache.h"

struct kms_cache {
    size_t max;
    int64_t ttl_ms;
    uint64_t seed; /* odd and secret: nobody can choose key ids that share a bucket */
    unsigned shift;
    pthread_mutex_t lock; /* everything below */
    LIST_HEAD(bucket, kms_material) * buckets;
    TAILQ_HEAD(by_use, kms_material) by_use;
    TAILQ_HEAD(by_age, kms_material) by_age;
    size_t n, weight;
    uint64_t hits, forgotten;
};

enum kms_rc kms_cache_new(size_t max, int64_t ttl_ms, struct kms_cache **out)
{
    KMS_AUTO(cache) c = calloc(1, sizeof *c);
    unsigned bits = 1;

    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for the key cache");
    pthread_mutex_init(&c->lock, NULL);
    TAILQ_INIT(&c->by_use);
    TAILQ_INIT(&c->by_age);
    while (((size_t)1 << bits) < max && bits < 24)
        bits++;
    c->max = max;
    c->ttl_ms = ttl_ms;
    c->shift = 64 - bits;
    c->buckets = calloc((size_t)1 << bits, sizeof *c->buckets);
    if (c->buckets == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for the key cache");
    KMS_TRY(kms_rand_secret((uint8_t *)&c->seed, sizeof c->seed));
    c->seed |= 1;
    *out = KMS_TAKE(c);
    return KMS_OK;
}

/* By key, so that all versions of one are found together. */
static struct bucket *bucket_of(struct kms_cache *c, const uint8_t uuid[KMS_UUID_LEN])
{
    uint64_t half[2];

    memcpy(half, uuid, sizeof half);
    return &c->buckets[((half[0] * c->seed) ^ half[1]) * c->seed >> c->shift];
}

static void drop(struct kms_cache *c, struct kms_material *m)
{
    LIST_REMOVE(m, bucket);
    TAILQ_REMOVE(&c->by_use, m, use);
    TAILQ_REMOVE(&c->by_age, m, age);
    c->n--;
    c->weight -= m->weight;
    kms_material_free(m);
}

static void drop_expired(struct kms_cache *c, int64_t now_ms)
{
    struct kms_material *m;

    while ((m = TAILQ_FIRST(&c->by_age)) != NULL &&
           (now_ms - m->unsealed_ms >= c->ttl_ms || now_ms < m->unsealed_ms))
        drop(c, m);
}

static struct kms_material *find(struct kms_cache *c, const uint8_t uuid[KMS_UUID_LEN],
                                 const uint8_t kmid[KMS_KMID_LEN])
{
    struct kms_material *m;

    LIST_FOREACH(m, bucket_of(c, uuid), bucket)
    {
        if (memcmp(m->kmid, kmid, KMS_KMID_LEN) == 0 &&
            memcmp(m->uuid, uuid, KMS_UUID_LEN) == 0)
            return m;
    }
    return NULL;
}

struct kms_material *kms_cache_get(struct kms_cache *c, const uint8_t uuid[KMS_UUID_LEN],
                                   const uint8_t kmid[KMS_KMID_LEN], uint64_t *ticket)
{
    int64_t now_ms = kms_clock_now_ms();
    struct kms_material *m;

    pthread_mutex_lock(&c->lock);
    drop_expired(c, now_ms);
    m = find(c, uuid, kmid);
    if (m != NULL) {
        c->hits++;
        TAILQ_REMOVE(&c->by_use, m, use);
        TAILQ_INSERT_HEAD(&c->by_use, m, use);
        kms_material_ref(m);
    }
    *ticket = c->forgotten;
    pthread_mutex_unlock(&c->lock);
    return m;
}

void kms_cache_put(struct kms_cache *c, struct kms_material *m, uint64_t ticket)
{
    int64_t now_ms = kms_clock_now_ms();

    pthread_mutex_lock(&c->lock);
    drop_expired(c, now_ms);
    if (ticket == c->forgotten && m->weight <= c->max &&
        find(c, m->uuid, m->kmid) == NULL) {
        while (c->weight > c->max - m->weight)
            drop(c, TAILQ_LAST(&c->by_use, by_use));
        m->unsealed_ms = now_ms;
        LIST_INSERT_HEAD(bucket_of(c, m->uuid), m, bucket);
        TAILQ_INSERT_HEAD(&c->by_use, m, use);
        TAILQ_INSERT_TAIL(&c->by_age, m, age);
        c->n++;
        c->weight += m->weight;
        kms_material_ref(m);
    }
    pthread_mutex_unlock(&c->lock);
}

void kms_cache_forget(struct kms_cache *c, const uint8_t *uuid)
{
    struct kms_material *m, *next;

    pthread_mutex_lock(&c->lock);
    c->forgotten++;
    if (uuid == NULL) {
        while ((m = TAILQ_FIRST(&c->by_age)) != NULL)
            drop(c, m);
    } else {
        for (m = LIST_FIRST(bucket_of(c, uuid)); m != NULL; m = next) {
            next = LIST_NEXT(m, bucket);
            if (memcmp(m->uuid, uuid, KMS_UUID_LEN) == 0)
                drop(c, m);
        }
    }
    pthread_mutex_unlock(&c->lock);
}

void kms_cache_count(struct kms_cache *c, size_t *cached, uint64_t *hits)
{
    int64_t now_ms = kms_clock_now_ms();

    pthread_mutex_lock(&c->lock);
    drop_expired(c, now_ms);
    *cached = c->n;
    *hits = c->hits;
    pthread_mutex_unlock(&c->lock);
}

void kms_cache_free(struct kms_cache *c)
{
    if (c == NULL)
        return;
    if (c->buckets != NULL)
        kms_cache_forget(c, NULL);
    pthread_mutex_destroy(&c->lock);
    free(c->buckets);
    free(c);
}
