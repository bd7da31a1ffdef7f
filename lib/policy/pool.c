#include <string.h>

#include "policy/ckey.h"
#include "policy/pool.h"

/* Nothing in a policy is wider than a pointer or an int64_t. */
enum { ALIGN = 8 };

void *kms_pool_alloc(struct kms_pool *pool, size_t n, size_t size)
{
    size_t at = size == 1 ? pool->used : (pool->used + ALIGN - 1) / ALIGN * ALIGN;
    void *p;

    if (pool->full || at > pool->cap || n > (pool->cap - at) / size) {
        pool->full = true;
        return NULL;
    }
    p = pool->base + at;
    pool->used = at + n * size;
    return memset(p, 0, n * size);
}

static char *copy(struct kms_pool *pool, struct kms_str s, struct kms_str *out)
{
    char *p = kms_pool_alloc(pool, s.n + 1, 1);

    *out = (struct kms_str){p, p != NULL ? s.n : 0};
    return p;
}

struct kms_str kms_pool_str(struct kms_pool *pool, struct kms_str s)
{
    struct kms_str out;
    char *p = copy(pool, s, &out);

    if (p != NULL && s.n != 0)
        memcpy(p, s.p, s.n);
    return out;
}

struct kms_str kms_pool_lower(struct kms_pool *pool, struct kms_str s)
{
    struct kms_str out;
    char *p = copy(pool, s, &out);

    if (p != NULL)
        kms_ckey_lower(p, s.p, s.n);
    return out;
}
