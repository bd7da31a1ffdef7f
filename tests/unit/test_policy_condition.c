/* Conditions: every operator, with and without a value, many values, none. */
#include "test_policy_ask.h"

/* How a statement with the condition comes out: both effects have their say. */
enum outcome { HOLDS, FAILS, UNDECIDED };

static enum outcome outcome_of(const char *condition, const char *circumstances)
{
    static const char text[] =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"%s\","
        "\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\","
        "\"Condition\":%s}]}";
    char allow[2048], deny[2048];
    bool allows, denies;

    snprintf(allow, sizeof allow, text, "Allow", condition);
    snprintf(deny, sizeof deny, text, "Deny", condition);
    allows = asked(allow, KMS_POLICY_KEY, &alice, circumstances).allow[0] == 0;
    denies = asked(deny, KMS_POLICY_KEY, &alice, circumstances).deny == 0;
    ck_assert_msg(denies || !allows, "%s allows where it would not deny", condition);
    return allows ? HOLDS : denies ? UNDECIDED : FAILS;
}

struct row {
    const char *condition, *circumstances;
    enum outcome want;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum outcome got = outcome_of(rows[i].condition, rows[i].circumstances);

        ck_assert_msg(got == rows[i].want, "%s with %s: %d", rows[i].condition,
                      rows[i].circumstances, got);
    }
}

#define CHECK(rows) check_rows(rows, sizeof rows / sizeof rows[0])
/* {"op":{"a:k":values}} */
#define C(op, values) "{\"" op "\":{\"a:k\":" values "}}"

START_TEST(strings)
{
    static const struct row rows[] = {
        {C("StringEquals", "\"x\""), "a:k=x", HOLDS},
        {C("StringEquals", "\"x\""), "a:k=X", FAILS},
        {C("StringEquals", "\"x*\""), "a:k=xy", FAILS},
        {C("StringEquals", "[\"x\",\"y\"]"), "a:k=y", HOLDS},
        {C("StringEquals", "365"), "a:k=365", HOLDS},
        {C("StringEquals", "true"), "a:k=true", HOLDS},
        {C("StringEquals", "[]"), "a:k=x", FAILS},
        {C("StringEquals", "\"\""), "a:k=", HOLDS},
        {C("StringNotEquals", "\"x\""), "a:k=x", FAILS},
        {C("StringNotEquals", "[\"x\",\"y\"]"), "a:k=y", FAILS},
        {C("StringNotEquals", "[\"x\",\"y\"]"), "a:k=z", HOLDS},
        {C("StringNotEquals", "[]"), "a:k=z", HOLDS},
        {C("StringEqualsIgnoreCase", "\"x\""), "a:k=X", HOLDS},
        {C("StringNotEqualsIgnoreCase", "\"x\""), "a:k=X", FAILS},
        {C("StringLike", "\"x*\""), "a:k=xy", HOLDS},
        {C("StringLike", "\"X*\""), "a:k=xy", FAILS},
        {C("StringNotLike", "\"x?\""), "a:k=xy", FAILS},
        {C("stringLIKE", "\"x*\""), "a:k=xy", HOLDS},
    };

    CHECK(rows);
}
END_TEST

START_TEST(numbers)
{
    static const struct row rows[] = {
        {C("NumericEquals", "\"90\""), "a:k=90.0", HOLDS},
        {C("NumericEquals", "[89,90]"), "a:k=90", HOLDS},
        {C("NumericNotEquals", "90"), "a:k=90", FAILS},
        {C("NumericNotEquals", "90"), "a:k=91", HOLDS},
        {C("NumericLessThan", "90"), "a:k=90", FAILS},
        {C("NumericLessThan", "90"), "a:k=9", HOLDS},
        {C("NumericLessThanEquals", "90"), "a:k=90", HOLDS},
        {C("NumericLessThanEquals", "90"), "a:k=91", FAILS},
        {C("NumericGreaterThan", "90"), "a:k=90", FAILS},
        {C("NumericGreaterThan", "90"), "a:k=100", HOLDS},
        {C("NumericGreaterThanEquals", "90"), "a:k=90", HOLDS},
        {C("NumericGreaterThanEquals", "90"), "a:k=89.999", FAILS},
        {C("NumericEquals", "90"), "a:k=ninety", UNDECIDED},
        {C("NumericNotEquals", "90"), "a:k=ninety", UNDECIDED},
        {C("NumericLessThanIfExists", "90"), "a:k=ninety", UNDECIDED},
    };

    CHECK(rows);
}
END_TEST

