#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* One block holds a usual request: 4 KiB plaintext in and out, decoded and encoded. */
enum { REQUEST_BLOCK = 32 * 1024 };

struct block {
    struct block *next;
    size_t used, cap;
    max_align_t data[];
};

struct kms_arena {
    struct block *head; /* newest first; the last one is kept by reset */
    size_t block_min;
};

/* What n bytes take of a block, so that whatever comes next is aligned. */
static size_t size_of(size_t n)
{
    const size_t align = sizeof(max_align_t);

    return n > SIZE_MAX - align ? SIZE_MAX : (n + align - 1) / align * align;
}

/* Whole units of alignment: what is left of a block is never less than one rounded up. */
static struct block *block_new(size_t least, struct block *next)
{
    size_t cap = size_of(least);
    struct block *b = cap < SIZE_MAX / 2 ? malloc(sizeof *b + cap) : NULL;

    if (b != NULL) {
        b->next = next;
        b->used = 0;
        b->cap = cap;
    }
    return b;
}

static void block_wipe(struct block *b)
{
    kms_wipe(b->data, b->used);
    b->used = 0;
}

enum kms_rc kms_arena_new_of(size_t block, struct kms_arena **out)
{
    struct kms_arena *a = calloc(1, sizeof *a);

    if (a == NULL || (a->head = block_new(block, NULL)) == NULL) {
        free(a);
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    }
    a->block_min = block;
    *out = a;
    return KMS_OK;
}

enum kms_rc kms_arena_new(struct kms_arena **out)
{
    return kms_arena_new_of(REQUEST_BLOCK, out);
}

void *kms_arena_alloc(struct kms_arena *a, size_t n)
{
    size_t need = size_of(n);
    struct block *b = a->head;
    void *p;

    if (need > SIZE_MAX / 2)
        return NULL;
    if (need > b->cap - b->used) {
        b = block_new(need > a->block_min ? need : a->block_min, a->head);
        if (b == NULL)
            return NULL;
        a->head = b;
    }
    p = (uint8_t *)b->data + b->used;
    b->used += need;
    return memset(p, 0, need);
}

enum kms_rc kms_arena_bytes(struct kms_arena *a, struct kms_bytes b,
                            struct kms_bytes *out)
{
    uint8_t *p;

    if (b.p == NULL) {
        *out = b;
        return KMS_OK;
    }
    p = kms_arena_alloc(a, b.n + 1);
    if (p == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    memcpy(p, b.p, b.n);
    *out = (struct kms_bytes){p, b.n};
    return KMS_OK;
}

enum kms_rc kms_arena_str(struct kms_arena *a, struct kms_str s, struct kms_str *out)
{
    struct kms_bytes copy = {NULL, 0};

    KMS_TRY(kms_arena_bytes(a, kms_bytes_of_str(s), &copy));
    *out = (struct kms_str){(const char *)copy.p, copy.n};
    return KMS_OK;
}

/* Into what is left of the block at once; only what does not fit is formatted twice. */
enum kms_rc kms_arena_fmt(struct kms_arena *a, struct kms_str *out, const char *fmt, ...)
{
    struct block *b = a->head;
    size_t room = b->cap - b->used;
    char *p = (char *)b->data + b->used;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(p, room, fmt, ap);
    va_end(ap);
    if (n < 0)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    if ((size_t)n >= room) {
        kms_wipe(p, room);
        p = kms_arena_alloc(a, (size_t)n + 1);
        if (p == NULL)
            return kms_err(KMS_E_NOMEM, "out of memory for a request");
        va_start(ap, fmt);
        vsnprintf(p, (size_t)n + 1, fmt, ap);
        va_end(ap);
    } else {
        b->used += size_of((size_t)n + 1);
    }
    *out = (struct kms_str){p, (size_t)n};
    return KMS_OK;
}

void kms_arena_reset(struct kms_arena *a)
{
    while (a->head->next != NULL) {
        struct block *b = a->head;

        a->head = b->next;
        block_wipe(b);
        free(b);
    }
    block_wipe(a->head);
}

void kms_arena_free(struct kms_arena *a)
{
    if (a == NULL)
        return;
    kms_arena_reset(a);
    free(a->head);
    free(a);
}
