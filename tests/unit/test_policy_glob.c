/* Patterns: wildcards, fields of ARNs, variables, and the time that they may take. */
#include "policy/glob.h"
#include "test_policy_ask.h"

struct row {
    const char *pattern, *value;
    enum kms_match want;
};

static char scratch[4096 * 1024];

/* Compile and match; the circumstances give variables their values. */
static enum kms_match match_in(struct kms_str pattern, enum kms_glob_kind kind,
                               struct kms_str value, const char *circumstances)
{
    struct circumstances c = {0};
    struct kms_policy_context context = {kms_policy_pairs_find, &c.all};
    struct kms_glob_env env = {&context, false, KMS_POLICY_FUEL};
    struct kms_pool pool = {scratch, 0, sizeof scratch, false};
    struct kms_glob g;

    circumstances_read(&c, circumstances);
    ck_assert_msg(kms_glob_compile(&pool, pattern, kind, true, false, &g), "%.*s",
                  KMS_FMT(pattern));
    ck_assert(!pool.full);
    return kms_glob_match(&g, value, &env);
}

static void check_rows(const struct row *rows, size_t n, enum kms_glob_kind kind)
{
    for (size_t i = 0; i < n; i++) {
        enum kms_match got =
            match_in(kms_str_of(rows[i].pattern), kind, kms_str_of(rows[i].value),
                     "aws:username=alice;aws:TagKeys=a|b;x:star=*;x:field=a:b");

        ck_assert_msg(got == rows[i].want, "%s upon %s: %d", rows[i].pattern,
                      rows[i].value, got);
    }
}

#define CHECK(rows, kind) check_rows(rows, sizeof rows / sizeof rows[0], kind)
#define NO KMS_MATCH_NO
#define YES KMS_MATCH_YES
#define NONE KMS_MATCH_NO_VALUE

START_TEST(stars_are_runs_and_question_marks_characters)
{
    static const struct row rows[] = {
        {"", "", YES},
        {"", "a", NO},
        {"*", "", YES},
        {"*", "abc", YES},
        {"?", "", NO},
        {"?", "a", YES},
        {"?", "ab", NO},
        {"a*", "a", YES},
        {"a*c", "abbc", YES},
        {"a*c", "abcd", NO},
        {"*c", "abcc", YES},
        {"*ab*ab*", "xabab", YES},
        {"*ab*ab*", "xab", NO},
        {"*aab", "aaaab", YES},
        {"a?c*e", "abcde", YES},
        {"*?", "", NO},
        {"*?", "ab", YES},
        {"?*?", "a", NO},
        {"**a**", "bab", YES},
        {"a*b*c", "acb", NO},
        {"A", "a", NO},
        {"*a?c", "abcaxc", YES},
        {"*abcabd", "abcabcabd", YES},
    };

    CHECK(rows, KMS_GLOB_TEXT);
}
END_TEST

START_TEST(a_character_is_a_code_point_and_not_a_byte)
{
    static const struct row rows[] = {
        {"?", "\xc3\xa9", YES},          {"??", "\xc3\xa9", NO},
        {"*?", "\xe2\x82\xac", YES},     {"*??", "\xe2\x82\xac", NO},
        {"?\xc3\xa9", "e\xc3\xa9", YES}, {"\xc3\xa9", "e\xcc\x81", NO},
        {"?", "\xf0\x9f\x94\x91", YES},  {"?*?", "\xf0\x9f\x94\x91", NO},
    };

    CHECK(rows, KMS_GLOB_TEXT);
}
END_TEST

START_TEST(without_wildcards_a_star_is_a_star)
{
    static const struct row rows[] = {
        {"*", "*", YES}, {"*", "a", NO}, {"a?", "a?", YES}, {"a?", "ab", NO}};

    CHECK(rows, KMS_GLOB_EXACT);
}
END_TEST

START_TEST(wildcards_of_arn_operators_stay_in_their_field)
{
    static const struct row rows[] = {
        {"arn:aws:kms:*:1:key/*", "arn:aws:kms:r:1:key/a", YES},
        {"arn:aws:kms:*:1:key/*", "arn:aws:kms:r:2:x:1:key/a", NO},
        {"arn:aws:kms:*:*:key/*", "arn:aws:kms:r:2:key/a:b:c", YES},
        {"arn:*:*:*:*:*", "arn:aws:kms:r:2:key/a", YES},
        {"arn:*:*:*:*:?", "arn:aws:kms:r:2:ab", NO},
        {"arn:aws:kms:?:1:a", "arn:aws:kms:::1:a", NO},
        {"arn:aws:kms:e*u*t:1:a", "arn:aws:kms:eu-west:1:a", YES},
        {"arn:aws:kms:e*u*t:1:a", "arn:aws:kms:e:u:t:1:a", NO},
        {"arn:aws:kms:*:1:*:b", "arn:aws:kms:r:1:a:b", YES},
    };

    CHECK(rows, KMS_GLOB_ARN);
}
END_TEST

