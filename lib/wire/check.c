#include "base/buf.h"
#include "wire/base64.h"
#include "wire/check.h"
#include "wire/utf8.h"

enum {
    /* The words pass through kms_err, 8 KiB: a value must not push out its rule. */
    VALUE_MAX = 2048,
    TEXT_MAX = 6 * 1024
};

/* Where we are: "tags.1.member.tagKey". */
struct path {
    const struct path *up;
    const char *name;
    size_t index; /* from 1; 0: not inside a list */
};

struct report {
    struct kms_buf text;
    size_t n;
};

static void put_path(struct kms_buf *b, const struct path *p)
{
    if (p->up != NULL) {
        put_path(b, p->up);
        if (p->up->index != 0)
            kms_buf_fmt(b, ".%zu.member", p->up->index);
        kms_buf_byte(b, '.');
    }
    kms_buf_z(b, p->name);
}

/* A number without its fraction, as far as a double has one. */
static double whole(const json_t *v)
{
    double number = json_number_value(v);

    return number > -1e15 && number < 1e15 ? (double)(int64_t)number : number;
}

static void put_scalar(struct kms_buf *b, const json_t *v)
{
    if (json_is_string(v))
        kms_buf_str(b, kms_json_text(v));
    else if (json_is_integer(v))
        kms_buf_fmt(b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else
        kms_buf_fmt(b, "%.0f", whole(v));
}

/* The value as the service prints it: a list as [a, b]. */
static void put_value(struct kms_buf *b, const json_t *v)
{
    KMS_AUTO_BUF text = {0};
    const json_t *item;
    size_t i, n = 0;

    if (json_is_array(v)) {
        kms_buf_byte(&text, '[');
        json_array_foreach(v, i, item)
        {
            if (json_is_null(item))
                continue;
            if (n++ != 0)
                kms_buf_z(&text, ", ");
            put_scalar(&text, item);
        }
        kms_buf_byte(&text, ']');
    } else {
        put_scalar(&text, v);
    }
    kms_buf_str(b, kms_utf8_cut(kms_buf_text(&text), VALUE_MAX));
    if (text.n > VALUE_MAX)
        kms_buf_z(b, "...");
}

/* Start a clause up to its rule; false when the text is long enough already. */
static bool clause(struct report *r, const struct path *p, const struct kms_member *m,
                   const json_t *v)
{
    struct kms_buf *b = &r->text;

    r->n++;
    if (b->n > TEXT_MAX)
        return false;
    if (r->n > 1)
        kms_buf_z(b, "; ");
    if (v == NULL) {
        kms_buf_z(b, "Value null at '");
    } else if (m->secret || m->type->kind == KMS_KIND_BLOB) {
        kms_buf_z(b, "Value at '");
    } else {
        kms_buf_z(b, "Value '");
        put_value(b, v);
        kms_buf_z(b, "' at '");
    }
    put_path(b, p);
    kms_buf_z(b, "' failed to satisfy constraint: ");
    return true;
}

enum limit { AT_MOST, AT_LEAST };

static void put_limit(struct kms_buf *b, const struct kms_type *t, enum limit limit)
{
    kms_buf_fmt(b, "Member must have %s %s than or equal to %d",
                t->kind == KMS_KIND_INTEGER ? "value" : "length",
                limit == AT_MOST ? "less" : "greater",
                (int)(limit == AT_MOST ? t->max : t->min));
}

static void put_words(struct kms_buf *b, const struct kms_enum *e)
{
    kms_buf_z(b, "Member must satisfy enum value set: [");
    for (size_t i = 0; i < e->n_values; i++) {
        kms_buf_z(b, i != 0 ? ", " : "");
        kms_buf_z(b, e->names[e->values[i]]);
    }
    kms_buf_byte(b, ']');
}

static void put_pattern(struct kms_buf *b, const struct kms_pattern *p)
{
    kms_buf_fmt(b, "Member must satisfy regular expression pattern: %s", p->text);
}

/* The measure that min and max bound. */
static double size_of(const struct kms_type *t, const json_t *v)
{
    size_t n = 0;
    size_t i;
    const json_t *item;

    switch (t->kind) {
    case KMS_KIND_STRING:
        return (double)kms_utf8_count(kms_json_text(v));
    case KMS_KIND_BLOB:
        return (double)kms_base64_size(kms_json_text(v));
    case KMS_KIND_LIST:
        json_array_foreach(v, i, item) n += !json_is_null(item);
        return (double)n;
    default:
        return whole(v);
    }
}

static bool above(const struct kms_type *t, const json_t *v)
{
    return t->has_max && size_of(t, v) > t->max;
}

static bool below(const struct kms_type *t, const json_t *v)
{
    return t->has_min && size_of(t, v) < t->min;
}

static bool unknown_word(const struct kms_type *t, const json_t *v)
{
    return t->words != NULL && kms_enum_parse(t->words, kms_json_text(v)) == 0;
}

static bool unmatched(const struct kms_type *t, const json_t *v)
{
    return t->pattern != NULL && !kms_pattern_matches(t->pattern, kms_json_text(v));
}

/*
 * A list of strings or words breaks its elements' rules once, whichever element it is,
 * and the clause names them all.
 */
static void check_items(struct report *r, const struct path *p,
                        const struct kms_member *m, const json_t *v)
{
    const struct kms_type *t = m->type->item;
    struct kms_buf *b = &r->text;
    const json_t *item;
    const char *comma = "";
    bool good = true;
    size_t i;

    json_array_foreach(v, i, item)
    {
        if (json_is_null(item))
            continue;
        good = good && !above(t, item) && !below(t, item) && !unknown_word(t, item) &&
               !unmatched(t, item);
    }
    if (good || !clause(r, p, m, v))
        return;
    kms_buf_z(b, "Member must satisfy constraint: [");
    if (t->words != NULL)
        put_words(b, t->words);
    if (t->has_max) {
        put_limit(b, t, AT_MOST);
        comma = ", ";
    }
    if (t->has_min) {
        kms_buf_z(b, comma);
        put_limit(b, t, AT_LEAST);
        comma = ", ";
    }
    if (t->pattern != NULL) {
        kms_buf_z(b, comma);
        put_pattern(b, t->pattern);
    }
    kms_buf_byte(b, ']');
}

static void check_struct(struct report *r, const struct path *up,
                         const struct kms_shape *shape, const json_t *v);

static void check_member(struct report *r, struct path *p, const struct kms_member *m,
                         const json_t *v)
{
    const struct kms_type *t = m->type;
    const json_t *item;
    size_t i;

    if (above(t, v) && clause(r, p, m, v))
        put_limit(&r->text, t, AT_MOST);
    if (below(t, v) && clause(r, p, m, v))
        put_limit(&r->text, t, AT_LEAST);
    if (unknown_word(t, v) && clause(r, p, m, v))
        put_words(&r->text, t->words);
    if (unmatched(t, v) && clause(r, p, m, v))
        put_pattern(&r->text, t->pattern);
    if (t->kind == KMS_KIND_STRUCT)
        check_struct(r, p, t->shape, v);
    if (t->kind != KMS_KIND_LIST)
        return;
    if (t->item->kind != KMS_KIND_STRUCT) {
        check_items(r, p, m, v);
        return;
    }
    json_array_foreach(v, i, item)
    {
        p->index = i + 1;
        if (!json_is_null(item))
            check_struct(r, p, t->item->shape, item);
    }
}

static void check_struct(struct report *r, const struct path *up,
                         const struct kms_shape *shape, const json_t *v)
{
    for (size_t i = 0; i < shape->n_members; i++) {
        const struct kms_member *m = &shape->members[i];
        const json_t *value = json_object_get(v, m->name);
        struct path p = {.up = up, .name = m->path};

        if (value != NULL && !json_is_null(value))
            check_member(r, &p, m, value);
        else if (m->required && clause(r, &p, m, NULL))
            kms_buf_z(&r->text, "Member must not be null");
    }
}

static void report_clear(struct report *r)
{
    kms_buf_clear(&r->text);
}

enum kms_rc kms_check(const struct kms_shape *shape, const json_t *body)
{
    __attribute__((cleanup(report_clear))) struct report r = {0};

    check_struct(&r, NULL, shape, body);
    KMS_TRY(kms_buf_ok(&r.text));
    if (r.n == 0)
        return KMS_OK;
    return kms_err(KMS_E_VALIDATION, "%zu validation error%s detected: %.*s", r.n,
                   r.n == 1 ? "" : "s", KMS_FMT(kms_buf_text(&r.text)));
}
