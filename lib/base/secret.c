#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/secret.h"

/*
 * Secrets come in four sizes from locked regions, so that ten thousand unsealed keys
 * take ten thousand slots and not ten thousand locked pages. A freed slot returns to
 * its size's list; regions are kept for the life of the process.
 */
enum { REGION = 64 * 1024, SIZES = 4, SECRET_MAX = 65536 };
static const size_t slot_size[SIZES] = {64, 256, 4096, SECRET_MAX};

struct kms_secret {
    uint8_t *p;
    size_t n;
    int size;
};

struct slot {
    struct slot *next;
};

static struct {
    pthread_mutex_t lock;
    struct slot *free_list[SIZES]; /* under lock */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static atomic_bool lock_refused;

/* Called with the pool's lock held. */
static bool add_region(int size)
{
    uint8_t *r = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);

    if (r == MAP_FAILED)
        return false;
    if (mlock(r, REGION) != 0)
        atomic_store(&lock_refused, true);
    if (madvise(r, REGION, MADV_DONTDUMP) != 0 ||
        madvise(r, REGION, MADV_WIPEONFORK) != 0) {
        munmap(r, REGION);
        return false;
    }
    for (size_t at = 0; at + slot_size[size] <= REGION; at += slot_size[size]) {
        struct slot *s = (struct slot *)(void *)(r + at);

        s->next = pool.free_list[size];
        pool.free_list[size] = s;
    }
    return true;
}

enum kms_rc kms_secret_new(size_t len, struct kms_secret **out)
{
    struct kms_secret *s;
    struct slot *slot = NULL;
    int size = 0;

    if (len == 0 || len > SECRET_MAX)
        return kms_err(KMS_E_NOMEM, "a secret of %zu bytes cannot be held", len);
    while (slot_size[size] < len)
        size++;
    s = malloc(sizeof *s);
    if (s == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a secret");
    pthread_mutex_lock(&pool.lock);
    if (pool.free_list[size] != NULL || add_region(size)) {
        slot = pool.free_list[size];
        pool.free_list[size] = slot->next;
    }
    pthread_mutex_unlock(&pool.lock);
    if (slot == NULL) {
        free(s);
        return kms_err(KMS_E_NOMEM, "out of protected memory for a secret");
    }
    memset(slot, 0, len < sizeof *slot ? sizeof *slot : len);
    *s = (struct kms_secret){(uint8_t *)slot, len, size};
    *out = s;
    return KMS_OK;
}

enum kms_rc kms_secret_copy(struct kms_bytes b, struct kms_secret **out)
{
    struct kms_secret *s;

    KMS_TRY(kms_secret_new(b.n, &s));
    memcpy(s->p, b.p, b.n);
    *out = s;
    return KMS_OK;
}

void kms_secret_free(struct kms_secret *s)
{
    struct slot *slot;

    if (s == NULL)
        return;
    kms_wipe(s->p, s->n);
    slot = (struct slot *)(void *)s->p;
    pthread_mutex_lock(&pool.lock);
    slot->next = pool.free_list[s->size];
    pool.free_list[s->size] = slot;
    pthread_mutex_unlock(&pool.lock);
    free(s);
}

struct kms_bytes kms_secret_view(const struct kms_secret *s)
{
    return (struct kms_bytes){s->p, s->n};
}

uint8_t *kms_secret_fill(struct kms_secret *s)
{
    return s->p;
}

bool kms_ct_equal(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a, *y = b;
    uint8_t d = 0;

    for (size_t i = 0; i < n; i++)
        d |= (uint8_t)(x[i] ^ y[i]);
    return d == 0;
}

bool kms_secret_equal(const struct kms_secret *a, const struct kms_secret *b)
{
    return a->n == b->n && kms_ct_equal(a->p, b->p, a->n);
}

bool kms_secret_locked(void)
{
    return !atomic_load(&lock_refused);
}
