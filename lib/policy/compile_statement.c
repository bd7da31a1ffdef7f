#include <string.h>

#include "policy/compile.h"

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

size_t kms_policy_listed(const json_t *value)
{
    if (json_is_string(value))
        return 1;
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!json_is_string(json_array_get(value, i)))
            return 0;
    }
    return json_array_size(value); /* 0 for what is no list */
}

json_t *kms_policy_item(json_t *value, size_t i)
{
    return json_is_array(value) ? json_array_get(value, i) : value;
}

/* What the name of an action has besides letters and digits. */
static bool is_mark(char c)
{
    return c == '_' || c == '-' || c == '*' || c == '?';
}

/* "*", or vendor:name (RULES.md 1.5). */
static bool is_action(struct kms_str s)
{
    size_t vendor = 0;

    if (kms_str_is(s, "*"))
        return true;
    while (vendor < s.n && (is_word(s.p[vendor]) || s.p[vendor] == '-'))
        vendor++;
    if (vendor == 0 || vendor + 1 >= s.n || s.p[vendor] != ':')
        return false;
    for (size_t i = vendor + 1; i < s.n; i++) {
        if (!is_word(s.p[i]) && !is_mark(s.p[i]))
            return false;
    }
    return true;
}

bool kms_policy_read_actions(const struct kms_policy_reader *r, json_t *value,
                             struct kms_globs *out)
{
    size_t n = kms_policy_listed(value);
    struct kms_glob *v = kms_pool_alloc(r->pool, n, sizeof *v);

    for (size_t i = 0; i < n && v != NULL; i++) {
        struct kms_str text = kms_json_text(kms_policy_item(value, i));
        char lower[128];

        if (!is_action(text) || text.n > sizeof lower)
            return false;
        kms_ckey_lower(lower, text.p, text.n);
        if (!kms_glob_compile(r->pool, (struct kms_str){lower, text.n}, KMS_GLOB_TEXT,
                              false, false, &v[i]))
            return false;
    }
    *out = (struct kms_globs){v, (uint32_t)n};
    return n > 0;
}

/* The field of an ARN that begins at at: not empty, nothing that stands for others. */
static bool fixed_field(struct kms_str s, size_t at, bool variables, size_t *end)
{
    size_t i = at;

    for (; i < s.n && s.p[i] != ':'; i++) {
        if (s.p[i] == '*' || s.p[i] == '?' ||
            (variables && s.p[i] == '$' && i + 1 < s.n && s.p[i + 1] == '{'))
            return false;
    }
    *end = i;
    return i > at;
}

/* "*", or an ARN with partition and service (RULES.md 1.6). */
static bool read_resource(const struct kms_policy_reader *r, struct kms_str text,
                          struct kms_glob *out)
{
    bool whole = kms_str_is(text, "*");
    size_t end = 0;

    if (!whole) {
        if (!kms_str_starts(text, "arn:") || !fixed_field(text, 4, r->variables, &end) ||
            end == text.n || !fixed_field(text, end + 1, r->variables, &end))
            return false;
    }
    if (!kms_glob_compile(r->pool, text, whole ? KMS_GLOB_TEXT : KMS_GLOB_RESOURCE,
                          r->variables, !whole && r->kind == KMS_POLICY_IDENTITY, out))
        return false;
    return whole || r->kind != KMS_POLICY_SESSION || out->fields == 6 || r->pool->full;
}

bool kms_policy_read_resources(const struct kms_policy_reader *r, json_t *value,
                               struct kms_globs *out)
{
    size_t n = kms_policy_listed(value);
    struct kms_glob *v = kms_pool_alloc(r->pool, n, sizeof *v);

    for (size_t i = 0; i < n && v != NULL; i++) {
        if (!read_resource(r, kms_json_text(kms_policy_item(value, i)), &v[i]))
            return false;
    }
    *out = (struct kms_globs){v, (uint32_t)n};
    return n > 0;
}

/* The texts under one name of a principal; *at counts on. */
static bool read_named(const struct kms_policy_reader *r, const char *name, json_t *value,
                       struct kms_who *v, size_t *at)
{
    size_t n = kms_policy_listed(value);