START_TEST(a_star_that_ends_a_field_of_a_resource_runs_over_colons)
{
    static const struct row rows[] = {
        {"arn:aws:kms:*", "arn:aws:kms:r:1:key/a", YES},
        {"arn:aws:kms:*:key/a", "arn:aws:kms:r:1:key/a", YES},
        {"arn:aws:kms:r*/a", "arn:aws:kms:r:1:key/a", NO},
        {"arn:aws:kms:r*:1:key/a", "arn:aws:kms:rx:1:key/a", YES},
        {"arn:aws:kms:e*t:1:key/*", "arn:aws:kms:east:1:key/a", YES},
        {"arn:aws:kms:e*t:1:key/*", "arn:aws:kms:e:t:1:key/a", NO},
        {"arn:aws:kms:r:1:k*y/a*", "arn:aws:kms:r:1:key/a:b", YES},
        {"arn:aws:kms:*:b*d:key/*", "arn:aws:kms:x:bcd:a:bcd:key/1", YES},
        {"arn:aws:kms:*b~:x*y:z", "arn:aws:kms:b~b~:xy:z", YES},
    };

    CHECK(rows, KMS_GLOB_RESOURCE);
}
END_TEST

START_TEST(variables_are_taken_literally_and_once)
{
    static const struct row rows[] = {
        {"${aws:username}", "alice", YES},
        {"${AWS:UserName}", "alice", YES},
        {"a-${aws:username}-*", "a-alice-1", YES},
        {"${aws:username}", "${aws:username}", NO},
        {"${no:such}", "", NONE},
        {"${no:such}*", "a", NONE},
        {"${no:such, 'bob'}", "bob", YES},
        {"${ aws:username , 'bob' }", "alice", YES},
        {"${no:such,''}", "", YES},
        {"${no:such, '}'}", "}", YES},
        {"${no:such, '*'}", "a", NO},
        {"${aws:TagKeys}", "a", NONE},
        {"${aws:TagKeys, 'c'}", "c", YES},
        {"${x:star}", "*", YES},
        {"${x:star}", "a", NO},
        {"${*}", "*", YES},
        {"${*}", "a", NO},
        {"${?}${$}{a}", "?${a}", YES},
        {"$", "$", YES},
        {"$$${$}{", "$$${", YES},
        {"a$b", "a$b", YES},
    };

    CHECK(rows, KMS_GLOB_TEXT);
}
END_TEST

START_TEST(a_value_with_a_colon_cannot_move_the_fields_of_an_arn)
{
    static const struct row rows[] = {
        {"arn:aws:kms:${x:field}:1:key", "arn:aws:kms:a:b:1:key", NONE},
        {"arn:aws:kms:r:1:${x:field}", "arn:aws:kms:r:1:a:b", YES},
    };

    CHECK(rows, KMS_GLOB_RESOURCE);
    CHECK(rows, KMS_GLOB_ARN);
}
END_TEST

START_TEST(what_is_no_variable_is_no_pattern)
{
    static const char *const bad[] = {
        "${",       "${}",         "${ }",
        "${a",      "${a b}",      "${a,}",
        "${a, b}",  "${a, 'b}",    "${a 'b'}",
        "${a, 'b'", "${a, 'b' c}", "${a{}",
        "${${a}}",  "${'a'}",      "${a}${b}${c}${d}${e}${f}${g}${h}${i}",
    };
    struct kms_pool pool = {scratch, 0, sizeof scratch, false};
    struct kms_glob g;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct kms_str text = kms_str_of(bad[i]);

        ck_assert_msg(!kms_glob_compile(&pool, text, KMS_GLOB_TEXT, true, false, &g),
                      "%s", bad[i]);
        ck_assert_msg(kms_glob_compile(&pool, text, KMS_GLOB_TEXT, false, false, &g),
                      "%s", bad[i]);
    }
}
END_TEST

