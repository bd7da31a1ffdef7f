#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "key/ident.h"

#define UUID_TEXT "11223344-5566-7788-9900-aabbccddeeff"
#define MRK_TEXT "mrk-11223344556677889900aabbccddeeff"

static const uint8_t uuid_bytes[KMS_UUID_LEN] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66,
                                                 0x77, 0x88, 0x99, 0x00, 0xaa, 0xbb,
                                                 0xcc, 0xdd, 0xee, 0xff};

static struct kms_ident parsed(const char *text)
{
    struct kms_ident id;

    ck_assert_int_eq(kms_ident_parse(kms_str_of(text), &id), KMS_OK);
    return id;
}

START_TEST(the_four_forms_are_told_apart)
{
    struct kms_ident id = parsed(UUID_TEXT);

    ck_assert_int_eq(id.kind, KMS_IDENT_KEY_ID);
    ck_assert(kms_str_is(id.name, UUID_TEXT));
    ck_assert_ptr_null(id.region.p);

    id = parsed("alias/app");
    ck_assert_int_eq(id.kind, KMS_IDENT_ALIAS_NAME);
    ck_assert(kms_str_is(id.name, "alias/app"));
    ck_assert_ptr_null(id.account.p);

    id = parsed("arn:aws-cn:kms:cn-north-1:111122223333:key/" MRK_TEXT);
    ck_assert_int_eq(id.kind, KMS_IDENT_KEY_ARN);
    ck_assert(kms_str_is(id.partition, "aws-cn"));
    ck_assert(kms_str_is(id.region, "cn-north-1"));
    ck_assert(kms_str_is(id.account, "111122223333"));
    ck_assert(kms_str_is(id.name, MRK_TEXT));

    id = parsed("arn:aws:kms:eu-west-1:111122223333:alias/a/b");
    ck_assert_int_eq(id.kind, KMS_IDENT_ALIAS_ARN);
    ck_assert(kms_str_is(id.name, "alias/a/b"));
}
END_TEST

START_TEST(what_is_neither_arn_nor_alias_is_a_key_id)
{
    ck_assert_int_eq(parsed("key_id").kind, KMS_IDENT_KEY_ID);
    ck_assert_int_eq(parsed("ALIAS/app").kind, KMS_IDENT_KEY_ID);
    ck_assert_int_eq(parsed("alias").kind, KMS_IDENT_KEY_ID);
    ck_assert_int_eq(parsed("arn").kind, KMS_IDENT_KEY_ID);
}
END_TEST

START_TEST(an_arn_of_something_else_is_refused_and_leaves_the_result_alone)
{
    static const char *const texts[] = {
        "arn:",
        "arn:aws:kms",
        "arn:aws:kms:us-east-1:111122223333",
        "arn:aws:kms:us-east-1:111122223333:",
        "arn:aws:kms:us-east-1:111122223333:grant/x",
        "arn:aws:kms:us-east-1:111122223333:keys/" UUID_TEXT,
        "arn:aws:s3:us-east-1:111122223333:key/" UUID_TEXT,
        "arn:aws:iam::111122223333:role/key",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct kms_ident id = {.kind = KMS_IDENT_ALIAS_NAME};

        ck_assert_int_eq(kms_ident_parse(kms_str_of(texts[i]), &id), KMS_E_INVALID_ARN);
        ck_assert_int_eq(id.kind, KMS_IDENT_ALIAS_NAME);
        ck_assert_ptr_null(id.name.p);
    }
}
END_TEST

START_TEST(parsing_reads_no_byte_behind_the_text)
{
    /* A heap copy of exactly the text: a sanitizer sees any step too far. */
    static const char text[] = "arn:aws:kms:us-east-1:111122223333:key/" UUID_TEXT;

    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = malloc(n + 1);
        struct kms_ident id;
        enum kms_rc rc;

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, n);
        rc = kms_ident_parse((struct kms_str){copy, n}, &id);
        ck_assert(rc == KMS_OK || rc == KMS_E_INVALID_ARN);
        free(copy);
    }
}
END_TEST

