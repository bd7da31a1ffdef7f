#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "authz/policies.h"

/* A policy has one place, and whoever comes next with that place throws it out. */
enum { SHARDS = 16, SHARD_BYTES = 4 * 1024 * 1024 };

struct entry {
    uint64_t hash;
    char *text;
    size_t n;
    const struct kms_policy *policy;
};

struct shard {
    pthread_mutex_t lock; /* of what follows */
    size_t bytes;         /* of all entries: no more than SHARD_BYTES */
    struct entry *entries;
};

struct kms_policies {
    uint64_t seed; /* nobody can aim texts at one place */
    size_t per_shard;
    struct shard shards[SHARDS];
};

static void clear(struct entry *e)
{
    kms_policy_unref(e->policy);
    free(e->text);
    *e = (struct entry){0};
}

void kms_policies_free(struct kms_policies *p)
{
    if (p == NULL)
        return;
    for (size_t s = 0; s < SHARDS; s++) {
        for (size_t i = 0; p->shards[s].entries != NULL && i < p->per_shard; i++)
            clear(&p->shards[s].entries[i]);
        free(p->shards[s].entries);
        pthread_mutex_destroy(&p->shards[s].lock);
    }
    free(p);
}

enum kms_rc kms_policies_new(size_t max, struct kms_policies **out)
{
    KMS_AUTO(policies) p = calloc(1, sizeof *p);

    if (p == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for policies");
    for (size_t s = 0; s < SHARDS; s++)
        pthread_mutex_init(&p->shards[s].lock, NULL);
    p->per_shard = max / SHARDS + 1;
    for (size_t s = 0; s < SHARDS; s++) {
        p->shards[s].entries = calloc(p->per_shard, sizeof *p->shards[s].entries);
        if (p->shards[s].entries == NULL)
            return kms_err(KMS_E_NOMEM, "out of memory for policies");
    }
    if (getrandom(&p->seed, sizeof p->seed, 0) != (ssize_t)sizeof p->seed)
        return kms_err(KMS_E_IO, "no random number for the policies");
    *out = KMS_TAKE(p);
    return KMS_OK;
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

/* Texts are compared in the end: this only spreads them. */
static uint64_t hash_of(const struct kms_policies *p, struct kms_str text)
{
    uint64_t h = p->seed ^ text.n, word;
    size_t i = 0;

    for (; i + sizeof word <= text.n; i += sizeof word) {
        memcpy(&word, text.p + i, sizeof word);
        h = mix(h ^ word);
    }
    word = 0;
    memcpy(&word, text.p + i, text.n - i);
    return mix(h ^ word);
}

static bool is(const struct entry *e, uint64_t hash, struct kms_str text)
{
    return e->policy != NULL && e->hash == hash && e->n == text.n &&
           memcmp(e->text, text.p, text.n) == 0;
}

static size_t size_of(const struct entry *e)
{
    return e->policy != NULL ? e->n + kms_policy_size(e->policy) : 0;
}

/* A copy of text and a reference; without room the policy is compiled again next time.
 */
static void keep(struct shard *shard, struct entry *e, uint64_t hash, struct kms_str text,
                 const struct kms_policy *policy)
{
    size_t left = shard->bytes - size_of(e);
    size_t size = text.n + kms_policy_size(policy);
    char *copy = left + size <= SHARD_BYTES ? malloc(text.n + 1) : NULL;

    if (copy == NULL)
        return;
    shard->bytes = left + size;
    memcpy(copy, text.p, text.n);
    clear(e);
    *e = (struct entry){hash, copy, text.n, kms_policy_ref(policy)};
}

const struct kms_policy *kms_policies_get(struct kms_policies *p, struct kms_str text)
{
    uint64_t hash = hash_of(p, text);
    struct shard *shard = &p->shards[hash % SHARDS];
    struct entry *e = &shard->entries[hash / SHARDS % p->per_shard];
    const struct kms_policy *found = NULL;

    pthread_mutex_lock(&shard->lock);
    if (is(e, hash, text))
        found = kms_policy_ref(e->policy);
    pthread_mutex_unlock(&shard->lock);
    if (found != NULL)
        return found;
    if (kms_policy_compile(text, KMS_POLICY_KEY, &found) != KMS_OK)
        return NULL;
    pthread_mutex_lock(&shard->lock);
    if (!is(e, hash, text))
        keep(shard, e, hash, text, found);
    pthread_mutex_unlock(&shard->lock);
    return found;
}
