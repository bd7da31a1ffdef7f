#include <string.h>

#include "policy/glob.h"

/* A text on its way into tokens. They are written once counted: a run fills what it has.
 */
struct work {
    struct kms_pool *pool;
    struct kms_str left;
    enum kms_glob_kind kind;
    bool variables;
    struct kms_glob_token *v; /* NULL while counting */
    struct kms_glob out;
    unsigned colons;
};

static bool in_field(const struct work *w)
{
    return (w->kind == KMS_GLOB_ARN || w->kind == KMS_GLOB_RESOURCE) && w->colons < 5;
}

static void put(struct work *w, struct kms_glob_token t)
{
    if (w->v != NULL)
        w->v[w->out.n] = t;
    w->out.n++;
}

/* The first five colons of an ARN end its fields. */
static void put_literal(struct work *w, struct kms_str text)
{
    put(w, (struct kms_glob_token){.u.text = text.p, .n = (uint32_t)text.n});
    w->out.least += (uint32_t)text.n;
    for (size_t i = 0; i < text.n && w->colons < 5; i++)
        w->colons += text.p[i] == ':';
}

/* The name in front of n bytes: no spaces and none of ' , { } $. */
static size_t name_length(struct kms_str s)
{
    size_t n = 0;

    while (n < s.n && strchr(" ',{}$", s.p[n]) == NULL)
        n++;
    return n;
}

static struct kms_str skip_spaces(struct kms_str s)
{
    while (s.n > 0 && s.p[0] == ' ')
        s = kms_str_skip(s, 1);
    return s;
}

/* "${" is behind s already: name, perhaps a default, the brace (RULES.md 4.1). */
static bool read_variable(struct kms_str *s, struct kms_str *name,
                          struct kms_str *fallback)
{
    struct kms_str at = skip_spaces(*s);
    size_t n = name_length(at);

    if (n == 0)
        return false;
    *name = (struct kms_str){at.p, n};
    *fallback = (struct kms_str){NULL, 0};
    at = skip_spaces(kms_str_skip(at, n));
    if (at.n > 0 && at.p[0] == ',') {
        const char *end;

        at = skip_spaces(kms_str_skip(at, 1));
        if (at.n == 0 || at.p[0] != '\'')
            return false;
        at = kms_str_skip(at, 1);
        end = at.n != 0 ? memchr(at.p, '\'', at.n) : NULL;
        if (end == NULL)
            return false;
        *fallback = (struct kms_str){at.p, (size_t)(end - at.p)};
        at = skip_spaces(kms_str_skip(at, fallback->n + 1));
    }
    if (at.n == 0 || at.p[0] != '}')
        return false;
    *s = kms_str_skip(at, 1);
    return true;
}

static bool put_variable(struct work *w)
{
    struct kms_str name, fallback, s = kms_str_skip(w->left, 2);
    struct kms_glob_token t = {.kind = KMS_GLOB_VAR};
    struct kms_glob_var *var;

    if (!read_variable(&s, &name, &fallback) || w->out.n_vars == KMS_GLOB_VARS_MAX)
        return false;
    w->left = s;
    if (in_field(w))
        t.kind = KMS_GLOB_VAR_FIELD;
    t.n = w->out.n_vars++;
    if (w->v != NULL && (var = kms_pool_alloc(w->pool, 1, sizeof *var)) != NULL) {
        var->key = kms_ckey_of(kms_pool_lower(w->pool, name));
        if (fallback.p != NULL)
            var->fallback = kms_pool_str(w->pool, fallback);
        t.u.var = var;
    }
    put(w, t);
    return true;
}

/* The run of stars at the head of left is one; at the end of its field it may do more. */
static void put_star(struct work *w)
{
    struct kms_glob_token t = {.kind = in_field(w) ? KMS_GLOB_STAR_FIELD : KMS_GLOB_STAR};

    while (w->left.n > 0 && w->left.p[0] == '*')
        w->left = kms_str_skip(w->left, 1);
    if (w->kind == KMS_GLOB_RESOURCE && (w->left.n == 0 || w->left.p[0] == ':'))
        t.kind = KMS_GLOB_STAR;
    put(w, t);
}

static void put_ones(struct work *w)
{
    struct kms_glob_token t = {.kind = in_field(w) ? KMS_GLOB_ONE_FIELD : KMS_GLOB_ONE};

    while (w->left.n > 0 && w->left.p[0] == '?') {
        w->left = kms_str_skip(w->left, 1);
        t.n++;
    }
    w->out.least += t.n;
    put(w, t);
}

/* Plain text up to what is special; a "$" that begins no variable is plain. */
static void put_text(struct work *w)
{
    bool wild = w->kind != KMS_GLOB_EXACT;
    size_t n = 0;

    while (n < w->left.n) {
        char c = w->left.p[n];

        if (wild && (c == '*' || c == '?'))
            break;
        if (w->variables && c == '$' && n + 1 < w->left.n && w->left.p[n + 1] == '{')
            break;
        n++;
    }
    put_literal(w, (struct kms_str){w->left.p, n});
    w->left = kms_str_skip(w->left, n);
}

/* "${*}", "${?}" and "${$}" stand for the character in them. */
static bool is_escape(struct kms_str s)
{
    return s.n >= 4 && s.p[1] == '{' && strchr("*?$", s.p[2]) != NULL && s.p[3] == '}';
}

static bool run(struct work *w)
{
    while (w->left.n > 0) {
        char c = w->left.p[0];

        if (w->kind != KMS_GLOB_EXACT && c == '*') {
            put_star(w);
        } else if (w->kind != KMS_GLOB_EXACT && c == '?') {
            put_ones(w);
        } else if (w->variables && c == '$' && w->left.n > 1 && w->left.p[1] == '{') {
            if (is_escape(w->left)) {
                put_literal(w, (struct kms_str){w->left.p + 2, 1});
                w->left = kms_str_skip(w->left, 4);
            } else if (!put_variable(w)) {
                return false;
            }
        } else {
            put_text(w);
        }
    }
    return true;
}

/* Fields that were left out: ":*" each. */
static void complete_fields(struct work *w)
{
    while (w->colons < 5) {
        put_literal(w, KMS_LIT(":"));
        put(w, (struct kms_glob_token){.kind = KMS_GLOB_STAR});
    }
}

bool kms_glob_compile(struct kms_pool *pool, struct kms_str text, enum kms_glob_kind kind,
                      bool variables, bool complete, struct kms_glob *out)
{
    struct work count = {
        .pool = pool, .left = text, .kind = kind, .variables = variables};
    struct work fill = count;
    uint8_t fields;

    if (!run(&count))
        return false;
    fields = (uint8_t)(count.colons + 1);
    if (complete)
        complete_fields(&count);
    fill.v = kms_pool_alloc(pool, count.out.n, sizeof *fill.v);
    fill.left = kms_pool_str(pool, text);
    if (fill.v == NULL || fill.left.p == NULL)
        return true;
    if (!run(&fill))
        return false;
    if (complete)
        complete_fields(&fill);
    fill.out.v = fill.v;
    fill.out.fields = fields;
    *out = fill.out;
    return true;
}
