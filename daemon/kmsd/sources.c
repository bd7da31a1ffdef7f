#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "kmsd/sources.h"

enum { PLACES = 4096 };

/* Tokens are counted in millionths, so that a microsecond yields per_s of them. */
struct bucket {
    int64_t tokens_e6;
    int64_t at_us;
};

struct kms_sources {
    unsigned per_s;
    uint64_t seed; /* so that nobody can choose who shares a place with whom */
    pthread_mutex_t lock;
    struct bucket places[PLACES]; /* under lock */
};

void kms_sources_free(struct kms_sources *s)
{
    if (s == NULL)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s);
}

enum kms_rc kms_sources_new(unsigned per_s, struct kms_sources **out)
{
    KMS_AUTO(sources) s = calloc(1, sizeof *s);

    if (s == NULL || pthread_mutex_init(&s->lock, NULL) != 0)
        return kms_err(KMS_E_NOMEM, "out of memory for the listener");
    s->per_s = per_s;
    if (getrandom(&s->seed, sizeof s->seed, 0) != (ssize_t)sizeof s->seed)
        return kms_err(KMS_E_IO, "no random numbers from the system");
    *out = KMS_TAKE(s);
    return KMS_OK;
}

/* A keyed multiply and shift (Dietzfelbinger) over the words of the address. */
static size_t place_of(const struct kms_sources *s, const struct sockaddr *sa)
{
    uint64_t words[2] = {0, 0};
    uint64_t h = s->seed;

    if (sa->sa_family == AF_INET)
        memcpy(words, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
    else if (sa->sa_family == AF_INET6)
        /* A site has at least a /64: count those, or one host has 2^64 buckets. */
        memcpy(words, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 8);
    for (int i = 0; i < 2; i++) {
        h = (h ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return (size_t)(h >> 40) % PLACES;
}

bool kms_sources_admit(struct kms_sources *s, const struct sockaddr *sa, int64_t now_us)
{
    const int64_t one_e6 = 1000000;
    const int64_t full_e6 = 2 * one_e6 * s->per_s;
    struct bucket *b;
    bool ok;

    if (s->per_s == 0)
        return true;
    pthread_mutex_lock(&s->lock);
    b = &s->places[place_of(s, sa)];
    if (b->at_us == 0 || now_us - b->at_us > 2 * one_e6)
        b->tokens_e6 = full_e6;
    else
        b->tokens_e6 += (now_us - b->at_us) * s->per_s;
    if (b->tokens_e6 > full_e6)
        b->tokens_e6 = full_e6;
    b->at_us = now_us;
    ok = b->tokens_e6 >= one_e6;
    if (ok)
        b->tokens_e6 -= one_e6;
    pthread_mutex_unlock(&s->lock);
    return ok;
}
