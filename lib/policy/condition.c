#include <string.h>

#include "policy/model.h"

/* A value of the request in the type of the operator. */
struct given {
    struct kms_str text;
    struct kms_number number;
    struct kms_network network;
    int64_t date_ms;
    bool truth;
};

/* Six fields, the first of them "arn". */
static bool is_arn(struct kms_str s)
{
    unsigned colons = 0;

    for (size_t i = 0; i < s.n && colons < 5; i++)
        colons += s.p[i] == ':';
    return colons == 5 && kms_str_starts(s, "arn:");
}

static bool is_address(struct kms_str s)
{
    return s.n != 0 && memchr(s.p, '/', s.n) == NULL;
}

static bool read_given(enum kms_family family, struct kms_str text, struct given *out)
{
    out->text = text;
    switch (family) {
    case KMS_FAMILY_STRING:
    case KMS_FAMILY_NOCASE:
    case KMS_FAMILY_BINARY:
        return true;
    case KMS_FAMILY_ARN:
        return is_arn(text);
    case KMS_FAMILY_NUMERIC:
        return kms_number_parse(text, &out->number);
    case KMS_FAMILY_DATE:
        return kms_date_parse(text, &out->date_ms);
    case KMS_FAMILY_BOOL:
        return kms_truth_parse(text, &out->truth);
    case KMS_FAMILY_IP:
        return is_address(text) && kms_network_parse(text, &out->network);
    case KMS_FAMILY_NULL:
        break;
    }
    return false;
}

static bool ordered(enum kms_test test, int cmp)
{
    switch (test) {
    case KMS_TEST_EQ:
        return cmp == 0;
    case KMS_TEST_LT:
        return cmp < 0;
    case KMS_TEST_LE:
        return cmp <= 0;
    case KMS_TEST_GT:
        return cmp > 0;
    case KMS_TEST_GE:
        return cmp >= 0;
    }
    return false;
}

static enum kms_match yes(bool match)
{
    return match ? KMS_MATCH_YES : KMS_MATCH_NO;
}

static enum kms_match match_one(const struct kms_operator *op, const struct given *given,
                                const union kms_listed *listed, struct kms_glob_env *env)
{
    int64_t a = given->date_ms, b;

    switch (op->family) {
    case KMS_FAMILY_STRING:
    case KMS_FAMILY_ARN:
        return kms_glob_match(&listed->glob, given->text, env);
    case KMS_FAMILY_NOCASE:
        return kms_glob_match_nocase(&listed->glob, given->text, env);
    case KMS_FAMILY_NUMERIC:
        return yes(ordered(op->test, kms_number_cmp(&given->number, &listed->number)));
    case KMS_FAMILY_DATE:
        b = listed->date_ms;
        return yes(ordered(op->test, (a > b) - (a < b)));
    case KMS_FAMILY_BOOL:
        return yes(given->truth == listed->truth);
    case KMS_FAMILY_BINARY:
        return yes(kms_str_eq(given->text, listed->bytes));
    case KMS_FAMILY_IP:
        return yes(kms_network_within(&given->network, &listed->network));
    case KMS_FAMILY_NULL:
        break;
    }
    return KMS_MATCH_NO;
}

/* Does one value of the request satisfy the operator: a listed one matches, or none does.
 */
static enum kms_truth value_holds(const struct kms_condition *c,
                                  const struct given *given, struct kms_glob_env *env)
{
    bool hit = false;

    for (uint32_t i = 0; i < c->n && !hit; i++) {
        enum kms_match m = match_one(&c->op, given, &c->v[i], env);

        if (m == KMS_MATCH_TIRED)
            return KMS_UNDECIDED;
        hit = m == KMS_MATCH_YES;
    }
    return hit != c->op.negated ? KMS_TRUE : KMS_FALSE;
}

static enum kms_truth null_holds(const struct kms_condition *c, bool absent)
{
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->v[i].truth == absent)
            return KMS_TRUE;
    }
    return KMS_FALSE;
}

/* RULES.md 3.2 and 3.3. */
static enum kms_truth absent_holds(const struct kms_operator *op)
{
    if (op->quantifier == KMS_QUANT_ANY)
        return KMS_FALSE;
    return op->quantifier == KMS_QUANT_ALL || op->if_exists || op->negated ? KMS_TRUE
                                                                           : KMS_FALSE;
}

/* Every value is read first: one of another type spoils the test, wherever it stands. */
static enum kms_truth values_hold(const struct kms_condition *c,
                                  const struct kms_policy_values *values,
                                  struct kms_glob_env *env)
{
    bool any = false, all = true;
    struct given given;

    for (size_t i = 0; i < values->n; i++) {
        if (!read_given(c->op.family, values->v[i], &given))
            return KMS_UNDECIDED;
    }
    for (size_t i = 0; i < values->n; i++) {
        enum kms_truth truth;

        if (!read_given(c->op.family, values->v[i], &given))
            return KMS_UNDECIDED;
        truth = value_holds(c, &given, env);
        if (truth == KMS_UNDECIDED)
            return truth;
        any = any || truth == KMS_TRUE;
        all = all && truth == KMS_TRUE;
    }
    return (c->op.quantifier == KMS_QUANT_ANY ? any : all) ? KMS_TRUE : KMS_FALSE;
}

static enum kms_truth test_holds(const struct kms_condition *c, struct kms_glob_env *env)
{
    struct kms_policy_values values;
    bool plain = c->op.quantifier == KMS_QUANT_PLAIN;

    kms_glob_find(env, &c->key, &values);
    if (c->op.family == KMS_FAMILY_NULL)
        return null_holds(c, values.n == 0);
    if (values.n == 0 || (!plain && values.n == 1 && values.v[0].n == 0))
        return absent_holds(&c->op);
    if (plain && values.n > 1)
        return KMS_UNDECIDED;
    return values_hold(c, &values, env);
}

enum kms_truth kms_condition_holds(const struct kms_condition *v, uint32_t n,
                                   struct kms_glob_env *env)
{
    enum kms_truth truth = KMS_TRUE;

    for (uint32_t i = 0; i < n; i++) {
        enum kms_truth one = test_holds(&v[i], env);

        if (one == KMS_FALSE)
            return one;
        if (one == KMS_UNDECIDED)
            truth = one;
    }
    return truth;
}
