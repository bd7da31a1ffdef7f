#include <stdio.h>
#include <string.h>

#include "policy/compile.h"
#include "wire/base64.h"

/* Operators in lower case, without what stands before and behind them. */
static const struct {
    const char *name;
    struct kms_operator op;
} operators[] = {
    {"stringequals", {KMS_FAMILY_STRING, .negated = false}},
    {"stringnotequals", {KMS_FAMILY_STRING, .negated = true}},
    {"stringequalsignorecase", {KMS_FAMILY_NOCASE, .negated = false}},
    {"stringnotequalsignorecase", {KMS_FAMILY_NOCASE, .negated = true}},
    {"stringlike", {KMS_FAMILY_STRING, .negated = false, .wild = true}},
    {"stringnotlike", {KMS_FAMILY_STRING, .negated = true, .wild = true}},
    {"numericequals", {KMS_FAMILY_NUMERIC, .test = KMS_TEST_EQ}},
    {"numericnotequals", {KMS_FAMILY_NUMERIC, .test = KMS_TEST_EQ, .negated = true}},
    {"numericlessthan", {KMS_FAMILY_NUMERIC, .test = KMS_TEST_LT}},
    {"numericlessthanequals", {KMS_FAMILY_NUMERIC, .test = KMS_TEST_LE}},
    {"numericgreaterthan", {KMS_FAMILY_NUMERIC, .test = KMS_TEST_GT}},
    {"numericgreaterthanequals", {KMS_FAMILY_NUMERIC, .test = KMS_TEST_GE}},
    {"dateequals", {KMS_FAMILY_DATE, .test = KMS_TEST_EQ}},
    {"datenotequals", {KMS_FAMILY_DATE, .test = KMS_TEST_EQ, .negated = true}},
    {"datelessthan", {KMS_FAMILY_DATE, .test = KMS_TEST_LT}},
    {"datelessthanequals", {KMS_FAMILY_DATE, .test = KMS_TEST_LE}},
    {"dategreaterthan", {KMS_FAMILY_DATE, .test = KMS_TEST_GT}},
    {"dategreaterthanequals", {KMS_FAMILY_DATE, .test = KMS_TEST_GE}},
    {"bool", {KMS_FAMILY_BOOL, .negated = false}},
    {"binaryequals", {KMS_FAMILY_BINARY, .negated = false}},
    {"ipaddress", {KMS_FAMILY_IP, .negated = false}},
    {"notipaddress", {KMS_FAMILY_IP, .negated = true}},
    {"arnequals", {KMS_FAMILY_ARN, .negated = false}},
    {"arnnotequals", {KMS_FAMILY_ARN, .negated = true}},
    {"arnlike", {KMS_FAMILY_ARN, .negated = false}},
    {"arnnotlike", {KMS_FAMILY_ARN, .negated = true}},
    {"null", {KMS_FAMILY_NULL, .negated = false}},
};

/* Takes the prefix off s if it is there. */
static bool take_prefix(struct kms_str *s, const char *prefix)
{
    if (!kms_str_starts(*s, prefix))
        return false;
    *s = kms_str_skip(*s, strlen(prefix));
    return true;
}

static bool take_suffix(struct kms_str *s, const char *suffix)
{
    size_t n = strlen(suffix);

    if (s->n < n || memcmp(s->p + s->n - n, suffix, n) != 0)
        return false;
    s->n -= n;
    return true;
}

static bool read_operator(const char *name, struct kms_operator *out)
{
    enum kms_quantifier quantifier = KMS_QUANT_PLAIN;
    bool if_exists;
    struct kms_str s;
    char lower[64];

    if (strlen(name) > sizeof lower)
        return false;
    kms_ckey_lower(lower, name, strlen(name));
    s = (struct kms_str){lower, strlen(name)};
    if (take_prefix(&s, "forallvalues:"))
        quantifier = KMS_QUANT_ALL;
    else if (take_prefix(&s, "foranyvalue:"))
        quantifier = KMS_QUANT_ANY;
    if_exists = take_suffix(&s, "ifexists");
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (!kms_str_is(s, operators[i].name))
            continue;
        *out = operators[i].op;
        out->quantifier = quantifier;
        out->if_exists = if_exists;
        return out->family != KMS_FAMILY_NULL ||
               (quantifier == KMS_QUANT_PLAIN && !if_exists);
    }
    return false;
}

/* The text that a value stands for; false for what can be none. */
static bool text_of(const json_t *value, char number[32], struct kms_str *out)
{
    if (json_is_string(value))
        *out = kms_json_text(value);
    else if (json_is_boolean(value))
        *out = json_is_true(value) ? KMS_LIT("true") : KMS_LIT("false");
    else if (json_is_integer(value))
        *out = (struct kms_str){
            number,
            (size_t)snprintf(number, 32, "%lld", (long long)json_integer_value(value))};
    else
        return false;
    return true;
}

