#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/base64.h"
#include "wire/check.h"
#include "wire/decode.h"
#include "wire/json.h"
#include "wire/timestamp.h"

static enum kms_rc decode_struct(const struct kms_shape *shape, const json_t *v,
                                 struct kms_arena *a, char *out);

static enum kms_rc no_memory(void)
{
    return kms_err(KMS_E_NOMEM, "out of memory for a request");
}

/* v has the wrong JSON type; scalar is what the service says about a scalar there. */
static enum kms_rc wrong(const json_t *v, const char *scalar)
{
    if (json_is_array(v))
        return kms_err(KMS_E_SERIALIZATION, "Start of list found where not expected");
    if (json_is_object(v))
        return kms_err(KMS_E_SERIALIZATION,
                       "Start of structure or map found where not expected.");
    return kms_err(KMS_E_SERIALIZATION, "%s", scalar);
}

static enum kms_rc not_convertible(const json_t *v, const char *to)
{
    char text[80];

    snprintf(text, sizeof text, "%s_VALUE can not be converted to %s",
             json_is_string(v)   ? "STRING"
             : json_is_number(v) ? "NUMBER"
             : json_is_true(v)   ? "TRUE"
                                 : "FALSE",
             to);
    return wrong(v, text);
}

static enum kms_rc decode_string(const json_t *v, struct kms_arena *a,
                                 struct kms_str *out)
{
    if (!json_is_string(v))
        return not_convertible(v, "a String");
    return kms_arena_str(a, kms_json_text(v), out);
}

static enum kms_rc decode_blob(const json_t *v, struct kms_arena *a,
                               struct kms_bytes *out)
{
    struct kms_str text;
    uint8_t *bytes;
    size_t n;

    if (!json_is_string(v))
        return not_convertible(v, "a Blob");
    text = kms_json_text(v);
    n = kms_base64_size(text);
    bytes = kms_arena_alloc(a, n + 1);
    if (bytes == NULL)
        return no_memory();
    if (!kms_base64_decode(text, bytes))
        return not_convertible(v, "a Blob");
    *out = (struct kms_bytes){bytes, n};
    return KMS_OK;
}

static int32_t clamp(double number)
{
    return number >= INT32_MAX   ? INT32_MAX
           : number <= INT32_MIN ? INT32_MIN
                                 : (int32_t)number;
}

static enum kms_rc decode_time(const json_t *v, int64_t *out_ms)
{
    double seconds;

    if (!json_is_number(v))
        return not_convertible(v, "milliseconds since epoch");
    seconds = json_number_value(v);
    if (seconds > (double)(KMS_TIME_MAX_MS / 1000) ||
        seconds < (double)(KMS_TIME_MIN_MS / 1000))
        return not_convertible(v, "milliseconds since epoch");
    *out_ms = (int64_t)(seconds * 1000 + (seconds < 0 ? -0.5 : 0.5));
    return KMS_OK;
}

static enum kms_rc decode_map(const json_t *v, struct kms_arena *a,
                              struct kms_str_map *out)
{
    struct kms_str_pair *pairs;
    json_t *object = (json_t *)v; /* jansson's iterators want it so */
    json_t *value;
    const char *key;
    size_t key_n, n = 0;

    if (!json_is_object(v))
        return wrong(v, "Expected map or null");
    pairs = kms_arena_alloc(a, json_object_size(v) * sizeof *pairs);
    if (pairs == NULL)
        return no_memory();
    json_object_keylen_foreach(object, key, key_n, value)
    {
        if (json_is_null(value))
            continue;
        KMS_TRY(decode_string(value, a, &pairs[n].value));
        KMS_TRY(kms_arena_str(a, (struct kms_str){key, key_n}, &pairs[n].key));
        n++;
    }
    *out = (struct kms_str_map){pairs, n, true};
    return KMS_OK;
}

/* A word that is not valid here stays 0: the check reports it. */
static enum kms_rc decode_word(const struct kms_type *t, const json_t *v, void *out)
{
    unsigned value;

    if (!json_is_string(v))
        return not_convertible(v, "a String");
    value = kms_enum_parse(t->words, kms_json_text(v));
    memcpy(out, &value, sizeof value);
    return KMS_OK;
}

static size_t item_size(const struct kms_type *t)
{
    switch (t->kind) {
    case KMS_KIND_ENUM:
        return sizeof(unsigned);
    case KMS_KIND_STRUCT:
        return t->shape->size;
    default:
        return sizeof(struct kms_str);
    }
}

static enum kms_rc decode_list(const struct kms_type *t, const json_t *v,
                               struct kms_arena *a, void *out)
{
    const struct kms_type *item = t->item;
    size_t size = item_size(item);
    struct kms_str_list list = {.present = true};
    json_t *value;
    size_t i;
    char *at;

