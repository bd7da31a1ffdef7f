#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "policy/document.h"

#define STATEMENT                                                                        \
    "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":\"kms:*\","          \
    "\"Resource\":\"*\"}"

static enum kms_rc verdict(const char *text)
{
    return kms_policy_check(kms_str_of(text));
}

START_TEST(policies_of_the_field_are_accepted)
{
    static const char *const texts[] = {
        "{\"Version\":\"2012-10-17\",\"Id\":\"key-default-1\",\"Statement\":[" STATEMENT
        "]}",
        "{\"Version\":\"2008-10-17\",\"Statement\":[" STATEMENT "," STATEMENT "]}",
        /* Version and Id may be absent, and one statement needs no list. */
        "{\"Statement\":" STATEMENT "}",
        " \t\r\n{\"Statement\":[" STATEMENT "]}\n",
        /* Principals of every form. */
        "{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":[\"kms:A\"],"
        "\"Resource\":[\"*\"]}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[\"111122223333\","
        "\"arn:aws:iam::111122223333:user/a\"],\"Service\":\"s3.amazonaws.com\"},"
        "\"Action\":\"kms:*\",\"Resource\":\"*\"}]}",
        "{\"Statement\":[{\"Effect\":\"Deny\",\"NotPrincipal\":{\"AWS\":\"111122223333\"}"
        ","
        "\"NotAction\":\"kms:*\",\"NotResource\":\"*\"}]}",
        /* Without Action or Resource a statement has no effect, but stands. */
        "{\"Statement\":[{\"Sid\":\"a b\",\"Effect\":\"Allow\",\"Principal\":\"*\"}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"kms:*\","
        "\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":true},"
        "\"StringEquals\":{\"kms:KeySpec\":[\"RSA_2048\",\"RSA_4096\"]},"
        "\"NumericLessThan\":{\"kms:RotationPeriodInDays\":365}}}]}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(verdict(texts[i]) == KMS_OK, "%s", texts[i]);
}
END_TEST

START_TEST(anything_else_is_malformed_without_a_word)
{
    static const char *const texts[] = {
        "",
        "not a policy",
        "null",
        "[]",
        "{}",
        "{",
        "{\"Statement\":[" STATEMENT "]",
        "{\"Statement\":[" STATEMENT ",]}",
        "{\"Statement\":[" STATEMENT "]} x",
        "{\"Statement\":[]}",
        "{\"Statement\":null}",
        "{\"Statement\":\"x\"}",
        "{\"Statement\":[[]]}",
        "{\"Statement\":[" STATEMENT "],\"Statement\":[" STATEMENT "]}",
        "{\"Version\":\"2012-10-18\",\"Statement\":[" STATEMENT "]}",
        "{\"Version\":2012,\"Statement\":[" STATEMENT "]}",
        "{\"Id\":1,\"Statement\":[" STATEMENT "]}",
        "{\"Foo\":1,\"Statement\":[" STATEMENT "]}",
        "{\"statement\":[" STATEMENT "]}",
        /* A principal has to be there, and to be one. */
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\"}]"
        "}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"me\"}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{}}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[]}}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":1}}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Who\":\"*\"}}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"NotPrincipal\":\"*"
        "\"}]}",
        "{\"Statement\":[{\"Principal\":\"*\"}]}",
        "{\"Statement\":[{\"Effect\":\"allow\",\"Principal\":\"*\"}]}",
        "{\"Statement\":[{\"Effect\":true,\"Principal\":\"*\"}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Actions\":\"kms:*\"}"
        "]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":7}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"a\","
        "\"NotAction\":\"b\"}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Condition\":[]}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","
        "\"Condition\":{\"Bool\":true}}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\","
        "\"Condition\":{\"Bool\":{\"k\":{}}}}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Sid\":\"\xff\"}]}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        enum kms_rc rc = verdict(texts[i]);

        ck_assert_msg(rc == KMS_E_MALFORMED_POLICY_DOCUMENT, "%s", texts[i]);
        ck_assert_str_eq(kms_err_note(rc), "");
    }
}
END_TEST

START_TEST(deep_nesting_is_refused_and_not_followed)
{
    enum { DEPTH = 16000 };
    char *text = malloc(DEPTH + 1);

    ck_assert_ptr_nonnull(text);
    memset(text, '[', DEPTH);
    text[DEPTH] = '\0';
    ck_assert_int_eq(verdict(text), KMS_E_MALFORMED_POLICY_DOCUMENT);
    free(text);
}
END_TEST

START_TEST(a_policy_of_the_quota_passes_and_one_byte_more_does_not)
{
    static const char doc[] = "{\"Statement\":" STATEMENT "}";
    char *text = malloc(KMS_POLICY_MAX + 1);

    ck_assert_ptr_nonnull(text);
    memset(text, ' ', KMS_POLICY_MAX + 1);
    memcpy(text, doc, sizeof doc - 1);
    ck_assert_int_eq(kms_policy_check((struct kms_str){text, KMS_POLICY_MAX}), KMS_OK);
    ck_assert_int_eq(kms_policy_check((struct kms_str){text, KMS_POLICY_MAX + 1}),
                     KMS_E_LIMIT_EXCEEDED);
    free(text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("document");
    TCase *t = tcase_create("document");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_test(t, policies_of_the_field_are_accepted);
    tcase_add_test(t, anything_else_is_malformed_without_a_word);
    tcase_add_test(t, deep_nesting_is_refused_and_not_followed);
    tcase_add_test(t, a_policy_of_the_quota_passes_and_one_byte_more_does_not);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