START_TEST(dates)
{
    static const struct row rows[] = {
        {C("DateEquals", "\"2026-10-01\""), "a:k=1790812800", HOLDS},
        {C("DateNotEquals", "\"2026-10-01\""), "a:k=2026-10-01T00:00:01Z", HOLDS},
        {C("DateLessThan", "\"2026-10-01T12:00:00Z\""), "a:k=2026-10-01T13:00:00+02:00",
         HOLDS},
        {C("DateLessThan", "\"2026-10-01\""), "a:k=2026-10-01", FAILS},
        {C("DateLessThanEquals", "\"2026-10-01\""), "a:k=2026-10-01", HOLDS},
        {C("DateGreaterThan", "1790812800"), "a:k=2026-10-01T00:00:00.001Z", HOLDS},
        {C("DateGreaterThan", "1790812800"), "a:k=2026-10-01", FAILS},
        {C("DateGreaterThanEquals", "\"2026\""), "a:k=2026-01-01", HOLDS},
        {C("DateLessThan", "\"2026\""), "a:k=tomorrow", UNDECIDED},
    };

    CHECK(rows);
}
END_TEST

START_TEST(truths_bytes_and_addresses)
{
    static const struct row rows[] = {
        {C("Bool", "true"), "a:k=true", HOLDS},
        {C("Bool", "\"True\""), "a:k=TRUE", HOLDS},
        {C("Bool", "\"false\""), "a:k=true", FAILS},
        {C("Bool", "true"), "a:k=1", UNDECIDED},
        {C("BinaryEquals", "\"QmluYXJ5VmFsdWVJbkJhc2U2NA==\""), "a:k=BinaryValueInBase64",
         HOLDS},
        {C("BinaryEquals", "\"QmluYXJ5\""), "a:k=QmluYXJ5", FAILS},
        {C("IpAddress", "\"203.0.113.0/24\""), "a:k=203.0.113.9", HOLDS},
        {C("IpAddress", "[\"10.0.0.0/8\",\"2001:db8::/32\"]"), "a:k=2001:db8::1", HOLDS},
        {C("IpAddress", "\"203.0.113.0/24\""), "a:k=203.0.114.9", FAILS},
        {C("NotIpAddress", "\"203.0.113.0/24\""), "a:k=203.0.113.9", FAILS},
        {C("NotIpAddress", "\"203.0.113.0/24\""), "a:k=2001:db8::1", HOLDS},
        {C("IpAddress", "\"0.0.0.0/0\""), "a:k=unknown", UNDECIDED},
        {C("NotIpAddress", "\"0.0.0.0/0\""), "a:k=10.0.0.0/8", UNDECIDED},
    };

    CHECK(rows);
}
END_TEST

START_TEST(arns)
{
    static const struct row rows[] = {
        {C("ArnEquals", "\"arn:aws:iam::1:user/*\""), "a:k=arn:aws:iam::1:user/a", HOLDS},
        {C("ArnLike", "\"arn:aws:iam::1:user/A\""), "a:k=arn:aws:iam::1:user/a", FAILS},
        {C("ArnLike", "\"*\""), "a:k=arn:aws:iam::1:user/a", HOLDS},
        {C("ArnNotEquals", "\"arn:aws:iam::1:user/*\""), "a:k=arn:aws:iam::1:user/a",
         FAILS},
        {C("ArnNotLike", "\"arn:aws:iam::1:role/*\""), "a:k=arn:aws:iam::1:user/a",
         HOLDS},
        {C("ArnLike", "\"*\""), "a:k=alice", UNDECIDED},
        {C("ArnLike", "\"*\""), "a:k=arn:aws:iam::1", UNDECIDED},
        {C("ArnNotLike", "\"arn:aws:iam::1:user/*\""), "a:k=111122223333", UNDECIDED},
    };

    CHECK(rows);
}
END_TEST