static bool read_binary(struct kms_pool *pool, struct kms_str text, struct kms_str *out)
{
    size_t n = kms_base64_size(text);
    uint8_t *p;

    /* Sized by its text: whether that is base64 shows only when it is decoded. */
    p = kms_pool_alloc(pool, text.n + 1, 1);
    if (p == NULL)
        return true;
    *out = (struct kms_str){(const char *)p, n};
    return n <= text.n && kms_base64_decode(text, p);
}

static bool read_arn(const struct kms_policy_reader *r, struct kms_str text,
                     struct kms_glob *out)
{
    bool any = kms_str_is(text, "*");

    if (!any)
        return kms_glob_compile(r->pool, text, KMS_GLOB_ARN, r->variables, false, out) &&
               (out->fields == 6 || r->pool->full);
    return kms_glob_compile(r->pool, text, KMS_GLOB_TEXT, false, false, out);
}

static bool read_typed(const struct kms_policy_reader *r, const struct kms_operator *op,
                       struct kms_str text, union kms_listed *out)
{
    struct kms_str kept;

    switch (op->family) {
    case KMS_FAMILY_STRING:
    case KMS_FAMILY_NOCASE:
        return kms_glob_compile(r->pool, text, op->wild ? KMS_GLOB_TEXT : KMS_GLOB_EXACT,
                                r->variables, false, &out->glob);
    case KMS_FAMILY_ARN:
        return read_arn(r, text, &out->glob);
    case KMS_FAMILY_NUMERIC:
        kept = kms_pool_str(r->pool, text);
        return kept.p == NULL || kms_number_parse(kept, &out->number);
    case KMS_FAMILY_DATE:
        return kms_date_parse(text, &out->date_ms);
    case KMS_FAMILY_BOOL:
    case KMS_FAMILY_NULL:
        return kms_truth_parse(text, &out->truth);
    case KMS_FAMILY_BINARY:
        return read_binary(r->pool, text, &out->bytes);
    case KMS_FAMILY_IP:
        return kms_network_parse(text, &out->network);
    }
    return false;
}

static bool read_values(const struct kms_policy_reader *r, json_t *value,
                        struct kms_condition *out)
{
    size_t n = json_is_array(value) ? json_array_size(value) : 1;
    union kms_listed *v = kms_pool_alloc(r->pool, n, sizeof *v);

    for (size_t i = 0; i < n && v != NULL; i++) {
        struct kms_str text;
        char number[32];

        if (!text_of(kms_policy_item(value, i), number, &text) ||
            !read_typed(r, &out->op, text, &v[i]))
            return false;
    }
    out->v = v;
    out->n = (uint32_t)n;
    return true;
}

/* Vendor, colon, name (RULES.md 1.8). */
static bool read_key(const struct kms_policy_reader *r, const char *name,
                     struct kms_condition *out)
{
    const char *colon = strchr(name, ':');
    struct kms_str lower;

    if (colon == NULL || colon == name || colon[1] == '\0')
        return false;
    lower = kms_pool_lower(r->pool, kms_str_of(name));
    if (lower.p == NULL)
        return true;
    out->key = kms_ckey_of(lower);
    if (r->kind == KMS_POLICY_KEY && out->op.quantifier == KMS_QUANT_ALL &&
        (kms_str_starts(lower, "kms:encryptioncontext:") ||
         kms_str_starts(lower, "aws:requesttag/")))
        r->faults->overly_permissive = true;
    return true;
}

static size_t count(json_t *value)
{
    const char *name;
    json_t *keys;
    size_t n = 0;

    json_object_foreach(value, name, keys) n += json_object_size(keys);
    return n;
}

bool kms_policy_read_condition(const struct kms_policy_reader *r, json_t *value,
                               struct kms_statement *out)
{
    size_t n = count(value), at = 0;
    struct kms_condition *v = kms_pool_alloc(r->pool, n, sizeof *v);
    const char *name, *key;
    json_t *keys, *values;

    if (!json_is_object(value))
        return false;
    if (v == NULL)
        return true;
    json_object_foreach(value, name, keys)
    {
        struct kms_operator op;

        if (!json_is_object(keys) || !read_operator(name, &op))
            return false;
        json_object_foreach(keys, key, values)
        {
            struct kms_condition *c = &v[at++];

            c->op = op;
            if (!read_key(r, key, c) || !read_values(r, values, c))
                return false;
        }
    }
    out->conditions = v;
    out->n_conditions = (uint32_t)n;
    return true;
}
