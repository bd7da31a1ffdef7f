#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/alias.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
#include "ops/tags_check.h"

static void refused(enum kms_rc got, enum kms_rc want, const char *words)
{
    ck_assert_int_eq(got, want);
    ck_assert_str_eq(kms_err_note(got), words);
}

START_TEST(alias_names_are_refused_in_the_services_words)
{
    static const char prefix[] =
        "Alias must start with the prefix \"alias/\". Please see "
        "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html";

    refused(kms_alias_check_name(KMS_LIT("app")), KMS_E_VALIDATION, prefix);
    refused(kms_alias_check_name(KMS_LIT("Alias/app")), KMS_E_VALIDATION, prefix);
    refused(kms_alias_check_name(KMS_LIT("alias/")), KMS_E_VALIDATION,
            "Invalid identifier");
    refused(kms_alias_check_name(KMS_LIT("alias/aws/s3")), KMS_E_NOT_AUTHORIZED, "");
    refused(kms_alias_check_name(KMS_LIT("alias/a:b")), KMS_E_VALIDATION,
            "alias/a:b contains invalid characters for an alias");
    ck_assert_int_eq(kms_alias_check_name(KMS_LIT("alias/aws")), KMS_OK);
    ck_assert_int_eq(kms_alias_check_name(KMS_LIT("alias/a/b_c-D/9")), KMS_OK);
}
END_TEST

START_TEST(an_alias_does_not_name_an_alias)
{
    static const char words[] = "Aliases must refer to keys. Not aliases";

    refused(kms_alias_check_target(KMS_LIT("alias/app")), KMS_E_VALIDATION, words);
    refused(
        kms_alias_check_target(KMS_LIT("arn:aws:kms:us-east-1:111122223333:alias/app")),
        KMS_E_VALIDATION, words);
    ck_assert_int_eq(kms_alias_check_target(KMS_LIT("anything else")), KMS_OK);
}
END_TEST

static struct kms_tag tags[KMS_TAGS_PER_KEY + 1];
static char names[KMS_TAGS_PER_KEY + 1][8];

static struct kms_tag_list numbered(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "t%zu", i);
        tags[i] = (struct kms_tag){kms_str_of(names[i]), KMS_LIT("")};
    }
    return (struct kms_tag_list){tags, n, true};
}

START_TEST(fifty_tags_pass_and_one_more_does_not)
{
    struct kms_tag_list list = numbered(KMS_TAGS_PER_KEY);

    ck_assert_int_eq(kms_tags_check(&list), KMS_OK);
    list = numbered(KMS_TAGS_PER_KEY + 1);
    refused(kms_tags_check(&list), KMS_E_TAG, "Too many tags");
}
END_TEST

START_TEST(a_name_twice_is_refused_and_case_tells_names_apart)
{
    struct kms_tag_list list = numbered(3);

    tags[2].tag_key = KMS_LIT("t0");
    refused(kms_tags_check(&list), KMS_E_TAG, "Duplicate tag keys");
    tags[2].tag_key = KMS_LIT("T0");
    ck_assert_int_eq(kms_tags_check(&list), KMS_OK);
}
END_TEST

START_TEST(names_beginning_with_aws_are_reserved_in_any_case)
{
    static const char *const reserved[] = {"aws:", "aws:x", "AWS:x",
                                           "aWs:cloudformation:id"};
    struct kms_tag_list list = numbered(1);

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        tags[0].tag_key = kms_str_of(reserved[i]);
        refused(kms_tags_check(&list), KMS_E_TAG,
                "Tags beginning with aws: are reserved");
    }
    tags[0].tag_key = KMS_LIT("aws");
    ck_assert_int_eq(kms_tags_check(&list), KMS_OK);
    tags[0].tag_key = KMS_LIT("x-aws:");
    ck_assert_int_eq(kms_tags_check(&list), KMS_OK);
}
END_TEST

static struct kms_create_key_in create(void)
{
    return (struct kms_create_key_in){.origin = KMS_ORIGIN_TYPE_AWS_KMS};
}

START_TEST(create_key_refuses_specs_and_usages_as_the_service_does)
{
    struct kms_create_key_in in = create();

    ck_assert_int_eq(kms_check_create_key(&in), KMS_OK);
    in.key_spec = KMS_KEY_SPEC_RSA_2048;
    refused(kms_check_create_key(&in), KMS_E_VALIDATION,
            "You must specify a KeyUsage value for all KMS keys except for symmetric "
            "encryption keys.");
    in.key_usage = KMS_KEY_USAGE_TYPE_KEY_AGREEMENT;
    refused(kms_check_create_key(&in), KMS_E_VALIDATION,
            "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048");
    in.customer_master_key_spec = KMS_KEY_SPEC_RSA_2048;
    refused(kms_check_create_key(&in), KMS_E_VALIDATION,
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
            "CustomerMasterKeySpec is deprecated.");

    in = create();
    in.key_usage = KMS_KEY_USAGE_TYPE_SIGN_VERIFY;
    refused(kms_check_create_key(&in), KMS_E_VALIDATION,
            "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT");
    in = create();
    in.customer_master_key_spec = KMS_KEY_SPEC_SYMMETRIC_DEFAULT;
    in.key_usage = KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT;
    ck_assert_int_eq(kms_check_create_key(&in), KMS_OK);
}
END_TEST