START_TEST(a_key_without_a_value)
{
    static const struct row rows[] = {
        {C("StringEquals", "\"x\""), "", FAILS},
        {C("StringLike", "\"*\""), "", FAILS},
        {C("StringNotEquals", "\"x\""), "", HOLDS},
        {C("ArnNotLike", "\"*\""), "", HOLDS},
        {C("NotIpAddress", "\"10.0.0.0/8\""), "", HOLDS},
        {C("NumericLessThan", "1"), "", FAILS},
        {C("NumericNotEquals", "1"), "", HOLDS},
        {C("DateLessThan", "\"2026\""), "", FAILS},
        {C("Bool", "false"), "", FAILS},
        {C("BinaryEquals", "\"\""), "", FAILS},
        {C("StringEqualsIfExists", "\"x\""), "", HOLDS},
        {C("StringEqualsIfExists", "\"x\""), "a:k=y", FAILS},
        {C("StringNotEqualsIfExists", "\"x\""), "", HOLDS},
        {C("StringNotEqualsIfExists", "\"x\""), "a:k=x", FAILS},
        {C("BoolIfExists", "false"), "", HOLDS},
        {C("IpAddressIfExists", "\"10.0.0.0/8\""), "", HOLDS},
        {C("ForAllValues:StringEquals", "\"x\""), "", HOLDS},
        {C("ForAllValues:StringNotEquals", "\"x\""), "", HOLDS},
        {C("ForAnyValue:StringEquals", "\"x\""), "", FAILS},
        {C("ForAnyValue:StringNotEquals", "\"x\""), "", FAILS},
        {C("ForAnyValue:StringEqualsIfExists", "\"x\""), "", FAILS},
        {C("ForAllValues:StringEquals", "\"x\""), "a:k=", HOLDS},
        {C("ForAnyValue:StringEquals", "\"\""), "a:k=", FAILS},
        {C("ForAnyValue:StringEquals", "\"\""), "a:k=|", HOLDS},
        {C("Null", "true"), "", HOLDS},
        {C("Null", "\"true\""), "a:k=x", FAILS},
        {C("Null", "\"false\""), "a:k=x", HOLDS},
        {C("Null", "false"), "a:k=", HOLDS},
        {C("Null", "false"), "", FAILS},
        {C("Null", "[\"true\",\"false\"]"), "", HOLDS},
        {C("Null", "[]"), "", FAILS},
    };

    CHECK(rows);
}
END_TEST

START_TEST(a_key_with_many_values)
{
    static const struct row rows[] = {
        {C("ForAllValues:StringEquals", "[\"x\",\"y\"]"), "a:k=x|y", HOLDS},
        {C("ForAllValues:StringEquals", "[\"x\",\"y\"]"), "a:k=x|z", FAILS},
        {C("ForAnyValue:StringEquals", "[\"x\",\"y\"]"), "a:k=z|x", HOLDS},
        {C("ForAnyValue:StringEquals", "[\"x\",\"y\"]"), "a:k=z|w", FAILS},
        {C("ForAllValues:StringNotEquals", "[\"x\",\"y\"]"), "a:k=z|w", HOLDS},
        {C("ForAllValues:StringNotEquals", "[\"x\",\"y\"]"), "a:k=z|x", FAILS},
        {C("ForAnyValue:StringNotEquals", "[\"x\",\"y\"]"), "a:k=x|z", HOLDS},
        {C("ForAnyValue:StringNotEquals", "[\"x\",\"y\"]"), "a:k=x|y", FAILS},
        {C("forallvalues:StringLike", "\"x*\""), "a:k=xa|xb", HOLDS},
        {C("ForAnyValue:NumericLessThan", "5"), "a:k=9|3", HOLDS},
        {C("ForAnyValue:NumericLessThan", "5"), "a:k=3|x", UNDECIDED},
        {C("ForAllValues:NumericLessThan", "5"), "a:k=9|x", UNDECIDED},
        {C("StringEquals", "[\"x\",\"y\"]"), "a:k=x|y", UNDECIDED},
        {C("StringNotEquals", "\"z\""), "a:k=x|y", UNDECIDED},
        {C("StringEqualsIfExists", "\"x\""), "a:k=x|x", UNDECIDED},
    };

    CHECK(rows);
}
END_TEST

