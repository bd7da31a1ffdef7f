/* Values of condition operators: numbers, dates, truths, addresses. */
#include "policy/typed.h"
#include "test_policy_ask.h"

START_TEST(numbers_compare_exactly)
{
    static const struct {
        const char *a, *b;
        int want;
    } rows[] = {
        {"0", "0", 0},
        {"0", "-0", 0},
        {"+7", "007", 0},
        {"1.50", "1.5", 0},
        {"1.5", "1.25", 1},
        {"10", "9", 1},
        {"-10", "-9", -1},
        {"-1", "1", -1},
        {"-0.5", "-0.25", -1},
        {"0.09", "0.1", -1},
        {"900719925474099267", "900719925474099268", -1},
        {"9999999999999999999999999999999999999999", "1", 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kms_number a, b;
        int got;

        ck_assert(kms_number_parse(kms_str_of(rows[i].a), &a));
        ck_assert(kms_number_parse(kms_str_of(rows[i].b), &b));
        got = kms_number_cmp(&a, &b);
        ck_assert_msg((got > 0) - (got < 0) == rows[i].want, "%s %s", rows[i].a,
                      rows[i].b);
        got = kms_number_cmp(&b, &a);
        ck_assert_msg((got > 0) - (got < 0) == -rows[i].want, "%s %s", rows[i].b,
                      rows[i].a);
    }
}
END_TEST

START_TEST(what_is_no_number_is_none)
{
    static const char *const bad[] = {
        "",         "-",    ".5",   "5.",
        "1e3",      "0x1",  " 1",   "1 ",
        "1,5",      "1.5.", "--1",  "NaN",
        "\xd9\xa1", "1.-",  "1.5a", "12345678901234567890123456789012345678901"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct kms_number n;

        ck_assert_msg(!kms_number_parse(kms_str_of(bad[i]), &n), "%s", bad[i]);
    }
}
END_TEST

START_TEST(dates_are_moments)
{
    static const struct {
        const char *text;
        int64_t want_ms;
    } rows[] = {
        {"1970", 0},
        {"1970-01", 0},
        {"1970-01-01", 0},
        {"1970-01-01T00:00Z", 0},
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.5Z", 500},
        {"1970-01-01T00:00:00.050Z", 50},
        {"1970-01-01T01:30:00+01:30", 0},
        {"1969-12-31T23:00:00-01:00", 0},
        {"0", 0},
        {"1.5", 1500},
        {"1593622000.191", 1593622000191},
        {"02026", 2026000},
        {"2026.0", 2026000},
        {"2000-02-29", 951782400000},
        {"2026-10-01T12:00:00Z", 1790856000000},
        {"0001-01-01", -62135596800000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
        {"253402300799.999", 253402300799999},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;

        ck_assert_msg(kms_date_parse(kms_str_of(rows[i].text), &ms), "%s", rows[i].text);
        ck_assert_msg(ms == rows[i].want_ms, "%s: %lld", rows[i].text, (long long)ms);
    }
}
END_TEST

START_TEST(what_is_no_date_is_none)
{
    static const char *const bad[] = {
        "",
        "soon",
        "-1",
        "2026-",
        "2026-1",
        "2026-13",
        "2026-00-01",
        "2026-02-29",
        "1900-02-29",
        "2026-04-31",
        "0000",
        "2026-10-01T",
        "2026-10-01T12:00",
        "2026-10-01T12:00:00",
        "2026-10-01T24:00:00Z",
        "2026-10-01T12:60:00Z",
        "2026-10-01T12:00:60Z",
        "2026-10-01T12:00:00.Z",
        "2026-10-01T12:00:00.0001Z",
        "2026-10-01T12:00:00+1:00",
        "2026-10-01T12:00:00+24:00",
        "2026-10-01T12:00:00+01:60",
        "2026-10-01T12:00:00z",
        "2026-10-01 12:00:00Z",
        "2026-10-01T12:00:00Z ",
        "1.2345",
        "1.",
        "253402300800",
        "1000000000000000",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ms;

        ck_assert_msg(!kms_date_parse(kms_str_of(bad[i]), &ms), "%s", bad[i]);
    }
}
END_TEST

START_TEST(truths_are_two_words)
{
    static const char *const bad[] = {"", "yes", "1", "truee", "tru", "true ", "\x14rue"};
    bool truth = false;

    ck_assert(kms_truth_parse(KMS_LIT("true"), &truth) && truth);
    ck_assert(kms_truth_parse(KMS_LIT("False"), &truth) && !truth);
    ck_assert(kms_truth_parse(KMS_LIT("TRUE"), &truth) && truth);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!kms_truth_parse(kms_str_of(bad[i]), &truth), "%s", bad[i]);
}
END_TEST

START_TEST(networks_hold_their_addresses)
{
    static const struct {
        const char *address, *network;
        bool want;
    } rows[] = {
        {"203.0.113.7", "203.0.113.0/24", true},
        {"203.0.114.7", "203.0.113.0/24", false},
        {"203.0.113.7", "203.0.113.99/24", true},
        {"203.0.113.7", "203.0.113.7", true},
        {"203.0.113.7", "0.0.0.0/0", true},
        {"203.0.113.7", "203.0.113.6/31", true},
        {"203.0.113.5", "203.0.113.6/31", false},
        {"203.0.113.7", "::/0", false},
        {"2001:db8::1", "0.0.0.0/0", false},
        {"2001:db8::1", "2001:DB8::/32", true},
        {"2001:db9::1", "2001:DB8::/32", false},
        {"2001:db8::1", "::/0", true},
        {"2001:db8::1", "2001:db8:0:0:0:0:0:1", true},
        {"::ffff:10.1.2.3", "10.0.0.0/8", true},
        {"10.1.2.3", "::ffff:10.0.0.0/104", true},
        {"10.1.2.3", "::ffff:0:0/95", false},
        {"::ffff:10.1.2.3", "::/0", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kms_network a, b;

        ck_assert(kms_network_parse(kms_str_of(rows[i].address), &a));
        ck_assert_msg(kms_network_parse(kms_str_of(rows[i].network), &b), "%s",
                      rows[i].network);
        ck_assert_msg(kms_network_within(&a, &b) == rows[i].want, "%s in %s",
                      rows[i].address, rows[i].network);
    }
}
END_TEST

START_TEST(what_is_no_network_is_none)
{
    static const char *const bad[] = {
        "",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.4/",
        "1.2.3.4/33",
        "1.2.3.4/08",
        "1.2.3.4/-1",
        "1.2.3.4/24/1",
        "::1/129",
        "::1/1280",
        "1.2.3.4/x",
        "fe80::1%eth0",
        ":::",
        "1.2.3.4 ",
        " 1.2.3.4",
        "localhost",
        "/8",
        "0x7f.1",
        "1.2.3.4/24 ",
        "2001:db8::12345",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct kms_network n;

        ck_assert_msg(!kms_network_parse(kms_str_of(bad[i]), &n), "%s", bad[i]);
    }
}
END_TEST

RUN("policy_typed", numbers_compare_exactly, what_is_no_number_is_none, dates_are_moments,
    what_is_no_date_is_none, truths_are_two_words, networks_hold_their_addresses,
    what_is_no_network_is_none)