    for (size_t i = 0; i < n; i++) {
        struct kms_str text =
            kms_pool_str(r->pool, kms_json_text(kms_policy_item(value, i)));
        struct kms_who *who = &v[(*at)++];
        bool good = false;

        if (text.p == NULL)
            return false;
        if (strcmp(name, "AWS") == 0)
            good = kms_who_parse(text, who);
        else if (strcmp(name, "Service") == 0)
            good = kms_who_parse_other(text, KMS_WHO_SERVICE, who);
        else if (strcmp(name, "Federated") == 0)
            good = kms_who_parse_other(text, KMS_WHO_PROVIDER, who);
        else if (strcmp(name, "CanonicalUser") != 0)
            return false;
        r->faults->principals = r->faults->principals || !good;
    }
    return n > 0;
}

bool kms_policy_read_principals(const struct kms_policy_reader *r, json_t *value,
                                struct kms_statement *out)
{
    bool everybody = json_is_string(value) && kms_str_is(kms_json_text(value), "*");
    size_t n = everybody ? 1 : 0, at = 0;
    struct kms_who *v;
    const char *name;
    json_t *who;

    json_object_foreach(value, name, who) n += kms_policy_listed(who);
    v = kms_pool_alloc(r->pool, n, sizeof *v);
    if (v == NULL || n == 0)
        return n > 0;
    if (everybody)
        v[0] = (struct kms_who){KMS_WHO_EVERYBODY, {"*", 1}, {NULL, 0}};
    json_object_foreach(value, name, who)
    {
        if (!read_named(r, name, who, v, &at))
            return false;
    }
    out->principals = v;
    out->n_principals = (uint32_t)n;
    return true;
}

static bool read_sid(const struct kms_policy_reader *r, json_t *value,
                     struct kms_statement *out)
{
    struct kms_str text =
        json_is_string(value) ? kms_json_text(value) : (struct kms_str){NULL, 0};

    for (size_t i = 0; i < text.n && r->kind != KMS_POLICY_KEY; i++) {
        if (!is_word(text.p[i]))
            return false;
    }
    if (text.p != NULL)
        out->sid = kms_pool_str(r->pool, text);
    return text.p != NULL;
}

static bool read_effect(json_t *value, struct kms_statement *out)
{
    if (!json_is_string(value))
        return false;
    out->deny = strcmp(json_string_value(value), "Deny") == 0;
    return out->deny || strcmp(json_string_value(value), "Allow") == 0;
}

static bool read_element(const struct kms_policy_reader *r, const char *name,
                         json_t *value, struct kms_statement *out)
{
    bool negated = strncmp(name, "Not", 3) == 0;
    const char *what = negated ? name + 3 : name;

    if (strcmp(what, "Action") == 0) {
        out->has_action = true;
        out->not_action = negated;
        return kms_policy_read_actions(r, value, &out->actions);
    }
    if (strcmp(what, "Resource") == 0) {
        out->has_resource = true;
        out->not_resource = negated;
        return kms_policy_read_resources(r, value, &out->resources);
    }
    if (strcmp(what, "Principal") == 0 && r->kind == KMS_POLICY_KEY) {
        out->not_principal = negated;
        return kms_policy_read_principals(r, value, out);
    }
    if (strcmp(name, "Sid") == 0)
        return read_sid(r, value, out);
    if (strcmp(name, "Effect") == 0)
        return read_effect(value, out);
    return strcmp(name, "Condition") == 0 && kms_policy_read_condition(r, value, out);
}

/* An element and its opposite exclude each other. */
static bool both(const json_t *v, const char *name, const char *opposite)
{
    return json_object_get(v, name) != NULL && json_object_get(v, opposite) != NULL;
}

bool kms_policy_read_statement(const struct kms_policy_reader *r, json_t *value,
                               struct kms_statement *out)
{
    const char *name;
    json_t *part;

    if (!json_is_object(value) || json_object_get(value, "Effect") == NULL ||
        both(value, "Principal", "NotPrincipal") || both(value, "Action", "NotAction") ||
        both(value, "Resource", "NotResource"))
        return false;
    json_object_foreach(value, name, part)
    {
        if (!read_element(r, name, part, out))
            return false;
    }
    if (r->kind != KMS_POLICY_KEY)
        return out->has_action && out->has_resource;
    return out->n_principals > 0 && (!out->not_principal || out->deny);
}
