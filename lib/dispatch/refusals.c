#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/refusals.h"

enum { ENTRIES = 1024, TEXT_MAX = 64, MINUTE_MS = 60000 };

struct entry {
    char source[TEXT_MAX], reason[TEXT_MAX];
    int64_t minute_ms;
    uint64_t count;
};

struct kms_refusals {
    pthread_mutex_t lock;
    struct entry entries[ENTRIES]; /* under lock, in order of first count */
    size_t n;                      /* under lock */
};

enum kms_rc kms_refusals_new(struct kms_refusals **out)
{
    struct kms_refusals *r = calloc(1, sizeof *r);

    if (r == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    pthread_mutex_init(&r->lock, NULL);
    *out = r;
    return KMS_OK;
}

void kms_refusals_free(struct kms_refusals *r)
{
    if (r == NULL)
        return;
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct entry *find(struct kms_refusals *r, const char *source, const char *reason,
                          int64_t minute_ms)
{
    for (size_t i = r->n; i-- > 0;) {
        struct entry *e = &r->entries[i];

        if (e->minute_ms == minute_ms && strcmp(e->source, source) == 0 &&
            strcmp(e->reason, reason) == 0)
            return e;
    }
    return NULL;
}

void kms_refusals_count(struct kms_refusals *r, struct kms_str source, const char *reason,
                        int64_t now_ms)
{
    int64_t minute_ms = now_ms - now_ms % MINUTE_MS;
    struct entry fresh = {.minute_ms = minute_ms};
    struct entry *e;

    memcpy(fresh.source, source.p != NULL ? source.p : "",
           source.n < TEXT_MAX ? source.n : TEXT_MAX - 1);
    memcpy(fresh.reason, reason, strnlen(reason, TEXT_MAX - 1));
    pthread_mutex_lock(&r->lock);
    e = find(r, fresh.source, fresh.reason, minute_ms);
    if (e == NULL && r->n < ENTRIES - 1) {
        r->entries[r->n] = fresh;
        e = &r->entries[r->n++];
    } else if (e == NULL) {
        /* The last place counts everyone for whom there is no other. */
        e = &r->entries[ENTRIES - 1];
        if (r->n < ENTRIES) {
            *e = (struct entry){.source = "other", .reason = "other",
                                .minute_ms = minute_ms};
            r->n = ENTRIES;
        }
    }
    e->count++;
    pthread_mutex_unlock(&r->lock);
}

static enum kms_rc copy_out(const struct entry *e, struct kms_arena *a,
                            struct kms_refusal *out)
{
    struct kms_refusal f = {.minute_ms = e->minute_ms, .count = e->count};

    KMS_TRY(kms_arena_str(a, kms_str_of(e->source), &f.source));
    KMS_TRY(kms_arena_str(a, kms_str_of(e->reason), &f.reason));
    *out = f;
    return KMS_OK;
}

enum kms_rc kms_refusals_take(struct kms_refusals *r, int64_t now_ms, bool all,
                              struct kms_arena *a, const struct kms_refusal **out,
                              size_t *n)
{
    int64_t minute_ms = now_ms - now_ms % MINUTE_MS;
    struct kms_refusal *taken;
    enum kms_rc rc = KMS_OK;
    size_t kept = 0, found = 0;

    pthread_mutex_lock(&r->lock);
    taken = kms_arena_alloc(a, r->n * sizeof *taken);
    if (taken == NULL)
        rc = kms_err(KMS_E_NOMEM, "out of memory");
    for (size_t i = 0; rc == KMS_OK && i < r->n; i++) {
        if (all || r->entries[i].minute_ms != minute_ms)
            rc = copy_out(&r->entries[i], a, &taken[found++]);
    }
    for (size_t i = 0; rc == KMS_OK && i < r->n; i++)
        if (!all && r->entries[i].minute_ms == minute_ms)
            r->entries[kept++] = r->entries[i];
    if (rc == KMS_OK) {
        r->n = kept;
        *out = taken;
        *n = found;
    }
    pthread_mutex_unlock(&r->lock);
    return rc;
}

bool kms_refusals_any(struct kms_refusals *r)
{
    bool any;

    pthread_mutex_lock(&r->lock);
    any = r->n != 0;
    pthread_mutex_unlock(&r->lock);
    return any;
}
