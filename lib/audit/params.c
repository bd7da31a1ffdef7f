#include <stdio.h>

#include "audit/params.h"
#include "crypto/digest.h"
#include "wire/timestamp.h"

enum { TEXT_MAX = 16 * 1024 };

static enum kms_rc put_text(struct kms_jw *w, struct kms_str text)
{
    uint8_t digest[KMS_SHA256_LEN];
    char hex[2 * KMS_SHA256_LEN + 1], words[128];

    if (text.n <= TEXT_MAX) {
        kms_jw_str(w, text);
        return KMS_OK;
    }
    KMS_TRY(kms_sha256(kms_bytes_of_str(text), digest));
    kms_hex_encode(digest, sizeof digest, hex);
    snprintf(words, sizeof words, "%zu bytes, sha256:%s", text.n, hex);
    kms_jw_z(w, words);
    return KMS_OK;
}

/* One item of a list: words and structures are all that the model has. */
static enum kms_rc put_items(struct kms_jw *w, const struct kms_member *m, const void *s)
{
    const struct kms_type *item = m->type->item;
    struct kms_str_list list;

    kms_jw_array(w);
    if (item->kind == KMS_KIND_STRING) {
        list = kms_member_list(m, s);
        for (size_t i = 0; i < list.n; i++)
            KMS_TRY(put_text(w, list.v[i]));
    } else if (item->kind == KMS_KIND_ENUM) {
        for (size_t i = 0; i < kms_member_count(m, s); i++)
            kms_jw_z(w, kms_enum_name(item->words, kms_member_enum_at(m, s, i)));
    } else if (item->kind == KMS_KIND_STRUCT) {
        for (size_t i = 0; i < kms_member_count(m, s); i++)
            KMS_TRY(kms_audit_params(w, item->shape, kms_member_struct_at(m, s, i)));
    }
    kms_jw_end(w);
    return KMS_OK;
}

static void put_map(struct kms_jw *w, struct kms_str_map map)
{
    kms_jw_object(w);
    for (size_t i = 0; i < map.n; i++) {
        kms_jw_key_str(w, map.v[i].key);
        kms_jw_str(w, map.v[i].value);
    }
    kms_jw_end(w);
}

static enum kms_rc put_value(struct kms_jw *w, const struct kms_member *m, const void *s)
{
    char words[KMS_TIME_WORDS_SIZE];
    int64_t ms = 0;
    int32_t number = 0;
    bool truth = false;

    switch (m->type->kind) {
    case KMS_KIND_STRING:
        return put_text(w, kms_member_str(m, s));
    case KMS_KIND_ENUM:
        kms_jw_str(w, kms_member_word(m, s));
        return KMS_OK;
    case KMS_KIND_INTEGER:
        (void)kms_member_int(m, s, &number);
        kms_jw_int(w, number);
        return KMS_OK;
    case KMS_KIND_BOOLEAN:
        (void)kms_member_bool(m, s, &truth);
        kms_jw_bool(w, truth);
        return KMS_OK;
    case KMS_KIND_TIMESTAMP:
        (void)kms_member_time(m, s, &ms);
        kms_time_words(ms, words);
        kms_jw_z(w, words);
        return KMS_OK;
    case KMS_KIND_MAP:
        put_map(w, kms_member_map(m, s));
        return KMS_OK;
    case KMS_KIND_LIST:
        return put_items(w, m, s);
    case KMS_KIND_STRUCT:
        return kms_audit_params(w, m->type->shape, kms_member_struct(m, s));
    case KMS_KIND_BLOB:
        break;
    }
    kms_jw_null(w);
    return KMS_OK;
}

enum kms_rc kms_audit_params(struct kms_jw *w, const struct kms_shape *shape, const void *s)
{
    kms_jw_object(w);
    for (size_t i = 0; i < shape->n_members; i++) {
        const struct kms_member *m = &shape->members[i];

        if (m->secret || m->type->kind == KMS_KIND_BLOB || !kms_member_present(m, s))
            continue;
        kms_jw_key(w, m->path);
        KMS_TRY(put_value(w, m, s));
    }
    kms_jw_end(w);
    return KMS_OK;
}
