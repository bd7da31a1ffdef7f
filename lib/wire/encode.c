#include "wire/encode.h"
#include "wire/jw.h"

static void encode_struct(const struct kms_shape *shape, const void *s, struct kms_jw *w);

static void encode_list(const struct kms_member *m, const void *s, struct kms_jw *w)
{
    const struct kms_type *item = m->type->item;

    kms_jw_array(w);
    for (size_t i = 0; i < kms_member_count(m, s); i++) {
        if (item->kind == KMS_KIND_STRUCT)
            encode_struct(item->shape, kms_member_struct_at(m, s, i), w);
        else if (item->kind == KMS_KIND_ENUM)
            kms_jw_z(w, kms_enum_name(item->words, kms_member_enum_at(m, s, i)));
        else
            kms_jw_str(w, kms_member_list(m, s).v[i]);
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

/* m is present in s. */
static void encode_member(const struct kms_member *m, const void *s, struct kms_jw *w)
{
    int64_t ms = 0;
    int32_t number = 0;
    bool flag = false;

    switch (m->type->kind) {
    case KMS_KIND_STRING:
    case KMS_KIND_ENUM:
        kms_jw_str(w, kms_member_word(m, s));
        break;
    case KMS_KIND_BLOB:
        kms_jw_blob(w, kms_member_bytes(m, s));
        break;
    case KMS_KIND_INTEGER:
        (void)kms_member_int(m, s, &number);
        kms_jw_int(w, number);
        break;
    case KMS_KIND_BOOLEAN:
        (void)kms_member_bool(m, s, &flag);
        kms_jw_bool(w, flag);
        break;
    case KMS_KIND_TIMESTAMP:
        (void)kms_member_time(m, s, &ms);
        kms_jw_time(w, ms);
        break;
    case KMS_KIND_LIST:
        encode_list(m, s, w);
        break;
    case KMS_KIND_MAP:
        encode_map(kms_member_map(m, s), w);
        break;
    case KMS_KIND_STRUCT:
        encode_struct(m->type->shape, kms_member_struct(m, s), w);
        break;
    }
}

static void encode_struct(const struct kms_shape *shape, const void *s, struct kms_jw *w)
{
    kms_jw_object(w);
    for (size_t i = 0; i < shape->n_members; i++) {
        const struct kms_member *m = &shape->members[i];

        if (!kms_member_present(m, s))
            continue;
        kms_jw_key(w, m->name);
        encode_member(m, s, w);
    }
    kms_jw_end(w);
}

enum kms_rc kms_encode(const struct kms_shape *shape, const void *s, struct kms_buf *out)
{
    struct kms_jw w = kms_jw_start(out);

    if (shape != NULL)
        encode_struct(shape, s, &w);
    return kms_buf_ok(out);
}
