#include <string.h>

#include "wire/encode.h"
#include "wire/timestamp.h"

enum style { ANSWER, RECORD };

static void encode_struct(const struct kms_shape *shape, const void *s, struct kms_jw *w,
                          enum style style);

static bool is_absent(const struct kms_member *m, const void *s)
{
    switch (m->type->kind) {
    case KMS_KIND_STRING:
        return kms_member_str(m, s).p == NULL;
    case KMS_KIND_BLOB:
        return kms_member_bytes(m, s).p == NULL;
    case KMS_KIND_ENUM:
        return kms_member_enum(m, s) == 0;
    case KMS_KIND_MAP:
        return !kms_member_map(m, s).present;
    case KMS_KIND_LIST: {
        struct kms_str_list list;

        memcpy(&list, (const char *)s + m->offset, sizeof list);
        return !list.present;
    }
    case KMS_KIND_STRUCT: {
        const void *nested;

        memcpy(&nested, (const char *)s + m->offset, sizeof nested);
        return nested == NULL;
    }
    default:
        return !*(const bool *)((const char *)s + m->has_offset);
    }
}

static void encode_word(const struct kms_type *t, const void *at, struct kms_jw *w)
{
    unsigned value;

    memcpy(&value, at, sizeof value);
    kms_jw_z(w, kms_enum_name(t->words, value));
}

static void encode_list(const struct kms_type *t, const void *at, struct kms_jw *w,
                        enum style style)
{
    const struct kms_type *item = t->item;
    struct kms_str_list list; /* lists differ only in what v points to */

    memcpy(&list, at, sizeof list);
    kms_jw_array(w);
    for (size_t i = 0; i < list.n; i++) {
        if (item->kind == KMS_KIND_STRUCT)
            encode_struct(item->shape, (const char *)list.v + i * item->shape->size, w,
                          style);
        else if (item->kind == KMS_KIND_ENUM)
            encode_word(item, (const char *)list.v + i * sizeof(unsigned), w);
        else
            kms_jw_str(w, list.v[i]);
    }
    kms_jw_end(w);
}

static void encode_map(struct kms_str_map map, struct kms_jw *w)
{
    kms_jw_object(w);
    for (size_t i = 0; i < map.n; i++) {
        kms_jw_key_str(w, map.v[i].key);
        kms_jw_str(w, map.v[i].value);
    }
    kms_jw_end(w);
}

static void encode_time(int64_t ms, struct kms_jw *w, enum style style)
{
    char words[KMS_TIME_WORDS_SIZE];

    if (style == ANSWER) {
        kms_jw_time(w, ms);
        return;
    }
    kms_time_words(ms, words);
    kms_jw_z(w, words);
}

static void encode_member(const struct kms_member *m, const void *s, struct kms_jw *w,
                          enum style style)
{
    const void *at = (const char *)s + m->offset;

    switch (m->type->kind) {
    case KMS_KIND_STRING:
        kms_jw_str(w, kms_member_str(m, s));
        break;
    case KMS_KIND_BLOB:
        kms_jw_blob(w, kms_member_bytes(m, s));
        break;
    case KMS_KIND_INTEGER:
        kms_jw_int(w, *(const int32_t *)at);
        break;
    case KMS_KIND_BOOLEAN:
        kms_jw_bool(w, *(const bool *)at);
        break;
    case KMS_KIND_TIMESTAMP:
        encode_time(*(const int64_t *)at, w, style);
        break;
    case KMS_KIND_ENUM:
        encode_word(m->type, at, w);
        break;
    case KMS_KIND_LIST:
        encode_list(m->type, at, w, style);
        break;
    case KMS_KIND_MAP:
        encode_map(kms_member_map(m, s), w);
        break;
    case KMS_KIND_STRUCT: {
        const void *nested;

        memcpy(&nested, at, sizeof nested);
        encode_struct(m->type->shape, nested, w, style);
        break;
    }
    }
}

static void encode_struct(const struct kms_shape *shape, const void *s, struct kms_jw *w,
                          enum style style)
{
    kms_jw_object(w);
    for (size_t i = 0; i < shape->n_members; i++) {
        const struct kms_member *m = &shape->members[i];
        bool hidden = style == RECORD && (m->secret || m->type->kind == KMS_KIND_BLOB);

        if (hidden || is_absent(m, s))
            continue;
        kms_jw_key(w, style == RECORD ? m->path : m->name);
        encode_member(m, s, w, style);
    }
    kms_jw_end(w);
}

enum kms_rc kms_encode(const struct kms_shape *shape, const void *s, struct kms_buf *out)
{
    struct kms_jw w = kms_jw_start(out);

    if (shape != NULL)
        encode_struct(shape, s, &w, ANSWER);
    return kms_buf_ok(out);
}

void kms_encode_record(const struct kms_shape *shape, const void *s, struct kms_jw *w)
{
    encode_struct(shape, s, w, RECORD);
}

enum kms_rc kms_encode_error(enum kms_rc rc, struct kms_str words, struct kms_buf *out)
{
    const struct kms_rc_info *info = kms_rc_info(rc);
    struct kms_jw w = kms_jw_start(out);

    kms_jw_object(&w);
    kms_jw_member(&w, "__type", kms_str_of(info->wire));
    if (info->visible && words.n != 0)
        kms_jw_member(&w, info->message_member, words);
    kms_jw_end(&w);
    return kms_buf_ok(out);
}