START_TEST(well_formed_ids_have_a_uuid)
{
    uint8_t uuid[KMS_UUID_LEN] = {0};
    bool mrk = true;

    ck_assert(kms_ident_uuid(kms_str_of(UUID_TEXT), uuid, &mrk));
    ck_assert(!mrk);
    ck_assert_mem_eq(uuid, uuid_bytes, sizeof uuid);
    memset(uuid, 0, sizeof uuid);
    ck_assert(
        kms_ident_uuid(kms_str_of("11223344-5566-7788-9900-AABBCCDDEEFF"), uuid, &mrk));
    ck_assert_mem_eq(uuid, uuid_bytes, sizeof uuid);
    memset(uuid, 0, sizeof uuid);
    ck_assert(kms_ident_uuid(kms_str_of(MRK_TEXT), uuid, &mrk));
    ck_assert(mrk);
    ck_assert_mem_eq(uuid, uuid_bytes, sizeof uuid);
}
END_TEST

START_TEST(other_texts_have_none)
{
    static const char *const texts[] = {
        "",
        "key_id",
        "fake-key-id",
        "mrk-",
        "mrk-fake-key-id",
        "mrk-11223344556677889900aabbccddeef",
        "mrk-11223344556677889900aabbccddeeffa",
        ("mrk-" UUID_TEXT),
        "MRK-11223344556677889900aabbccddeeff",
        "11223344556677889900aabbccddeeff",
        "1122334-45566-7788-9900-aabbccddeeff",
        "11223344-5566-7788-9900-aabbccddeefg",
        "11223344-5566-7788-9900-aabbccddeef",
        "11223344-5566-7788-9900-aabbccddeefff",
        "------------------------------------",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint8_t uuid[KMS_UUID_LEN];
        bool mrk;

        ck_assert_msg(!kms_ident_uuid(kms_str_of(texts[i]), uuid, &mrk), "%s", texts[i]);
    }
}
END_TEST

START_TEST(a_formatted_uuid_reads_back)
{
    char text[KMS_KEY_ID_MAX + 1];

    kms_ident_format(uuid_bytes, false, text);
    ck_assert_str_eq(text, UUID_TEXT);
    kms_ident_format(uuid_bytes, true, text);
    ck_assert_str_eq(text, MRK_TEXT);
}
END_TEST

START_TEST(an_arn_is_put_together_and_parses_again)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_str arn;
    struct kms_ident id;

    ck_assert_int_eq(kms_arena_new(&a), KMS_OK);
    ck_assert_int_eq(kms_ident_arn(a, KMS_LIT("aws"), KMS_LIT("us-east-1"),
                                   KMS_LIT("111122223333"), "key/", KMS_LIT(UUID_TEXT),
                                   &arn),
                     KMS_OK);
    ck_assert(kms_str_is(arn, "arn:aws:kms:us-east-1:111122223333:key/" UUID_TEXT));
    ck_assert_int_eq(kms_ident_parse(arn, &id), KMS_OK);
    ck_assert(kms_str_is(id.name, UUID_TEXT));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ident");
    TCase *t = tcase_create("ident");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_test(t, the_four_forms_are_told_apart);
    tcase_add_test(t, what_is_neither_arn_nor_alias_is_a_key_id);
    tcase_add_test(t, an_arn_of_something_else_is_refused_and_leaves_the_result_alone);
    tcase_add_test(t, parsing_reads_no_byte_behind_the_text);
    tcase_add_test(t, well_formed_ids_have_a_uuid);
    tcase_add_test(t, other_texts_have_none);
    tcase_add_test(t, a_formatted_uuid_reads_back);
    tcase_add_test(t, an_arn_is_put_together_and_parses_again);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
