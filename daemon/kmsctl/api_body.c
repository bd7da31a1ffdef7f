#include <string.h>

#include "common/disk.h"
#include "kmsctl/api.h"
#include "wire/base64.h"
#include "wire/timestamp.h"

enum { VALUES_MAX = 1001, FILE_MAX = 256 * 1024 };

/* A value as it was typed, with the option for the words of an error. */
struct value {
    const struct kms_api_flag *flag;
    const char *text;
};

static enum kms_rc wrong(const struct value *v)
{
    return kms_err(KMS_E_USAGE, "--%s takes %s", v->flag->flag, v->flag->hint);
}

static enum kms_rc made(json_t *json, json_t **out)
{
    if (json == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory, or text that is not UTF-8");
    *out = json;
    return KMS_OK;
}

/* The file behind a value with this prefix. */
static enum kms_rc load(const char *text, const char *prefix, struct kms_buf *out)
{
    return kms_disk_read(text + strlen(prefix), FILE_MAX, out);
}

static enum kms_rc text_value(const struct value *v, json_t **out)
{
    KMS_AUTO_BUF file = {0};

    if (!kms_str_starts(kms_str_of(v->text), "file://"))
        return made(json_string(v->text), out);
    KMS_TRY(load(v->text, "file://", &file));
    return made(json_stringn(kms_buf_text(&file).p, file.n), out);
}

static enum kms_rc blob_value(const struct value *v, json_t **out)
{
    KMS_AUTO_BUF file = {0};
    KMS_AUTO_BUF check = {0};
    KMS_AUTO_BUF text = {0};
    struct kms_str typed = kms_str_of(v->text);

    if (!kms_str_starts(typed, "fileb://")) {
        uint8_t *room = kms_buf_room(&check, kms_base64_size(typed) + 1);

        if (room == NULL || !kms_base64_decode(typed, room))
            return kms_err(KMS_E_USAGE, "--%s takes base64, or fileb://PATH",
                           v->flag->flag);
        return made(json_string(v->text), out);
    }
    KMS_TRY(load(v->text, "fileb://", &file));
    kms_base64_encode(kms_buf_view(&file), &text);
    KMS_TRY(kms_buf_ok(&text));
    return made(json_stringn(kms_buf_text(&text).p, text.n), out);
}

static enum kms_rc number_value(const struct value *v, json_t **out)
{
    json_t *n = json_loads(v->text, JSON_DECODE_ANY, NULL);

    if (!json_is_number(n)) {
        json_decref(n);
        return wrong(v);
    }
    return made(n, out);
}

static enum kms_rc time_value(const struct value *v, json_t **out)
{
    int64_t ms;

    if (!kms_time_parse(kms_str_of(v->text), &ms))
        return number_value(v, out);
    return made(json_real((double)ms / 1000), out);
}

static enum kms_rc json_value(const struct value *v, json_t **out)
{
    KMS_AUTO_BUF file = {0};
    struct kms_str text = kms_str_of(v->text);
    const char *why = "";
    enum kms_rc rc;

    if (kms_str_starts(text, "file://")) {
        KMS_TRY(load(v->text, "file://", &file));
        text = kms_buf_text(&file);
    }
    rc = kms_json_parse(kms_bytes_of_str(text), out, &why);
    if (rc != KMS_OK)
        return kms_err(KMS_E_USAGE, "--%s: %s", v->flag->flag, why);
    return KMS_OK;
}

static enum kms_rc one_value(const struct value *v, enum kms_kind kind, json_t **out)
{
    switch (kind) {
    case KMS_KIND_STRING:
        return text_value(v, out);
    case KMS_KIND_ENUM:
        return made(json_string(v->text), out);
    case KMS_KIND_BLOB:
        return blob_value(v, out);
    case KMS_KIND_INTEGER:
        return number_value(v, out);
    case KMS_KIND_TIMESTAMP:
        return time_value(v, out);
    case KMS_KIND_BOOLEAN:
        if (strcmp(v->text, "true") != 0 && strcmp(v->text, "false") != 0)
            return wrong(v);
        return made(json_boolean(v->text[0] == 't'), out);
    case KMS_KIND_LIST:
    case KMS_KIND_MAP:
    case KMS_KIND_STRUCT:
        break;
    }
    return json_value(v, out);
}

/* One more typed value into a list: an item, or with '[' a JSON array of them. */
static enum kms_rc add_to_list(const struct value *v, json_t *list)
{
    const struct kms_type *item = v->flag->member->type->item;
    KMS_AUTO_JSON more = NULL;

