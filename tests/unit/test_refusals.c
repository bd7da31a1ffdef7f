#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "dispatch/refusals.h"

enum { MINUTE_MS = 60000 };

static struct kms_refusals *refusals;
static struct kms_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(kms_refusals_new(&refusals), KMS_OK);
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
}

static void teardown(void)
{
    kms_refusals_free(refusals);
    kms_arena_free(arena);
}

static size_t take(int64_t now_ms, bool all, const struct kms_refusal **out)
{
    size_t n;

    ck_assert_int_eq(kms_refusals_take(refusals, now_ms, all, arena, out, &n), KMS_OK);
    return n;
}

START_TEST(a_source_and_reason_are_one_count_a_minute)
{
    const struct kms_refusal *v;

    for (int i = 0; i < 1000; i++)
        kms_refusals_count(refusals, KMS_LIT("10.0.0.1"), "handshake:expired", i);
    kms_refusals_count(refusals, KMS_LIT("10.0.0.1"), "handshake:expired", MINUTE_MS);
    ck_assert_int_eq(take(2 * MINUTE_MS, false, &v), 2);
    ck_assert_int_eq(v[0].count, 1000);
    ck_assert_int_eq(v[0].minute_ms, 0);
    ck_assert_int_eq(v[1].count, 1);
}
END_TEST

START_TEST(the_minute_that_runs_is_kept_until_it_is_over)
{
    const struct kms_refusal *v;

    kms_refusals_count(refusals, KMS_LIT("a"), "r", 1);
    ck_assert_int_eq(take(MINUTE_MS - 1, false, &v), 0);
    ck_assert(kms_refusals_any(refusals));
    ck_assert_int_eq(take(MINUTE_MS, false, &v), 1);
    ck_assert(!kms_refusals_any(refusals));
}
END_TEST

START_TEST(more_sources_than_the_table_holds_are_counted_together)
{
    const struct kms_refusal *v;
    uint64_t total = 0;
    size_t n;
    char source[32];

    for (int i = 0; i < 5000; i++) {
        snprintf(source, sizeof source, "10.0.%d.%d", i / 256, i % 256);
        kms_refusals_count(refusals, kms_str_of(source), "r", 1);
    }
    n = take(1, true, &v);
    ck_assert_uint_le(n, 1024);
    for (size_t i = 0; i < n; i++)
        total += v[i].count;
    ck_assert_int_eq(total, 5000);
}
END_TEST

START_TEST(a_source_of_any_length_is_counted)
{
    const struct kms_refusal *v;
    char source[500];

    for (size_t i = 0; i < sizeof source; i++)
        source[i] = 'x';
    kms_refusals_count(refusals, (struct kms_str){source, sizeof source}, "r", 1);
    kms_refusals_count(refusals, (struct kms_str){NULL, 0}, "r", 1);
    ck_assert_int_eq(take(1, true, &v), 2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("refusals");
    TCase *t = tcase_create("refusals");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_source_and_reason_are_one_count_a_minute);
    tcase_add_test(t, the_minute_that_runs_is_kept_until_it_is_over);
    tcase_add_test(t, more_sources_than_the_table_holds_are_counted_together);
    tcase_add_test(t, a_source_of_any_length_is_counted);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
