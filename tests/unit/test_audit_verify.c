#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/verify.h"
#include "crypto/digest.h"

enum { RECORDS = 5 };

static char log_text[RECORDS][256];

static struct kms_bytes record(int i)
{
    return (struct kms_bytes){(const uint8_t *)log_text[i], strlen(log_text[i])};
}

/* A good chain of RECORDS records; record i has seq i + 1. */
static void make_log(void)
{
    uint8_t head[KMS_SHA256_LEN] = {0};
    char hex[2 * KMS_SHA256_LEN + 1];

    for (int i = 0; i < RECORDS; i++) {
        kms_hex_encode(head, sizeof head, hex);
        snprintf(log_text[i], sizeof log_text[i],
                 "{\"seq\":%d,\"prev\":\"%s\",\"eventTime\":\"2026-11-24T00:00:0%dZ\","
                 "\"eventName\":\"Encrypt\"}",
                 i + 1, hex, i);
        ck_assert_int_eq(kms_sha256(record(i), head), KMS_OK);
    }
}

/* Feed all; the seq at which it was refused, 0 when all were good. */
static uint64_t verify(struct kms_audit_verifier *v)
{
    for (int i = 0; i < RECORDS; i++)
        if (kms_audit_verify_next(v, (uint64_t)i + 1, record(i)) != KMS_OK)
            return (uint64_t)i + 1;
    return 0;
}

START_TEST(an_unbroken_chain_verifies_and_tells_its_span)
{
    struct kms_audit_verifier v = {0};

    make_log();
    ck_assert_int_eq(verify(&v), 0);
    ck_assert_int_eq(v.seq, RECORDS);
    ck_assert_str_eq(v.first, "2026-11-24T00:00:00Z");
    ck_assert_str_eq(v.last, "2026-11-24T00:00:04Z");
}
END_TEST

START_TEST(any_changed_byte_but_the_last_records_is_found_at_that_record_or_the_next)
{
    make_log();
    for (size_t at = 0; at < strlen(log_text[2]); at++) {
        struct kms_audit_verifier v = {0};
        char was = log_text[2][at];
        uint64_t refused;

        log_text[2][at] = (char)(was ^ 1);
        refused = verify(&v);
        ck_assert_msg(refused == 3 || refused == 4, "byte %zu: %d", at, (int)refused);
        log_text[2][at] = was;
    }
}
END_TEST

START_TEST(a_missing_record_is_named)
{
    struct kms_audit_verifier v = {0};

    make_log();
    ck_assert_int_eq(kms_audit_verify_next(&v, 1, record(0)), KMS_OK);
    ck_assert_int_eq(kms_audit_verify_next(&v, 3, record(2)), KMS_E_TAMPERED);
    ck_assert_ptr_nonnull(strstr(kms_err_note(KMS_E_TAMPERED), "record 2 is missing"));
}
END_TEST

START_TEST(two_swapped_records_are_found)
{
    struct kms_audit_verifier v = {0};
    char kept[256];

    make_log();
    memcpy(kept, log_text[1], sizeof kept);
    memcpy(log_text[1], log_text[2], sizeof kept);
    memcpy(log_text[2], kept, sizeof kept);
    ck_assert_int_eq(verify(&v), 2);
}
END_TEST

START_TEST(bytes_that_are_no_json_object_are_refused_even_with_a_good_opening)
{
    struct kms_audit_verifier v = {0};

    make_log();
    log_text[0][strlen(log_text[0]) - 1] = ' ';
    ck_assert_int_eq(verify(&v), 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("audit_verify");
    TCase *t = tcase_create("verify");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, an_unbroken_chain_verifies_and_tells_its_span);
    tcase_add_test(t, any_changed_byte_but_the_last_records_is_found_at_that_record_or_the_next);
    tcase_add_test(t, a_missing_record_is_named);
    tcase_add_test(t, two_swapped_records_are_found);
    tcase_add_test(t, bytes_that_are_no_json_object_are_refused_even_with_a_good_opening);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
