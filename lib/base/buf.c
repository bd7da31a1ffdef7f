#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* A usual audit record fits without growing, which copies and wipes. */
enum { FIRST_CAP = 2048 };

static size_t max_of(const struct kms_buf *b)
{
    return b->max != 0 ? b->max : KMS_BUF_MAX;
}

/* Growth copies by hand: realloc would leave the old bytes behind unwiped. */
static bool grow(struct kms_buf *b, size_t n)
{
    size_t max = max_of(b);
    size_t cap = b->cap != 0 ? b->cap : FIRST_CAP;
    uint8_t *p;

    if (b->bad || n > max - b->n) {
        b->bad = true;
        return false;
    }
    if (b->n + n <= b->cap)
        return true;
    while (cap < b->n + n)
        cap *= 2;
    p = malloc(cap);
    if (p == NULL) {
        b->bad = true;
        return false;
    }
    if (b->n != 0)
        memcpy(p, b->p, b->n);
    kms_wipe(b->p, b->cap);
    free(b->p);
    b->p = p;
    b->cap = cap;
    return true;
}

void kms_buf_add(struct kms_buf *b, const void *p, size_t n)
{
    if (n == 0 || !grow(b, n))
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void kms_buf_byte(struct kms_buf *b, uint8_t c)
{
    kms_buf_add(b, &c, 1);
}

void kms_buf_str(struct kms_buf *b, struct kms_str s)
{
    kms_buf_add(b, s.p, s.n);
}

void kms_buf_z(struct kms_buf *b, const char *z)
{
    kms_buf_add(b, z, strlen(z));
}

void kms_buf_fmt(struct kms_buf *b, const char *fmt, ...)
{
    va_list ap;
    size_t room;
    int n;

    if (!grow(b, 1))
        return;
    room = (b->cap < max_of(b) ? b->cap : max_of(b)) - b->n;
    va_start(ap, fmt);
    n = vsnprintf((char *)b->p + b->n, room, fmt, ap);
    va_end(ap);
    if (n < 0 || ((size_t)n >= room && !grow(b, (size_t)n + 1))) {
        b->bad = true;
        return;
    }
    if ((size_t)n >= room) {
        va_start(ap, fmt);
        vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
        va_end(ap);
    }
    b->n += (size_t)n;
}

uint8_t *kms_buf_room(struct kms_buf *b, size_t n)
{
    uint8_t *at;

    if (!grow(b, n))
        return NULL;
    at = b->p + b->n;
    b->n += n;
    return at;
}

enum kms_rc kms_buf_ok(const struct kms_buf *b)
{
    return b->bad ? kms_err(KMS_E_NOMEM, "out of memory or past the buffer's maximum")
                  : KMS_OK;
}

struct kms_bytes kms_buf_view(const struct kms_buf *b)
{
    return (struct kms_bytes){b->p, b->n};
}

struct kms_str kms_buf_text(const struct kms_buf *b)
{
    return (struct kms_str){b->p != NULL ? (const char *)b->p : "", b->n};
}

void kms_buf_reset(struct kms_buf *b)
{
    kms_wipe(b->p, b->cap);
    b->n = 0;
    b->bad = false;
}

void kms_buf_clear(struct kms_buf *b)
{
    kms_wipe(b->p, b->cap);
    free(b->p);
    *b = (struct kms_buf){.max = b->max};
}
