#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"

static char long_text[5000];

static void setup(void)
{
    memset(long_text, 'x', sizeof long_text - 1);
}

START_TEST(formatted_text_of_any_length_arrives_whole)
{
    for (int n = 0; n < (int)sizeof long_text; n += 37) {
        KMS_AUTO_BUF b = {0};

        kms_buf_fmt(&b, "<%.*s>", n, long_text);
        kms_buf_fmt(&b, "%d", n);
        ck_assert_int_eq(kms_buf_ok(&b), KMS_OK);
        ck_assert_uint_ge(b.n, (size_t)n + 3);
        ck_assert_int_eq(b.p[0], '<');
        ck_assert_int_eq(b.p[n + 1], '>');
        ck_assert_int_eq(memcmp(b.p + 1, long_text, (size_t)n), 0);
    }
}
END_TEST

START_TEST(a_full_buffer_is_bad_and_stays_as_it_was)
{
    KMS_AUTO_BUF b = {.max = 10};

    kms_buf_z(&b, "12345678");
    kms_buf_fmt(&b, "%s", "90abc");
    kms_buf_byte(&b, 'x');
    ck_assert_int_eq(kms_buf_ok(&b), KMS_E_NOMEM);
    ck_assert(kms_str_is(kms_buf_text(&b), "12345678"));
}
END_TEST

START_TEST(an_arena_gives_zeroed_memory_again_after_a_reset)
{
    KMS_AUTO(arena) a = NULL;

    ck_assert_int_eq(kms_arena_new_of(64, &a), KMS_OK);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 300; n += 7) {
            uint8_t *p = kms_arena_alloc(a, n);

            ck_assert_ptr_nonnull(p);
            for (size_t i = 0; i < n; i++)
                ck_assert_int_eq(p[i], 0);
            memset(p, 0xff, n);
        }
        kms_arena_reset(a);
    }
}
END_TEST

START_TEST(an_arena_refuses_what_cannot_be_had)
{
    KMS_AUTO(arena) a = NULL;

    ck_assert_int_eq(kms_arena_new(&a), KMS_OK);
    ck_assert_ptr_null(kms_arena_alloc(a, SIZE_MAX));
    ck_assert_ptr_null(kms_arena_alloc(a, SIZE_MAX - 3));
}
END_TEST

START_TEST(hex_is_exact)
{
    uint8_t out[2] = {9, 9};
    char text[5];

    ck_assert(kms_hex_decode(KMS_LIT("00fF"), out, 2));
    ck_assert(out[0] == 0 && out[1] == 255);
    kms_hex_encode(out, 2, text);
    ck_assert_str_eq(text, "00ff");
    ck_assert(!kms_hex_decode(KMS_LIT("00f"), out, 2));
    ck_assert(!kms_hex_decode(KMS_LIT("00fg"), out, 2));
    ck_assert(out[1] == 255);
}
END_TEST

START_TEST(a_moved_clock_keeps_its_distance_and_a_frozen_one_stands)
{
    int64_t t0;

    kms_clock_freeze(true);
    t0 = kms_clock_now_ms();
    ck_assert_int_eq(kms_clock_advance_ms(86400000), t0 + 86400000);
    ck_assert_int_eq(kms_clock_now_ms(), t0 + 86400000);
    ck_assert_int_eq(kms_clock_set_ms(5000), 5000);
    ck_assert_int_eq(kms_clock_now_ms(), 5000);
    kms_clock_freeze(false);
    ck_assert_int_ge(kms_clock_now_ms(), 5000);
}
END_TEST

START_TEST(a_fault_hits_the_nth_pass_once)
{
    ck_assert(kms_fault_parse("token_seal=3,store_commit=1"));
    ck_assert(!kms_fault_hit(KMS_FAULT_TOKEN_SEAL));
    ck_assert(!kms_fault_hit(KMS_FAULT_TOKEN_SEAL));
    ck_assert(kms_fault_hit(KMS_FAULT_TOKEN_SEAL));
    ck_assert(!kms_fault_hit(KMS_FAULT_TOKEN_SEAL));
    ck_assert(kms_fault_hit(KMS_FAULT_STORE_COMMIT));
    ck_assert(!kms_fault_parse("nothing=1"));
    ck_assert(!kms_fault_parse("token_seal"));
    ck_assert(!kms_fault_parse("token_seal=x"));
}
END_TEST

START_TEST(an_error_s_words_belong_to_its_code)
{
    ck_assert_int_eq(kms_err(KMS_E_STORE, "%d", 7), KMS_E_STORE);
    ck_assert_str_eq(kms_err_note(KMS_E_STORE), "7");
    ck_assert_str_eq(kms_err_note(KMS_E_NOT_FOUND), "");
    kms_err_clear();
    ck_assert_str_eq(kms_err_note(KMS_E_STORE), "");
}
END_TEST

/* What is left of an odd block is less than a text and its alignment take. */
START_TEST(a_text_in_an_arena_of_any_size_keeps_to_its_block)
{
    for (size_t block = 1; block <= 80; block++) {
        struct kms_arena *a;
        struct kms_str text;
        uint8_t *after;

        ck_assert_int_eq(kms_arena_new_of(block, &a), KMS_OK);
        ck_assert_int_eq(kms_arena_fmt(a, &text, "%.*s", (int)block - 1,
                                       "0123456789012345678901234567890123456789"
                                       "0123456789012345678901234567890123456789"),
                         KMS_OK);
        after = kms_arena_alloc(a, 4096);
        ck_assert_ptr_nonnull(after);
        memset(after, 0xff, 4096); /* which is in a block of its own */
        ck_assert_uint_eq(text.n, block - 1);
        kms_arena_free(a);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("base");
    TCase *t = tcase_create("base");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_unchecked_fixture(t, setup, NULL);
    tcase_add_test(t, a_text_in_an_arena_of_any_size_keeps_to_its_block);
    tcase_add_test(t, formatted_text_of_any_length_arrives_whole);
    tcase_add_test(t, a_full_buffer_is_bad_and_stays_as_it_was);
    tcase_add_test(t, an_arena_gives_zeroed_memory_again_after_a_reset);
    tcase_add_test(t, an_arena_refuses_what_cannot_be_had);
    tcase_add_test(t, hex_is_exact);
    tcase_add_test(t, a_moved_clock_keeps_its_distance_and_a_frozen_one_stands);
    tcase_add_test(t, a_fault_hits_the_nth_pass_once);
    tcase_add_test(t, an_error_s_words_belong_to_its_code);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