START_TEST(create_key_says_what_is_not_there_yet)
{
    struct kms_create_key_in in = create();

    in.custom_key_store_id = KMS_LIT("cks-1234567890abcdef0");
    refused(kms_check_create_key(&in), KMS_E_UNSUPPORTED_OPERATION,
            "kmsd does not support custom key stores yet.");
    in = create();
    in.origin = KMS_ORIGIN_TYPE_AWS_CLOUDHSM;
    refused(kms_check_create_key(&in), KMS_E_UNSUPPORTED_OPERATION,
            "kmsd does not support keys with origin AWS_CLOUDHSM yet.");
}
END_TEST

START_TEST(a_data_key_has_exactly_one_length)
{
    static const char words[] = "Please specify either number of bytes or key spec.";
    struct kms_generate_data_key_in in = {0};

    refused(kms_check_generate_data_key(&in), KMS_E_VALIDATION, words);
    in.key_spec = KMS_DATA_KEY_SPEC_AES_256;
    ck_assert_int_eq(kms_check_generate_data_key(&in), KMS_OK);
    in.number_of_bytes = 32;
    in.has_number_of_bytes = true;
    refused(kms_check_generate_data_key(&in), KMS_E_VALIDATION, words);
    in.key_spec = KMS_DATA_KEY_SPEC_NONE;
    ck_assert_int_eq(kms_check_generate_data_key(&in), KMS_OK);
}
END_TEST

START_TEST(the_waiting_period_is_seven_to_thirty_days)
{
    static const char words[] = "PendingWindowInDays must be between 7 and 30";

    for (int32_t days = 1; days <= 365; days++) {
        const struct kms_schedule_key_deletion_in in = {
            .pending_window_in_days = days, .has_pending_window_in_days = true};
        enum kms_rc rc = kms_check_schedule_key_deletion(&in);

        if (days >= 7 && days <= 30)
            ck_assert_int_eq(rc, KMS_OK);
        else
            refused(rc, KMS_E_VALIDATION, words);
    }
}
END_TEST

START_TEST(an_asymmetric_algorithm_needs_the_key_by_name)
{
    static const uint8_t bytes[] = {1};
    struct kms_ciphertext_request r = {
        .blob = KMS_BYTES(bytes),
        .key_path = "sourceKeyId",
        .alg = KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_256,
    };

    refused(kms_check_ciphertext(&r), KMS_E_VALIDATION, "SourceKeyId must not be null");
    r.key_id = KMS_LIT("1");
    ck_assert_int_eq(kms_check_ciphertext(&r), KMS_OK);
    r.key_id = (struct kms_str){NULL, 0};
    r.alg = KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT;
    ck_assert_int_eq(kms_check_ciphertext(&r), KMS_OK);
}
END_TEST

START_TEST(a_ciphertext_may_be_missing_only_in_a_dry_run_that_ignores_it)
{
    static const enum kms_dry_run_modifier_type ignore[] = {
        KMS_DRY_RUN_MODIFIER_TYPE_IGNORE_CIPHERTEXT};
    struct kms_decrypt_in in = {0};

    refused(
        kms_check_decrypt(&in), KMS_E_VALIDATION,
        "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy "
        "constraint: Member must not be null");
    in.dry_run_modifiers = (struct kms_dry_run_modifier_type_list){ignore, 1, true};
    ck_assert_int_eq(kms_check_decrypt(&in), KMS_E_VALIDATION);
    in.dry_run = true;
    refused(kms_check_decrypt(&in), KMS_E_VALIDATION,
            "1 validation error detected: Value null at 'keyId' failed to satisfy "
            "constraint: Member must not be null");
    in.key_id = KMS_LIT("alias/app");
    ck_assert_int_eq(kms_check_decrypt(&in), KMS_OK);
    in = (struct kms_decrypt_in){.ciphertext_blob = KMS_BYTES("blob")};
    ck_assert_int_eq(kms_check_decrypt(&in), KMS_OK);
}
END_TEST

START_TEST(no_grant_token_is_valid_while_there_are_no_grants)
{
    static const struct kms_str token[] = {{"abc", 3}};
    struct kms_call call = {.op = &kms_ops[KMS_OP_ENCRYPT]};
    struct kms_encrypt_in in = {0};

    ck_assert_int_eq(kms_request_check(&call, &in), KMS_OK);
    in.grant_tokens = (struct kms_str_list){token, 0, true};
    ck_assert_int_eq(kms_request_check(&call, &in), KMS_OK);
    in.grant_tokens.n = 1;
    ck_assert_int_eq(kms_request_check(&call, &in), KMS_E_INVALID_GRANT_TOKEN);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ops_request");
    TCase *t = tcase_create("ops_request");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_test(t, alias_names_are_refused_in_the_services_words);
    tcase_add_test(t, an_alias_does_not_name_an_alias);
    tcase_add_test(t, fifty_tags_pass_and_one_more_does_not);
    tcase_add_test(t, a_name_twice_is_refused_and_case_tells_names_apart);
    tcase_add_test(t, names_beginning_with_aws_are_reserved_in_any_case);
    tcase_add_test(t, create_key_refuses_specs_and_usages_as_the_service_does);
    tcase_add_test(t, create_key_says_what_is_not_there_yet);
    tcase_add_test(t, a_data_key_has_exactly_one_length);
    tcase_add_test(t, the_waiting_period_is_seven_to_thirty_days);
    tcase_add_test(t, a_ciphertext_may_be_missing_only_in_a_dry_run_that_ignores_it);
    tcase_add_test(t, an_asymmetric_algorithm_needs_the_key_by_name);
    tcase_add_test(t, no_grant_token_is_valid_while_there_are_no_grants);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