START_TEST(variables_in_values)
{
    static const struct row rows[] = {
        {C("StringEquals", "\"${b:v}\""), "a:k=x;b:v=x", HOLDS},
        {C("StringEquals", "\"${B:V}\""), "a:k=x;b:v=x", HOLDS},
        {C("StringEquals", "\"${b:v}\""), "a:k=x;b:v=y", FAILS},
        {C("StringEquals", "\"${b:v}\""), "a:k=x", FAILS},
        {C("StringEquals", "\"${b:v}\""), "a:k=", FAILS},
        {C("StringNotEquals", "\"${b:v}\""), "a:k=x", HOLDS},
        {C("StringLike", "\"${b:v}*\""), "a:k=", FAILS},
        {C("StringLike", "\"${b:v}\""), "a:k=xy;b:v=x*", FAILS},
        {C("StringLike", "\"${b:v}\""), "a:k=x*;b:v=x*", HOLDS},
        {C("StringEquals", "\"${b:v}\""), "a:k=x;b:v=x|y", FAILS},
        {C("StringEquals", "\"${b:v, 'x'}\""), "a:k=x;b:v=y|z", HOLDS},
        {C("StringEquals", "[\"${b:v}\",\"x\"]"), "a:k=x", HOLDS},
        {C("StringEqualsIgnoreCase", "\"p-${b:v}\""), "a:k=P-X;b:v=x", HOLDS},
        {C("ArnLike", "\"arn:aws:iam::1:user/${b:v}\""),
         "a:k=arn:aws:iam::1:user/x;b:v=x", HOLDS},
        {C("ArnLike", "\"arn:aws:iam::${b:v}:*\""), "a:k=arn:aws:iam::1:user/x;b:v=1",
         HOLDS},
    };

    CHECK(rows);
}
END_TEST

START_TEST(all_operators_and_keys_have_to_hold)
{
    static const struct row rows[] = {
        {"{}", "", HOLDS},
        {"{\"StringEquals\":{}}", "", HOLDS},
        {"{\"StringEquals\":{\"a:k\":\"x\",\"b:v\":\"y\"}}", "a:k=x;b:v=y", HOLDS},
        {"{\"StringEquals\":{\"a:k\":\"x\",\"b:v\":\"y\"}}", "a:k=x", FAILS},
        {"{\"StringEquals\":{\"a:k\":\"x\"},\"Bool\":{\"b:v\":true}}", "a:k=x;b:v=false",
         FAILS},
        {"{\"StringEquals\":{\"a:k\":\"x\"},\"stringequals\":{\"A:K\":\"y\"}}", "a:k=x",
         FAILS},
        /* False says more than undecided, undecided more than true. */
        {"{\"Bool\":{\"b:v\":true},\"StringEquals\":{\"a:k\":\"x\"}}", "a:k=y;b:v=1",
         FAILS},
        {"{\"Bool\":{\"b:v\":true},\"StringEquals\":{\"a:k\":\"x\"}}", "a:k=x;b:v=1",
         UNDECIDED},
    };

    CHECK(rows);
}
END_TEST

START_TEST(names_of_keys_ignore_case_in_ascii_alone)
{
    static const struct row rows[] = {
        {"{\"StringEquals\":{\"KMS:encryptioncontext:TENANT\":\"1\"}}",
         "kms:EncryptionContext:tenant=1", HOLDS},
        /* The Kelvin sign is no k. */
        {"{\"StringEquals\":{\"\xe2\x84\xaams:ViaService\":\"1\"}}", "kms:ViaService=1",
         FAILS},
        {"{\"StringEquals\":{\"aws:PrincipalTag/\xc3\x89\":\"1\"}}",
         "aws:PrincipalTag/\xc3\xa9=1", FAILS},
    };

    CHECK(rows);
}
END_TEST

RUN("policy_condition", strings, numbers, dates, truths_bytes_and_addresses, arns,
    a_key_without_a_value, a_key_with_many_values, variables_in_values,
    all_operators_and_keys_have_to_hold, names_of_keys_ignore_case_in_ascii_alone)
