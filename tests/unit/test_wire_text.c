/* The small languages of the wire: base64, moments, UTF-8, patterns, JSON text. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "wire/base64.h"
#include "wire/json.h"
#include "wire/jw.h"
#include "wire/ops.gen.h"
#include "wire/timestamp.h"
#include "wire/utf8.h"

/* --- base64 ---------------------------------------------------------------------- */

START_TEST(base64_of_rfc_4648_goes_both_ways)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        KMS_AUTO_BUF b = {0};
        struct kms_str plain = kms_str_of(rows[i][0]);
        struct kms_str text = kms_str_of(rows[i][1]);
        uint8_t out[16];

        kms_base64_encode(kms_bytes_of_str(plain), &b);
        ck_assert(kms_str_eq(kms_buf_text(&b), text));
        ck_assert_uint_eq(kms_base64_size(text), plain.n);
        ck_assert(kms_base64_decode(text, out));
        ck_assert(memcmp(out, plain.p, plain.n) == 0);
    }
}
END_TEST

START_TEST(base64_has_one_text_for_every_value)
{
    static const char *const bad[] = {
        "Z",    "Zg",   "Zg=", "Zh==",     "Zm9=", "Zm9v\n", "Zm 9",  "Zm-_",
        "Z===", "====", "=",   "Zg==Zg==", "Zg=v", "=Zg=",   "Zm9vZ", "\xc3\xa9zz"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t out[16];

        ck_assert_msg(!kms_base64_decode(kms_str_of(bad[i]), out), "%s", bad[i]);
    }
}
END_TEST

/* --- moments --------------------------------------------------------------------- */

START_TEST(moments_are_written_in_every_form)
{
    static const struct {
        int64_t ms;
        const char *epoch, *iso, *iso_ms, *basic, *words;
    } rows[] = {
        {0, "0.0", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "19700101T000000Z",
         "Jan 1, 1970, 12:00:00 AM"},
        {INT64_C(1593622000191), "1593622000.191", "2020-07-01T16:46:40Z",
         "2020-07-01T16:46:40.191Z", "20200701T164640Z", "Jul 1, 2020, 4:46:40 PM"},
        {INT64_C(1593622000190), "1593622000.19", "2020-07-01T16:46:40Z",
         "2020-07-01T16:46:40.190Z", "20200701T164640Z", "Jul 1, 2020, 4:46:40 PM"},
        {INT64_C(1582934400005), "1582934400.005", "2020-02-29T00:00:00Z",
         "2020-02-29T00:00:00.005Z", "20200229T000000Z", "Feb 29, 2020, 12:00:00 AM"},
        {INT64_C(951825599000), "951825599.0", "2000-02-29T11:59:59Z",
         "2000-02-29T11:59:59.000Z", "20000229T115959Z", "Feb 29, 2000, 11:59:59 AM"},
        {INT64_C(4107542400000), "4107542400.0", "2100-03-01T00:00:00Z",
         "2100-03-01T00:00:00.000Z", "21000301T000000Z", "Mar 1, 2100, 12:00:00 AM"},
        {-1, "-0.001", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z",
         "19691231T235959Z", "Dec 31, 1969, 11:59:59 PM"},
        {KMS_TIME_MAX_MS, "253402300799.999", "9999-12-31T23:59:59Z",
         "9999-12-31T23:59:59.999Z", "99991231T235959Z", "Dec 31, 9999, 11:59:59 PM"},
        {KMS_TIME_MIN_MS, "-62135596800.0", "0001-01-01T00:00:00Z",
         "0001-01-01T00:00:00.000Z", "00010101T000000Z", "Jan 1, 1, 12:00:00 AM"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char epoch[KMS_TIME_EPOCH_SIZE], text[KMS_TIME_ISO_SIZE];
        char words[KMS_TIME_WORDS_SIZE];
        int64_t ms;

        kms_time_epoch(rows[i].ms, epoch);
        ck_assert_str_eq(epoch, rows[i].epoch);
        kms_time_iso(rows[i].ms, text);
        ck_assert_str_eq(text, rows[i].iso);
        kms_time_iso_ms(rows[i].ms, text);
        ck_assert_str_eq(text, rows[i].iso_ms);
        ck_assert(kms_time_parse(kms_str_of(text), &ms));
        ck_assert_int_eq(ms, rows[i].ms);
        kms_time_basic(rows[i].ms, text);
        ck_assert_str_eq(text, rows[i].basic);
        kms_time_words(rows[i].ms, words);
        ck_assert_str_eq(words, rows[i].words);
    }
}
END_TEST

START_TEST(every_day_of_eight_centuries_goes_both_ways)
{
    char text[KMS_TIME_ISO_SIZE], last[KMS_TIME_ISO_SIZE] = "";
    int64_t ms;

    for (int64_t day = -135000; day < 157000; day++) {
        kms_time_iso(day * 86400000, text);
        /* Check notes every assertion that holds, which would take its time here. */
        if (strcmp(text, last) <= 0 || !kms_time_parse(kms_str_of(text), &ms) ||
            ms != day * 86400000)
            ck_abort_msg("%s after %s", text, last);
        memcpy(last, text, sizeof last);
    }
}
END_TEST

START_TEST(a_moment_is_parsed_in_two_forms_and_no_other)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"1970-01-01T00:00:01Z", 1000},
        {"19700101T000001Z", 1000},
        {"1970-01-01T00:00:01.5Z", 1500},
        {"1970-01-01T00:00:01.123456789Z", 1123},
        {"1970-01-01T00:00:01.1234567890Z", -1},
        {"1970-01-01T00:00:01.Z", -1},
        {"1970-01-01T00:00:01", -1},
        {"1970-01-01 00:00:01Z", -1},
        {"1970-01-01T00:00:01z", -1},
        {"1970-01-01T00:00:01+00:00", -1},
        {"1970-01-01T00:00:01Zx", -1},
        {"1970-1-1T00:00:01Z", -1},
        {"1970-0101T000001Z", -1},
        {"1970-02-29T00:00:00Z", -1},
        {"2100-02-29T00:00:00Z", -1},
        {"1970-04-31T00:00:00Z", -1},
        {"1970-13-01T00:00:00Z", -1},
        {"1970-00-01T00:00:00Z", -1},
        {"1970-01-00T00:00:00Z", -1},
        {"1970-01-01T24:00:00Z", -1},
        {"1970-01-01T00:60:00Z", -1},
        {"1970-01-01T00:00:60Z", -1},
        {"0000-01-01T00:00:00Z", -1},
        {"", -1},
        {"1970", -1},
        {"1970-01-01T00:00:+1Z", -1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;
        bool good = kms_time_parse(kms_str_of(rows[i].text), &ms);

        ck_assert_msg(good == (rows[i].ms != -1), "%s", rows[i].text);
        ck_assert_int_eq(ms, rows[i].ms);
    }
}
END_TEST