    if (!json_is_array(v))
        return wrong(v, "Expected list or null");
    at = kms_arena_alloc(a, json_array_size(v) * size);
    if (at == NULL)
        return no_memory();
    list.v = (const void *)at;
    json_array_foreach(v, i, value)
    {
        /* The service drops null elements. */
        if (json_is_null(value))
            continue;
        if (item->kind == KMS_KIND_STRUCT)
            KMS_TRY(decode_struct(item->shape, value, a, at));
        else if (item->kind == KMS_KIND_ENUM)
            KMS_TRY(decode_word(item, value, at));
        else
            KMS_TRY(decode_string(value, a, (void *)at));
        at += size;
        list.n++;
    }
    /* Lists differ only in what v points to: shapes.gen.c asserts their size. */
    memcpy(out, &list, sizeof list);
    return KMS_OK;
}

static enum kms_rc decode_nested(const struct kms_shape *shape, const json_t *v,
                                 struct kms_arena *a, void *out)
{
    char *nested = kms_arena_alloc(a, shape->size);

    if (nested == NULL)
        return no_memory();
    KMS_TRY(decode_struct(shape, v, a, nested));
    memcpy(out, &nested, sizeof nested);
    return KMS_OK;
}

static enum kms_rc decode_member(const struct kms_member *m, const json_t *v,
                                 struct kms_arena *a, char *s)
{
    void *at = s + m->offset;

    switch (m->type->kind) {
    case KMS_KIND_STRING:
        return decode_string(v, a, at);
    case KMS_KIND_BLOB:
        return decode_blob(v, a, at);
    case KMS_KIND_ENUM:
        return decode_word(m->type, v, at);
    case KMS_KIND_LIST:
        return decode_list(m->type, v, a, at);
    case KMS_KIND_MAP:
        return decode_map(v, a, at);
    case KMS_KIND_STRUCT:
        return decode_nested(m->type->shape, v, a, at);
    case KMS_KIND_INTEGER:
        if (!json_is_number(v))
            return not_convertible(v, "an Integer");
        *(int32_t *)at = clamp(json_number_value(v));
        break;
    case KMS_KIND_BOOLEAN:
        if (!json_is_boolean(v))
            return not_convertible(v, "a Boolean");
        *(bool *)at = json_is_true(v);
        break;
    case KMS_KIND_TIMESTAMP:
        KMS_TRY(decode_time(v, at));
        break;
    }
    *(bool *)(s + m->has_offset) = true;
    return KMS_OK;
}

/* by_default is static text of the generated table, so nothing is copied. */
static void put_default(const struct kms_member *m, char *s)
{
    void *at = s + m->offset;
    struct kms_str text = kms_str_of(m->by_default);
    unsigned word;

    switch (m->type->kind) {
    case KMS_KIND_STRING:
        *(struct kms_str *)at = text;
        break;
    case KMS_KIND_ENUM:
        word = kms_enum_parse(m->type->words, text);
        memcpy(at, &word, sizeof word);
        break;
    case KMS_KIND_BOOLEAN:
        *(bool *)at = kms_str_is(text, "true");
        *(bool *)(s + m->has_offset) = true;
        break;
    case KMS_KIND_INTEGER:
        *(int32_t *)at = (int32_t)strtol(m->by_default, NULL, 10);
        *(bool *)(s + m->has_offset) = true;
        break;
    default:
        break; /* kmsgen.py gives no other kind a default */
    }
}

static enum kms_rc decode_struct(const struct kms_shape *shape, const json_t *v,
                                 struct kms_arena *a, char *out)
{
    if (!json_is_object(v))
        return wrong(v, "Expected null");
    for (size_t i = 0; i < shape->n_members; i++) {
        const struct kms_member *m = &shape->members[i];
        const json_t *value = json_object_get(v, m->name);

        if (value != NULL && !json_is_null(value))
            KMS_TRY(decode_member(m, value, a, out));
        else if (m->by_default != NULL)
            put_default(m, out);
    }
    return KMS_OK;
}

enum kms_rc kms_decode(const struct kms_shape *shape, struct kms_bytes body,
                       struct kms_arena *arena, const void **out)
{
    KMS_AUTO_JSON v = NULL;
    char *s = kms_arena_alloc(arena, shape->size);

    if (s == NULL)
        return no_memory();
    KMS_TRY(kms_json_parse(body, &v, NULL));
    KMS_TRY(decode_struct(shape, v, arena, s));
    KMS_TRY(kms_check(shape, v));
    *out = s;
    return KMS_OK;
}