START_TEST(case_is_ignored_in_ascii_and_latin_1_alone)
{
    static const struct row rows[] = {
        {"aBc", "AbC", YES},
        {"\xc3\x89t\xc3\xa9", "\xc3\xa9T\xc3\x89", YES}, /* É é */
        {"\xc3\x97", "\xc3\xb7", NO},                    /* × ÷ are no letters */
        {"\xc3\x9f", "\xc3\xbf", NO},                    /* ß ÿ */
        {"k", "\xe2\x84\xaa", NO},                       /* the Kelvin sign */
        {"s", "\xc5\xbf", NO},                           /* the long s */
        {"i", "\xc4\xb0", NO},                           /* dotted capital I */
        {"${aws:username}", "ALICE", YES},
        {"${no:such}", "a", NONE},
        {"ab", "abc", NO},
        {"abc", "ab", NO},
    };
    struct circumstances c = {0};
    struct kms_policy_context context = {kms_policy_pairs_find, &c.all};

    circumstances_read(&c, "aws:username=alice");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kms_glob_env env = {&context, false, KMS_POLICY_FUEL};
        struct kms_pool pool = {scratch, 0, sizeof scratch, false};
        struct kms_glob g;

        ck_assert(kms_glob_compile(&pool, kms_str_of(rows[i].pattern), KMS_GLOB_EXACT,
                                   true, false, &g));
        ck_assert_msg(kms_glob_match_nocase(&g, kms_str_of(rows[i].value), &env) ==
                          rows[i].want,
                      "%s", rows[i].pattern);
    }
}
END_TEST

/* A text of n times unit, closed by end. */
static struct kms_str repeated(char *out, const char *unit, size_t n, const char *end)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++, at += strlen(unit))
        memcpy(out + at, unit, strlen(unit));
    memcpy(out + at, end, strlen(end));
    return (struct kms_str){out, at + strlen(end)};
}

static uint32_t steps_of(struct kms_str pattern, struct kms_str value,
                         enum kms_match *out)
{
    struct kms_policy_context context = {0};
    struct kms_glob_env env = {&context, false, KMS_POLICY_FUEL};
    struct kms_pool pool = {scratch, 0, sizeof scratch, false};
    struct kms_glob g;

    ck_assert(kms_glob_compile(&pool, pattern, KMS_GLOB_TEXT, true, false, &g));
    *out = kms_glob_match(&g, value, &env);
    return KMS_POLICY_FUEL - env.fuel;
}

START_TEST(patterns_that_would_blow_up_elsewhere_take_few_steps)
{
    static char pattern[64 * 1024], value[16 * 1024];
    struct kms_str as = repeated(value, "a", 8192, "");
    static const struct {
        const char *unit, *end;
        size_t n;
        enum kms_match want;
    } rows[] = {
        {"*", "", 32768, KMS_MATCH_YES}, {"*a", "b", 4000, KMS_MATCH_NO},
        {"*a", "", 4000, KMS_MATCH_YES}, {"?*", "", 8000, KMS_MATCH_YES},
        {"?", "", 8193, KMS_MATCH_NO},   {"a*", "b", 8000, KMS_MATCH_NO},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum kms_match got;
        uint32_t steps =
            steps_of(repeated(pattern, rows[i].unit, rows[i].n, rows[i].end), as, &got);

        ck_assert_msg(got == rows[i].want, "%zu: %d", i, got);
        ck_assert_msg(steps < 64 * 1024, "%zu: %u steps", i, steps);
    }
}
END_TEST

START_TEST(a_match_that_takes_too_long_is_no_match_but_an_error)
{
    static char pattern[64 * 1024], value[16 * 1024];
    struct kms_str as = repeated(value, "a", 8191, "b");
    struct kms_str costly = repeated(pattern, "a?", 2000, "c*");
    enum kms_match got;

    memmove(pattern + 1, pattern, costly.n);
    pattern[0] = '*';
    ck_assert_uint_eq(steps_of((struct kms_str){pattern, costly.n + 1}, as, &got),
                      KMS_POLICY_FUEL);
    ck_assert_int_eq(got, KMS_MATCH_TIRED);
}
END_TEST

RUN("policy_glob", stars_are_runs_and_question_marks_characters,
    a_character_is_a_code_point_and_not_a_byte, without_wildcards_a_star_is_a_star,
    wildcards_of_arn_operators_stay_in_their_field,
    a_star_that_ends_a_field_of_a_resource_runs_over_colons,
    variables_are_taken_literally_and_once,
    a_value_with_a_colon_cannot_move_the_fields_of_an_arn,
    what_is_no_variable_is_no_pattern, case_is_ignored_in_ascii_and_latin_1_alone,
    patterns_that_would_blow_up_elsewhere_take_few_steps,
    a_match_that_takes_too_long_is_no_match_but_an_error)
