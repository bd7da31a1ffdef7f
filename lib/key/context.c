#include <stdlib.h>
#include <string.h>

#include "key/context.h"

static int pair_cmp(const void *a, const void *b)
{
    return kms_str_cmp(((const struct kms_str_pair *)a)->key,
                       ((const struct kms_str_pair *)b)->key);
}

static uint8_t *put_text(uint8_t *p, struct kms_str s)
{
    kms_put_be16(p, (uint16_t)s.n);
    p += 2;
    if (s.n != 0)
        memcpy(p, s.p, s.n);
    return p + s.n;
}

/* Bytes of the form, or anything over KMS_CONTEXT_MAX as soon as it is passed. */
static size_t canon_size(const struct kms_str_map *map)
{
    size_t n = 2;

    for (size_t i = 0; i < map->n && n <= KMS_CONTEXT_MAX; i++) {
        if (map->v[i].key.n > KMS_CONTEXT_MAX || map->v[i].value.n > KMS_CONTEXT_MAX)
            return KMS_CONTEXT_MAX + 1;
        n += 2 + map->v[i].key.n + 2 + map->v[i].value.n;
    }
    return n;
}

enum kms_rc kms_context_canon(struct kms_arena *a, const struct kms_str_map *map,
                              struct kms_bytes *out)
{
    struct kms_str_pair *pairs;
    uint8_t *form, *p;
    size_t n;

    if (map->n == 0) {
        *out = (struct kms_bytes){(const uint8_t *)"", 0};
        return KMS_OK;
    }
    n = canon_size(map);
    if (n > KMS_CONTEXT_MAX)
        return kms_err(KMS_E_VALIDATION,
                       "EncryptionContext is larger than %d bytes in its canonical form.",
                       KMS_CONTEXT_MAX);
    pairs = kms_arena_alloc(a, map->n * sizeof *pairs);
    form = kms_arena_alloc(a, n);
    if (pairs == NULL || form == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for an encryption context");

    /* Clients send the same pairs in any order: the bytes have to be the same. */
    memcpy(pairs, map->v, map->n * sizeof *pairs);
    qsort(pairs, map->n, sizeof *pairs, pair_cmp);
    kms_put_be16(form, (uint16_t)map->n);
    p = form + 2;
    for (size_t i = 0; i < map->n; i++)
        p = put_text(put_text(p, pairs[i].key), pairs[i].value);
    *out = (struct kms_bytes){form, n};
    return KMS_OK;
}

/* A u16 length and its bytes off the front; false when they are not there. */
static bool take_text(struct kms_bytes *rest, struct kms_str *out)
{
    size_t n;

    if (rest->n < 2)
        return false;
    n = (size_t)rest->p[0] << 8 | rest->p[1];
    if (n > rest->n - 2)
        return false;
    *out = (struct kms_str){(const char *)rest->p + 2, n};
    rest->p += 2 + n;
    rest->n -= 2 + n;
    return true;
}

enum kms_rc kms_context_parse(struct kms_arena *a, struct kms_bytes canon,
                              struct kms_str_map *out)
{
    struct kms_bytes rest = canon;
    struct kms_str_pair *v;
    size_t n = 0;

    if (rest.n != 0) {
        if (rest.n < 2)
            return kms_err(KMS_E_STORE, "a stored context is cut off");
        n = (size_t)rest.p[0] << 8 | rest.p[1];
        rest.p += 2;
        rest.n -= 2;
    }
    v = kms_arena_alloc(a, n * sizeof *v);
    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a context");
    for (size_t i = 0; i < n; i++)
        if (!take_text(&rest, &v[i].key) || !take_text(&rest, &v[i].value))
            return kms_err(KMS_E_STORE, "a stored context is cut off");
    if (rest.n != 0)
        return kms_err(KMS_E_STORE, "a stored context has more than its pairs");
    *out = (struct kms_str_map){v, n, true};
    return KMS_OK;
}
