/* Which requests are refused, and in which words: the service's, to the letter. */
#include "base/buf.h"
#include "wire/decode.h"
#include "wire/json.h"
#include "test_wire_op.h"

static enum kms_rc try_decode(const char *op, struct kms_str body, const void **in)
{
    kms_err_clear();
    return kms_decode(op_of(op)->in, kms_bytes_of_str(body), arena, in);
}

static void accepts(const char *op, struct kms_str body)
{
    const void *in = NULL;

    ck_assert_int_eq(try_decode(op, body, &in), KMS_OK);
}

static void refuses(const char *op, struct kms_str body, enum kms_rc rc,
                    const char *words)
{
    const void *in = &arena;
    enum kms_rc got = try_decode(op, body, &in);

    ck_assert_msg(got == rc, "%s %.*s: %s", op, KMS_FMT(body), kms_rc_info(got)->id);
    ck_assert_str_eq(kms_err_note(rc), words);
    ck_assert_ptr_eq(in, &arena);
}

START_TEST(what_is_not_json_is_refused_without_a_word)
{
    const struct kms_str bodies[] = {
        KMS_LIT(""),
        KMS_LIT("null"),
        KMS_LIT("\"text\""),
        KMS_LIT("{"),
        KMS_LIT("{\"KeyId\":\"a\""),
        KMS_LIT("{\"KeyId\":\"a\",}"),
        KMS_LIT("{\"KeyId\":\"a\"} x"),
        KMS_LIT("{'KeyId':'a'}"),
        KMS_LIT("{\"KeyId\":\"a\"\0}"),
        KMS_LIT("{\"KeyId\":\"a\\u0000b\"}"),
        KMS_LIT("{\"Key\\u0000Id\":\"a\"}"),
        KMS_LIT("{\"KeyId\":\"a\nb\"}"),
        KMS_LIT("{\"KeyId\":\"\xff\"}"),
        KMS_LIT("{\"KeyId\":\"\xc0\x80\"}"),
        KMS_LIT("{\"KeyId\":\"\xed\xa0\x80\"}"),
        KMS_LIT("{\"KeyId\":\"\\ud800\"}"),
        KMS_LIT("\xef\xbb\xbf{\"KeyId\":\"a\"}"),
        KMS_LIT("{\"KeyId\":\"a\",\"KeyId\":\"a\"}"),
        KMS_LIT("{\"KeyId\":\"a\",\"x\":{\"y\":1,\"y\":2}}"),
        KMS_LIT("{\"KeyId\":\"a\",\"x\":1e400}"),
        KMS_LIT("{\"KeyId\":\"a\",\"x\":99999999999999999999}"),
        KMS_LIT("{\"KeyId\":\"a\",\"x\":NaN}"),
    };

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        refuses("DescribeKey", bodies[i], KMS_E_SERIALIZATION, "");
}
END_TEST

START_TEST(depth_is_bounded_before_the_parser_sees_it)
{
    char body[256];
    int at;

    /* 32 levels with the outer object pass, and the unknown member is ignored. */
    for (int deep = 31; deep <= 32; deep++) {
        at = snprintf(body, sizeof body, "{\"KeyId\":\"a[{\\\"[{\",\"x\":");
        memset(body + at, '[', (size_t)deep);
        memset(body + at + deep, ']', (size_t)deep);
        strcpy(body + at + 2 * deep, "}");
        if (deep == 31)
            accepts("DescribeKey", kms_str_of(body));
        else
            refuses("DescribeKey", kms_str_of(body), KMS_E_SERIALIZATION, "");
    }
}
END_TEST

START_TEST(size_is_bounded)
{
    size_t n = KMS_JSON_MAX + 1;
    char *body = malloc(n + 1);

    memset(body, ' ', n);
    memcpy(body, "{\"KeyId\":\"a\"}", 13);
    refuses("DescribeKey", (struct kms_str){body, n}, KMS_E_SERIALIZATION, "");
    body[n - 1] = '\0';
    accepts("DescribeKey", kms_str_of(body));
    free(body);
}
END_TEST