    KMS_TRY(one_value(v, v->text[0] == '[' ? KMS_KIND_LIST : item->kind, &more));
    if (json_is_array(more) ? json_array_extend(list, more) != 0
                            : json_array_append(list, more) != 0)
        return kms_err(KMS_E_NOMEM, "out of memory");
    return KMS_OK;
}

/* One more typed value into a map: KEY=VALUE, or with '{' a JSON object of pairs. */
static enum kms_rc add_to_map(const struct value *v, json_t *map)
{
    const char *equals = strchr(v->text, '=');
    KMS_AUTO_JSON more = NULL;
    char key[8192];

    if (v->text[0] == '{' || kms_str_starts(kms_str_of(v->text), "file://")) {
        KMS_TRY(json_value(v, &more));
        return json_object_update(map, more) == 0 ? KMS_OK : wrong(v);
    }
    if (equals == NULL || (size_t)(equals - v->text) >= sizeof key)
        return wrong(v);
    memcpy(key, v->text, (size_t)(equals - v->text));
    key[equals - v->text] = '\0';
    if (json_object_set_new(map, key, json_string(equals + 1)) != 0)
        return wrong(v);
    return KMS_OK;
}

static enum kms_rc member_value(const struct kms_api_flag *flag, const char *const *typed,
                                json_t **out)
{
    const enum kms_kind kind = flag->member->type->kind;
    KMS_AUTO_JSON all = NULL;

    if (kind != KMS_KIND_LIST && kind != KMS_KIND_MAP)
        return one_value(&(struct value){flag, typed[0]}, kind, out);
    KMS_TRY(made(kind == KMS_KIND_LIST ? json_array() : json_object(), &all));
    for (; *typed != NULL; typed++) {
        const struct value v = {flag, *typed};

        KMS_TRY(kind == KMS_KIND_LIST ? add_to_list(&v, all) : add_to_map(&v, all));
    }
    *out = KMS_TAKE(all);
    return KMS_OK;
}

/* The object that --json gives, or an empty one. */
static enum kms_rc base(const struct kms_opts *o, json_t **out)
{
    static const struct kms_api_flag json_flag = {.flag = "json", .hint = "an object"};
    const struct value v = {&json_flag, kms_opts_get(o, "json")};
    KMS_AUTO_JSON object = NULL;

    if (v.text == NULL)
        return made(json_object(), out);
    KMS_TRY(json_value(&v, &object));
    if (!json_is_object(object))
        return wrong(&v);
    *out = KMS_TAKE(object);
    return KMS_OK;
}

enum kms_rc kms_api_body(const struct kms_api_op *op, const struct kms_opts *o,
                         struct kms_buf *out)
{
    KMS_AUTO_JSON body = NULL;
    const char *typed[VALUES_MAX];
    uint8_t *room;
    size_t n;

    KMS_TRY(base(o, &body));
    for (size_t i = 0; i < op->n_flags; i++) {
        json_t *value;

        KMS_TRY(kms_opts_all(o, op->flags[i].flag, typed, VALUES_MAX));
        if (typed[0] == NULL)
            continue;
        KMS_TRY(member_value(&op->flags[i], typed, &value));
        if (json_object_set_new(body, op->flags[i].member->name, value) != 0)
            return kms_err(KMS_E_NOMEM, "out of memory");
    }
    n = json_dumpb(body, NULL, 0, JSON_COMPACT);
    room = kms_buf_room(out, n);
    if (n == 0 || room == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    json_dumpb(body, (char *)room, n, JSON_COMPACT);
    return KMS_OK;
}
