#include <assert.h>
#include <string.h>

#include "wire/shape.h"
#include "wire/utf8.h"

static const void *field(const struct kms_member *m, enum kms_kind kind, const void *s)
{
    assert(m->type->kind == kind);
    return (const char *)s + m->offset;
}

static bool has(const struct kms_member *m, const void *s)
{
    return *(const bool *)((const char *)s + m->has_offset);
}

const struct kms_member *kms_shape_member(const struct kms_shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->n_members; i++)
        if (strcmp(shape->members[i].name, name) == 0)
            return &shape->members[i];
    return NULL;
}

struct kms_str kms_member_str(const struct kms_member *m, const void *s)
{
    return *(const struct kms_str *)field(m, KMS_KIND_STRING, s);
}

struct kms_bytes kms_member_bytes(const struct kms_member *m, const void *s)
{
    return *(const struct kms_bytes *)field(m, KMS_KIND_BLOB, s);
}

struct kms_str_map kms_member_map(const struct kms_member *m, const void *s)
{
    return *(const struct kms_str_map *)field(m, KMS_KIND_MAP, s);
}

struct kms_str_list kms_member_list(const struct kms_member *m, const void *s)
{
    const struct kms_str_list *list = field(m, KMS_KIND_LIST, s);

    assert(m->type->item->kind == KMS_KIND_STRING);
    return *list;
}

unsigned kms_member_enum(const struct kms_member *m, const void *s)
{
    unsigned value;

    /* Every generated enum has this size, whatever its name: shapes.gen.c asserts it. */
    memcpy(&value, field(m, KMS_KIND_ENUM, s), sizeof value);
    return value;
}

struct kms_str kms_member_word(const struct kms_member *m, const void *s)
{
    unsigned value;

    if (m->type->kind == KMS_KIND_STRING)
        return kms_member_str(m, s);
    value = kms_member_enum(m, s);
    return kms_str_of(value != 0 ? kms_enum_name(m->type->words, value) : NULL);
}

bool kms_member_bool(const struct kms_member *m, const void *s, bool *out)
{
    const bool *value = field(m, KMS_KIND_BOOLEAN, s);

    if (!has(m, s))
        return false;
    *out = *value;
    return true;
}

bool kms_member_int(const struct kms_member *m, const void *s, int32_t *out)
{
    const int32_t *value = field(m, KMS_KIND_INTEGER, s);

    if (!has(m, s))
        return false;
    *out = *value;
    return true;
}

bool kms_member_time(const struct kms_member *m, const void *s, int64_t *out_ms)
{
    const int64_t *value = field(m, KMS_KIND_TIMESTAMP, s);

    if (!has(m, s))
        return false;
    *out_ms = *value;
    return true;
}

const char *kms_enum_name(const struct kms_enum *e, unsigned value)
{
    assert(value < (unsigned)e->n_names);
    return e->names[value];
}

unsigned kms_enum_parse(const struct kms_enum *e, struct kms_str word)
{
    for (size_t i = 0; i < e->n_values; i++)
        if (kms_str_is(word, e->names[e->values[i]]))
            return e->values[i];
    return 0;
}

bool kms_pattern_matches(const struct kms_pattern *p, struct kms_str text)
{
    unsigned state = 1;
    uint32_t code;

    while (text.n != 0) {
        const struct kms_pattern_range *range = p->ranges;

        if (!kms_utf8_next(&text, &code))
            return false;
        while (code > range->last)
            range++;
        state = p->next[state * p->n_classes + range->class];
    }
    return p->accepts[state];
}
