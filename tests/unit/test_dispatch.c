#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/world.h"
#include "base/clock.h"
#include "base/fault.h"

static struct world w;
static char key[37];

static void setup(void)
{
    world_make(&w);
    world_key(&w, key);
}

static void teardown(void)
{
    world_free(&w);
}

static struct world_reply call_on(const char *operation, const char *id, const char *more)
{
    char json[512];

    snprintf(json, sizeof json, "{\"KeyId\":\"%s\"%s}", id, more);
    return world_call(&w, operation, json);
}

static void ck_state(const char *wanted)
{
    struct world_reply r = call_on("DescribeKey", key, "");
    char state[32];

    world_member(&r, "KeyState", state, sizeof state);
    ck_assert_str_eq(state, wanted);
}

START_TEST(an_answer_has_its_record_before_it_is_given)
{
    struct world_reply r = call_on("GenerateDataKey", key, ",\"KeySpec\":\"AES_256\"");

    ck_assert_int_eq(r.status, 200);
    ck_assert_uint_eq(world_records_with(&w, r.request_id), 1);
}
END_TEST

START_TEST(a_refusal_has_its_record_too)
{
    struct world_reply r = call_on("DescribeKey", "nobody", "");

    ck_assert_int_eq(r.status, 400);
    ck_assert_uint_eq(world_records_with(&w, r.request_id), 1);
    ck_assert_ptr_nonnull(strstr(r.body, "Invalid keyId 'nobody'"));
}
END_TEST

START_TEST(a_refused_change_changes_nothing_and_has_its_record)
{
    struct world_reply r = call_on("CancelKeyDeletion", key, "");

    ck_assert_int_eq(r.status, 400);
    ck_assert_ptr_nonnull(strstr(r.body, "is not pending deletion."));
    ck_assert_uint_eq(world_records_with(&w, r.request_id), 1);
    ck_state("Enabled");
}
END_TEST

START_TEST(a_change_that_cannot_be_recorded_does_not_happen)
{
    struct world_reply r;

    kms_fault_arm(KMS_FAULT_AUDIT_APPEND, 1);
    r = call_on("DisableKey", key, "");
    ck_assert_int_eq(r.status, 500);
    ck_assert_str_eq(r.body, "{\"__type\":\"KMSInternalException\"}");
    ck_assert(world_went_down(&w));
    world_restart(&w);
    ck_state("Enabled");
}
END_TEST

START_TEST(a_plaintext_whose_record_is_lost_is_not_given_out)
{
    struct world_reply r;

    kms_fault_arm(KMS_FAULT_STORE_COMMIT, 1);
    r = call_on("GenerateDataKey", key, ",\"KeySpec\":\"AES_256\"");
    ck_assert_int_eq(r.status, 500);
    ck_assert_str_eq(r.body, "{\"__type\":\"KMSInternalException\"}");
    ck_assert(world_went_down(&w));
    /* And nothing after it, however often it is asked. */
    r = call_on("GenerateDataKey", key, ",\"KeySpec\":\"AES_256\"");
    ck_assert_int_eq(r.status, 500);
}
END_TEST

START_TEST(a_key_that_cannot_be_sealed_is_not_made)
{
    struct world_reply r;

    kms_fault_arm(KMS_FAULT_TOKEN_SEAL, 1);
    r = world_call(&w, "CreateKey", "{\"Description\":\"never\"}");
    ck_assert_int_eq(r.status, 500);
    ck_assert_uint_eq(world_records_with(&w, r.request_id), 1);
    r = world_call(&w, "ListKeys", "{}");
    ck_assert_uint_eq(world_occurrences(r.body, "\"KeyArn\""), 1);
    ck_assert_ptr_nonnull(strstr(r.body, key));
}
END_TEST

START_TEST(what_is_due_is_done_once_and_recorded)
{
    ck_assert_int_eq(
        call_on("EnableKeyRotation", key, ",\"RotationPeriodInDays\":90").status, 200);
    kms_clock_advance_ms((int64_t)91 * 24 * 3600 * 1000);
    world_restart(&w);
    for (int i = 0; i < 1000 && world_records_with(&w, "\"RotateKey\"") == 0; i++)
        (void)call_on("DescribeKey", key, "");
    ck_assert_uint_eq(world_records_with(&w, "\"RotateKey\""), 1);
    world_restart(&w);
    (void)call_on("DescribeKey", key, "");
    ck_assert_uint_eq(world_records_with(&w, "\"RotateKey\""), 1);
}
END_TEST

/* Many threads, each with a key of its own and one they all change. */
enum { THREADS = 6, ROUNDS = 25 };

static void *worker(void *arg)
{
    unsigned *failed = arg;
    struct world_reply r = world_call(&w, "CreateKey", "{}");
    char own[37], more[64];

    world_member(&r, "KeyId", own, sizeof own);
    for (int i = 0; i < ROUNDS; i++) {
        const char *id = i % 3 == 0 ? key : own;

        snprintf(more, sizeof more, ",\"Description\":\"round %d\"", i);
        *failed += call_on("UpdateKeyDescription", id, more).status != 200;
        *failed +=
            call_on("GenerateDataKey", id, ",\"KeySpec\":\"AES_256\"").status != 200;
        *failed += call_on("DescribeKey", id, "").status != 200;
        *failed += call_on("DescribeKey", "nobody", "").status != 400;
    }
    return NULL;
}

START_TEST(many_threads_ask_at_once_and_every_answer_is_recorded)
{
    pthread_t threads[THREADS];
    unsigned failed[THREADS] = {0};

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, worker, &failed[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(failed[i], 0);
    }
    ck_assert_uint_eq(world_records_with(&w, "\"UpdateKeyDescription\""),
                      THREADS * ROUNDS);
    ck_assert_uint_eq(world_records_with(&w, "\"GenerateDataKey\""), THREADS * ROUNDS);
    world_restart(&w); /* rows and chain are as they should be */
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dispatch");
    TCase *t = tcase_create("dispatch");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, an_answer_has_its_record_before_it_is_given);
    tcase_add_test(t, a_refusal_has_its_record_too);
    tcase_add_test(t, a_refused_change_changes_nothing_and_has_its_record);
    tcase_add_test(t, a_change_that_cannot_be_recorded_does_not_happen);
    tcase_add_test(t, a_plaintext_whose_record_is_lost_is_not_given_out);
    tcase_add_test(t, a_key_that_cannot_be_sealed_is_not_made);
    tcase_add_test(t, what_is_due_is_done_once_and_recorded);
    tcase_add_test(t, many_threads_ask_at_once_and_every_answer_is_recorded);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