START_TEST(a_member_of_the_wrong_json_type_is_named_by_type_only)
{
    static const struct {
        const char *op, *body, *words;
    } rows[] = {
        {"DescribeKey", "[]", "Start of list found where not expected"},
        {"DescribeKey", "{\"KeyId\":1}", "NUMBER_VALUE can not be converted to a String"},
        {"DescribeKey", "{\"KeyId\":1.5}",
         "NUMBER_VALUE can not be converted to a String"},
        {"DescribeKey", "{\"KeyId\":true}",
         "TRUE_VALUE can not be converted to a String"},
        {"DescribeKey", "{\"KeyId\":false}",
         "FALSE_VALUE can not be converted to a String"},
        {"DescribeKey", "{\"KeyId\":[]}", "Start of list found where not expected"},
        {"DescribeKey", "{\"KeyId\":{}}",
         "Start of structure or map found where not expected."},
        {"ListKeys", "{\"Limit\":\"5\"}",
         "STRING_VALUE can not be converted to an Integer"},
        {"ListKeys", "{\"Limit\":true}", "TRUE_VALUE can not be converted to an Integer"},
        {"CreateKey", "{\"MultiRegion\":\"true\"}",
         "STRING_VALUE can not be converted to a Boolean"},
        {"CreateKey", "{\"KeySpec\":7}", "NUMBER_VALUE can not be converted to a String"},
        {"CreateKey", "{\"Tags\":\"x\"}", "Expected list or null"},
        {"CreateKey", "{\"Tags\":{}}",
         "Start of structure or map found where not expected."},
        {"CreateKey", "{\"Tags\":[7]}", "Expected null"},
        {"CreateKey", "{\"Tags\":[[]]}", "Start of list found where not expected"},
        {"CreateKey", "{\"Tags\":[{\"TagKey\":1}]}",
         "NUMBER_VALUE can not be converted to a String"},
        {"Encrypt", "{\"EncryptionContext\":\"x\"}", "Expected map or null"},
        {"Encrypt", "{\"EncryptionContext\":[]}",
         "Start of list found where not expected"},
        {"Encrypt", "{\"EncryptionContext\":{\"a\":1}}",
         "NUMBER_VALUE can not be converted to a String"},
        {"Encrypt", "{\"GrantTokens\":[1]}",
         "NUMBER_VALUE can not be converted to a String"},
        {"Encrypt", "{\"Plaintext\":1}", "NUMBER_VALUE can not be converted to a Blob"},
        {"Encrypt", "{\"Plaintext\":\"abc\"}",
         "STRING_VALUE can not be converted to a Blob"},
        {"Encrypt", "{\"Plaintext\":\"YWI\"}",
         "STRING_VALUE can not be converted to a Blob"},
        {"Encrypt", "{\"Plaintext\":\"YWJ=\"}",
         "STRING_VALUE can not be converted to a Blob"},
        {"Encrypt", "{\"Plaintext\":\"YW-_\"}",
         "STRING_VALUE can not be converted to a Blob"},
        {"ImportKeyMaterial", "{\"ValidTo\":\"2030-01-01\"}",
         "STRING_VALUE can not be converted to milliseconds since epoch"},
        {"ImportKeyMaterial", "{\"ValidTo\":1e300}",
         "NUMBER_VALUE can not be converted to milliseconds since epoch"},
        /* Types come before constraints: KeyId is missing too. */
        {"Encrypt", "{\"DryRun\":1}", "NUMBER_VALUE can not be converted to a Boolean"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refuses(rows[i].op, kms_str_of(rows[i].body), KMS_E_SERIALIZATION, rows[i].words);
}
END_TEST

/* --- constraints ----------------------------------------------------------------- */

#define ONE "1 validation error detected: "
#define TWO "2 validation errors detected: "
#define FAILED " failed to satisfy constraint: "

START_TEST(a_broken_constraint_is_told_in_the_words_of_the_service)
{
    static const struct {
        const char *op, *body, *words;
    } rows[] = {
        {"DescribeKey", "{}",
         ONE "Value null at 'keyId'" FAILED "Member must not be null"},
        {"DescribeKey", "{\"KeyId\":null}",
         ONE "Value null at 'keyId'" FAILED "Member must not be null"},
        {"DescribeKey", "{\"keyId\":\"a\"}",
         ONE "Value null at 'keyId'" FAILED "Member must not be null"},
        {"DescribeKey", "{\"KeyId\":\"\"}",
         ONE "Value '' at 'keyId'" FAILED
             "Member must have length greater than or equal to 1"},
        {"ListKeys", "{\"Limit\":0}",
         ONE "Value '0' at 'limit'" FAILED
             "Member must have value greater than or equal to 1"},
        {"ListKeys", "{\"Limit\":-3.9}",
         ONE "Value '-3' at 'limit'" FAILED
             "Member must have value greater than or equal to 1"},
        {"ListKeys", "{\"Limit\":1001}",
         ONE "Value '1001' at 'limit'" FAILED
             "Member must have value less than or equal to 1000"},
        {"ListKeys", "{\"Limit\":5000000000}",
         ONE "Value '5000000000' at 'limit'" FAILED
             "Member must have value less than or equal to 1000"},
        {"GenerateRandom", "{\"NumberOfBytes\":1025}",
         ONE "Value '1025' at 'numberOfBytes'" FAILED
             "Member must have value less than or equal to 1024"},
        {"GenerateDataKey", "{\"KeyId\":\"a\",\"KeySpec\":\"AES_512\"}",
         ONE "Value 'AES_512' at 'keySpec'" FAILED
             "Member must satisfy enum value set: [AES_256, AES_128]"},
        {"GenerateDataKey", "{\"KeyId\":\"a\",\"KeySpec\":\"\"}",
         ONE "Value '' at 'keySpec'" FAILED
             "Member must satisfy enum value set: [AES_256, AES_128]"},
        {"GenerateDataKey", "{\"KeyId\":\"a\",\"KeySpec\":\"aes_256\"}",
         ONE "Value 'aes_256' at 'keySpec'" FAILED
             "Member must satisfy enum value set: [AES_256, AES_128]"},
        {"CreateKey", "{\"CustomerMasterKeySpec\":\"ML_DSA_44\"}",
         ONE "Value 'ML_DSA_44' at 'customerMasterKeySpec'" FAILED
             "Member must satisfy enum value set: [RSA_2048, RSA_3072, RSA_4096, "
             "ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1, "
             "SYMMETRIC_DEFAULT, HMAC_224, HMAC_256, HMAC_384, HMAC_512, SM2]"},
        /* Blobs are measured, not shown. */
        {"Encrypt", "{\"KeyId\":\"a\",\"Plaintext\":\"\"}",
         ONE "Value at 'plaintext'" FAILED
             "Member must have length greater than or equal to 1"},
        /* Neither are secrets, whatever their kind. */
        {"CreateCustomKeyStore",
         "{\"CustomKeyStoreName\":\"n\",\"KeyStorePassword\":\"hunter\"}",
         ONE "Value at 'keyStorePassword'" FAILED
             "Member must have length greater than or equal to 7"},
        {"Encrypt", "{\"KeyId\":\"a\",\"Plaintext\":\"YQ==\",\"GrantTokens\":[\"\"]}",
         ONE
         "Value at 'grantTokens'" FAILED
         "Member must satisfy constraint: [Member must have length less than or equal "
         "to 8192, Member must have length greater than or equal to 1]"},
        {"Encrypt",
         "{\"KeyId\":\"a\",\"Plaintext\":\"YQ==\",\"GrantTokens\":[\"1\",\"2\",\"3\","
         "\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\"]}",
         ONE "Value at 'grantTokens'" FAILED
             "Member must have length less than or equal to 10"},
        {"CreateAlias", "{\"AliasName\":\"alias/a b\",\"TargetKeyId\":\"k\"}",
         ONE "Value 'alias/a b' at 'aliasName'" FAILED
             "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"},
        {"ListKeys", "{\"Marker\":\"\xc4\x80\"}",
         ONE "Value '\xc4\x80' at 'marker'" FAILED
             "Member must satisfy regular expression pattern: [\\u0020-\\u00FF]*"},
        /* Inside lists and structures. */
        {"CreateKey",
         "{\"Tags\":[{\"TagKey\":\"a\",\"TagValue\":\"\"},{\"TagValue\":\"\"}]}",
         ONE "Value null at 'tags.2.member.tagKey'" FAILED "Member must not be null"},
        {"TagResource",
         "{\"KeyId\":\"a\",\"Tags\":[{\"TagKey\":\"\",\"TagValue\":\"v\"}]}",
         ONE "Value '' at 'tags.1.member.tagKey'" FAILED
             "Member must have length greater than or equal to 1"},
        {"UntagResource", "{\"KeyId\":\"a\",\"TagKeys\":[\"good\",\"\"]}",
         ONE
         "Value '[good, ]' at 'tagKeys'" FAILED
         "Member must satisfy constraint: [Member must have length less than or equal "
         "to 128, Member must have length greater than or equal to 1]"},
        {"CreateGrant",
         "{\"KeyId\":\"a\",\"Operations\":[\"Decrypt\"],\"Constraints\":"
         "{\"SourceArn\":\"arn:aws:s3:::bucketbucket\"}}",
         ONE "Value 'arn:aws:s3:::bucketbucket' at 'constraints.sourceArn'" FAILED
             "Member must satisfy regular expression pattern: "
             "^arn:aws[a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+$"},
        {"Decrypt", "{\"DryRunModifiers\":[\"IGNORE_CIPHERTEXT\",\"X\"]}",
         ONE "Value '[IGNORE_CIPHERTEXT, X]' at 'dryRunModifiers'" FAILED
             "Member must satisfy constraint: [Member must satisfy enum value set: "
             "[IGNORE_CIPHERTEXT]]"},
        /* All of them at once, in the order of the model. */
        {"Encrypt", "{}",
         TWO "Value null at 'keyId'" FAILED "Member must not be null; "
             "Value null at 'plaintext'" FAILED "Member must not be null"},
        {"CreateAlias", "{\"AliasName\":\"\",\"TargetKeyId\":\"k\"}",
         TWO "Value '' at 'aliasName'" FAILED "Member must have length greater than or "
             "equal to 1; Value '' at 'aliasName'" FAILED
             "Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refuses(rows[i].op, kms_str_of(rows[i].body), KMS_E_VALIDATION, rows[i].words);
}
END_TEST

/* {"KeyId":"a","Tags":[{"TagKey":"<n times unit>","TagValue":""}]} */
static struct kms_str long_tag(const char *unit, size_t n)
{
    KMS_AUTO_BUF b = {0};
    struct kms_str text;

    kms_buf_z(&b, "{\"KeyId\":\"a\",\"Tags\":[{\"TagKey\":\"");
    while (n-- != 0)
        kms_buf_z(&b, unit);
    kms_buf_z(&b, "\",\"TagValue\":\"\"}]}");
    ck_assert_int_eq(kms_arena_str(arena, kms_buf_text(&b), &text), KMS_OK);
    return text;
}

START_TEST(text_is_measured_in_characters)
{
    /* Four bytes each. */
    accepts("TagResource", long_tag("\xf0\x9f\x94\x91", 128));
    ck_assert_int_eq(try_decode("TagResource", long_tag("\xf0\x9f\x94\x91", 129), NULL),
                     KMS_E_VALIDATION);
    accepts("TagResource", long_tag("x", 128));
    ck_assert_int_eq(try_decode("TagResource", long_tag("x", 129), NULL),
                     KMS_E_VALIDATION);
}
END_TEST

START_TEST(a_long_value_is_cut_but_its_rule_is_told)
{
    const void *in;
    const char *words;

    ck_assert_int_eq(try_decode("TagResource", long_tag("\xc3\xa9", 5000), &in),
                     KMS_E_VALIDATION);
    words = kms_err_note(KMS_E_VALIDATION);
    ck_assert_ptr_nonnull(strstr(words,
                                 "\xc3\xa9...' at 'tags.1.member.tagKey'" FAILED
                                 "Member must have length less than or equal to 128"));
    ck_assert_uint_lt(strlen(words), 2500);
}
END_TEST

START_TEST(many_violations_are_counted_and_their_text_is_bounded)
{
    KMS_AUTO_BUF b = {0};
    const void *in;
    const char *words;

    kms_buf_z(&b, "{\"KeyId\":\"a\",\"Tags\":[");
    for (int i = 0; i < 1000; i++)
        kms_buf_fmt(&b, "%s{\"TagKey\":\"\",\"TagValue\":\"\"}", i != 0 ? "," : "");
    kms_buf_z(&b, "]}");
    ck_assert_int_eq(try_decode("TagResource", kms_buf_text(&b), &in), KMS_E_VALIDATION);
    words = kms_err_note(KMS_E_VALIDATION);
    ck_assert_int_eq(strncmp(words, "1000 validation errors detected: ", 33), 0);
    ck_assert_uint_lt(strlen(words), 8000);
}
END_TEST

START_TEST(a_blob_is_measured_in_bytes)
{
    static const char head[] = "{\"KeyId\":\"a\",\"Plaintext\":\"";

    /* 4096 bytes: 5461 digits, one more for the odd byte, two of padding. */
    for (size_t n = 4096; n <= 4097; n++) {
        KMS_AUTO_BUF b = {0};
        const void *in;

        kms_buf_z(&b, head);
        for (size_t i = 0; i < n / 3 * 4; i++)
            kms_buf_byte(&b, 'A');
        kms_buf_z(&b, n % 3 == 1 ? "AA==\"}" : "AAA=\"}");
        ck_assert_int_eq(try_decode("Encrypt", kms_buf_text(&b), &in),
                         n == 4096 ? KMS_OK : KMS_E_VALIDATION);
        if (n != 4096)
            ck_assert_str_eq(kms_err_note(KMS_E_VALIDATION),
                             ONE "Value at 'plaintext'" FAILED
                                 "Member must have length less than or equal to 4096");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire refusals");
    TCase *tc = tcase_create("codec");
    SRunner *runner;
    int failed;

    kms_json_setup();
    tcase_add_checked_fixture(tc, arena_setup, arena_teardown);
    tcase_add_test(tc, what_is_not_json_is_refused_without_a_word);
    tcase_add_test(tc, depth_is_bounded_before_the_parser_sees_it);
    tcase_add_test(tc, size_is_bounded);
    tcase_add_test(tc, a_member_of_the_wrong_json_type_is_named_by_type_only);
    tcase_add_test(tc, a_broken_constraint_is_told_in_the_words_of_the_service);
    tcase_add_test(tc, text_is_measured_in_characters);
    tcase_add_test(tc, a_long_value_is_cut_but_its_rule_is_told);
    tcase_add_test(tc, many_violations_are_counted_and_their_text_is_bounded);
    tcase_add_test(tc, a_blob_is_measured_in_bytes);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