/* --- UTF-8 ----------------------------------------------------------------------- */

START_TEST(utf8_is_taken_apart_strictly)
{
    static const struct {
        const char *text;
        size_t n;
        uint32_t code; /* of the first; UINT32_MAX: not valid */
    } rows[] = {
        {"a", 1, 'a'},
        {"\x7f", 1, 0x7f},
        {"\xc2\x80", 2, 0x80},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xed\x9f\xbf", 3, 0xd7ff},
        {"\xee\x80\x80", 3, 0xe000},
        {"\xef\xbf\xbf", 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
        {"\x80", 1, UINT32_MAX},
        {"\xc0\x80", 2, UINT32_MAX},
        {"\xc1\xbf", 2, UINT32_MAX},
        {"\xc2", 1, UINT32_MAX},
        {"\xc2\x41", 2, UINT32_MAX},
        {"\xe0\x9f\xbf", 3, UINT32_MAX},
        {"\xed\xa0\x80", 3, UINT32_MAX},
        {"\xed\xbf\xbf", 3, UINT32_MAX},
        {"\xf0\x8f\xbf\xbf", 4, UINT32_MAX},
        {"\xf4\x90\x80\x80", 4, UINT32_MAX},
        {"\xf8\x88\x80\x80", 4, UINT32_MAX},
        {"\xff", 1, UINT32_MAX},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kms_str text = {rows[i].text, rows[i].n};
        uint32_t code = UINT32_MAX;

        ck_assert(kms_utf8_next(&text, &code) == (rows[i].code != UINT32_MAX));
        ck_assert_uint_eq(code, rows[i].code);
        ck_assert_uint_eq(text.n, rows[i].code != UINT32_MAX ? 0 : rows[i].n);
    }
}
END_TEST

START_TEST(a_cut_never_splits_a_character)
{
    struct kms_str text = KMS_LIT("a\xc3\xa9\xf0\x9f\x94\x91"); /* 1 + 2 + 4 bytes */
    static const size_t lengths[] = {0, 1, 1, 3, 3, 3, 3, 7, 7};

    for (size_t max = 0; max < sizeof lengths / sizeof lengths[0]; max++)
        ck_assert_uint_eq(kms_utf8_cut(text, max).n, lengths[max]);
    ck_assert_uint_eq(kms_utf8_count(text), 3);
    ck_assert_uint_eq(kms_utf8_count(KMS_LIT("\xff\xc3")), 2);
}
END_TEST

/* --- patterns -------------------------------------------------------------------- */

START_TEST(a_pattern_has_to_match_all_of_the_text)
{
    static const struct {
        const char *op, *member, *text;
        bool matches;
    } rows[] = {
        {"CreateAlias", "AliasName", "alias/a:b_c-D", true},
        {"CreateAlias", "AliasName", "alias/\xc3\xa9", false},
        {"CreateAlias", "AliasName", "alias/a\n", false},
        {"CreateAlias", "AliasName", "", false},
        {"ReplicateKey", "ReplicaRegion", "us-gov-west-1", true},
        {"ReplicateKey", "ReplicaRegion", "eu-west-10", true},
        {"ReplicateKey", "ReplicaRegion", "west-1", false},
        {"ReplicateKey", "ReplicaRegion", "a-b-c-d-1", false},
        {"ReplicateKey", "ReplicaRegion", "eu-west-", false},
        {"ReplicateKey", "ReplicaRegion", "us-west-1 ", false},
        {"ReplicateKey", "ReplicaRegion", "us-west-1x", false},
        {"CreateKey", "Policy", "{\t\r\n\xc3\xbf}", true},
        {"CreateKey", "Policy", "{\xc4\x80}", false},
        {"CreateKey", "Policy", "{\x01}", false},
        {"CreateKey", "XksKeyId", "a-b_c.D9", true},
        {"CreateKey", "XksKeyId", "a/b", false},
        {"GetKeyPolicy", "PolicyName", "default_9", true},
        {"GetKeyPolicy", "PolicyName", "de-fault", false},
        {"CreateGrant", "GranteeServicePrincipal", "a-1.amazonaws.com", true},
        {"CreateGrant", "GranteeServicePrincipal", "amazonaws.com", false},
        {"CreateGrant", "GranteeServicePrincipal", "a..com", false},
        {"CreateCustomKeyStore", "CloudHsmClusterId", "cluster-abcdefghij2", true},
        {"CreateCustomKeyStore", "CloudHsmClusterId", "cluster-abcdefghij1", false},
        {"CreateCustomKeyStore", "XksProxyUriPath", "/kms/xks/v1", true},
        {"CreateCustomKeyStore", "XksProxyUriPath", "/pre/fix/kms/xks/v12", true},
        {"CreateCustomKeyStore", "XksProxyUriPath", "/kms/xks/v123", false},
        {"CreateCustomKeyStore", "XksProxyUriPath", "x/kms/xks/v1", false},
        {"CreateCustomKeyStore", "XksProxyVpcEndpointServiceName",
         "com.amazonaws.vpce.eu-west-1.vpce-svc-0a9", true},
        {"CreateCustomKeyStore", "XksProxyVpcEndpointServiceName",
         "comXamazonaws.vpce.eu-west-1.vpce-svc-0a9", false},
        {"CreateCustomKeyStore", "XksProxyVpcEndpointServiceOwner", "111122223333", true},
        {"CreateCustomKeyStore", "XksProxyVpcEndpointServiceOwner", "1111222233334",
         false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct kms_op *op = kms_op_find(kms_str_of(rows[i].op));
        const struct kms_member *m = kms_shape_member(op->in, rows[i].member);

        ck_assert_msg(kms_pattern_matches(m->type->pattern, kms_str_of(rows[i].text)) ==
                          rows[i].matches,
                      "%s %s", m->type->pattern->text, rows[i].text);
    }
}
END_TEST

/* --- JSON text ------------------------------------------------------------------- */

START_TEST(json_is_written_with_commas_where_they_belong)
{
    KMS_AUTO_BUF b = {0};
    struct kms_jw w = kms_jw_start(&b);

    kms_jw_object(&w);
    kms_jw_key(&w, "a");
    kms_jw_array(&w);
    kms_jw_int(&w, INT64_MIN);
    kms_jw_bool(&w, true);
    kms_jw_null(&w);
    kms_jw_object(&w);
    kms_jw_end(&w);
    kms_jw_array(&w);
    kms_jw_end(&w);
    kms_jw_end(&w);
    kms_jw_member(&w, "gone", kms_str_of(NULL));
    kms_jw_member(&w, "b", KMS_LIT(""));
    kms_jw_key(&w, "c");
    kms_jw_z(&w, NULL);
    kms_jw_key_str(&w, KMS_LIT("d\""));
    kms_jw_raw(&w, KMS_LIT("{\"raw\":1}"));
    kms_jw_key(&w, "e");
    kms_jw_time(&w, 1500);
    kms_jw_key(&w, "f");
    kms_jw_blob(&w, (struct kms_bytes){(const uint8_t *)"a", 1});
    kms_jw_end(&w);
    kms_buf_byte(&b, 0);
    ck_assert_str_eq(
        (const char *)b.p,
        "{\"a\":[-9223372036854775808,true,null,{},[]],\"b\":\"\",\"c\":null,"
        "\"d\\\"\":{\"raw\":1},\"e\":1.5,\"f\":\"YQ==\"}");
}
END_TEST

START_TEST(any_bytes_become_a_json_string_that_parses)
{
    static const struct {
        struct kms_str text;
        const char *json;
    } rows[] = {
        {{"a\"b\\c/", 6}, "\"a\\\"b\\\\c/\""},
        {{"\b\f\n\r\t", 5}, "\"\\b\\f\\n\\r\\t\""},
        {{"\0\x1f\x7f", 3}, "\"\\u0000\\u001f\\u007f\""},
        {{"\xc3\xa9\xf0\x9f\x94\x91", 6}, "\"\xc3\xa9\xf0\x9f\x94\x91\""},
        {{"a\xffz\xc3", 4}, "\"a\xef\xbf\xbdz\xef\xbf\xbd\""},
        {{"\xed\xa0\x80", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        KMS_AUTO_BUF b = {0};
        struct kms_jw w = kms_jw_start(&b);

        kms_jw_str(&w, rows[i].text);
        ck_assert(kms_str_is(kms_buf_text(&b), rows[i].json));
    }
}
END_TEST

START_TEST(what_the_parser_refuses_it_explains_without_the_input)
{
    static const char *const rows[][2] = {
        {"", "empty"}, {"{\"a\":secret}", "not valid JSON"}, {"[1]", NULL}, {"{}", NULL}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        KMS_AUTO_JSON v = NULL;
        const char *why = "untouched";
        enum kms_rc rc =
            kms_json_parse(kms_bytes_of_str(kms_str_of(rows[i][0])), &v, &why);

        ck_assert_int_eq(rc, rows[i][1] != NULL ? KMS_E_SERIALIZATION : KMS_OK);
        if (rows[i][1] != NULL)
            ck_assert_str_eq(why, rows[i][1]);
        else
            ck_assert_ptr_null(why);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire text");
    TCase *tc = tcase_create("text");
    SRunner *runner;
    int failed;

    kms_json_setup();
    tcase_add_test(tc, base64_of_rfc_4648_goes_both_ways);
    tcase_add_test(tc, base64_has_one_text_for_every_value);
    tcase_add_test(tc, moments_are_written_in_every_form);
    tcase_add_test(tc, every_day_of_eight_centuries_goes_both_ways);
    tcase_add_test(tc, a_moment_is_parsed_in_two_forms_and_no_other);
    tcase_add_test(tc, utf8_is_taken_apart_strictly);
    tcase_add_test(tc, a_cut_never_splits_a_character);
    tcase_add_test(tc, a_pattern_has_to_match_all_of_the_text);
    tcase_add_test(tc, json_is_written_with_commas_where_they_belong);
    tcase_add_test(tc, any_bytes_become_a_json_string_that_parses);
    tcase_add_test(tc, what_the_parser_refuses_it_explains_without_the_input);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
