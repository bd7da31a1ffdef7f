/* test_dispatch_lanes.c - slow work through dispatch: made on a lane, recorded in order.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "../support/world.h"

static struct world w;

static void setup(void)
{
    world_make(&w);
}

static void teardown(void)
{
    world_free(&w);
}

static unsigned keys_listed(void)
{
    struct world_reply r = world_call(&w, "ListKeys", "{}");

    return world_occurrences(r.body, "\"KeyArn\"");
}

static struct world_reply create(const char *spec, const char *usage)
{
    char body[128];

    snprintf(body, sizeof body, "{\"KeySpec\":\"%s\",\"KeyUsage\":\"%s\"}", spec, usage);
    return world_call(&w, "CreateKey", body);
}

static void make(const char *spec, char id[37])
{
    struct world_reply r = create(spec, "SIGN_VERIFY");

    ck_assert_msg(r.status == 200, "%s", r.body);
    world_member(&r, "KeyId", id, 37);
}

static struct world_reply sign(const char *id, const char *algorithm)
{
    char body[256];

    snprintf(
        body, sizeof body,
        "{\"KeyId\":\"%s\",\"Message\":\"bWVzc2FnZQ==\",\"SigningAlgorithm\":\"%s\"}", id,
        algorithm);
    return world_call(&w, "Sign", body);
}

static const struct {
    const char *spec, *algorithm;
} signers[] = {
    {"RSA_2048", "RSASSA_PSS_SHA_256"}, /* keygen, then the crypto lane */
    {"ECC_NIST_P384", "ECDSA_SHA_384"}, /* the crypto lane both times */
    {"ECC_NIST_P256", "ECDSA_SHA_256"}, /* the crypto lane, then inline */
};

START_TEST(a_pair_made_on_a_lane_is_a_key_with_a_record)
{
    char id[37];
    struct world_reply r;

    make(signers[_i].spec, id);
    ck_assert_uint_eq(keys_listed(), 1);
    ck_assert_uint_eq(world_records_with(&w, "\"CreateKey\""), 1);
    r = sign(id, signers[_i].algorithm);
    ck_assert_msg(r.status == 200, "%s", r.body);
    ck_assert_uint_eq(world_records_with(&w, r.request_id), 1);
    world_restart(&w);
    ck_assert_int_eq(sign(id, signers[_i].algorithm).status, 200);
}
END_TEST

START_TEST(a_pair_that_cannot_be_sealed_is_no_key)
{
    struct world_reply r;

    kms_fault_arm(KMS_FAULT_TOKEN_SEAL, 1);
    r = create(signers[_i].spec, "SIGN_VERIFY");
    ck_assert_int_eq(r.status, 500);
    ck_assert_uint_eq(world_records_with(&w, r.request_id), 1);
    ck_assert_uint_eq(keys_listed(), 0);
    r = create(signers[_i].spec, "SIGN_VERIFY");
    ck_assert_int_eq(r.status, 200);
}
END_TEST

START_TEST(a_pair_whose_record_is_lost_is_no_key)
{
    struct world_reply r;

    kms_fault_arm(KMS_FAULT_AUDIT_APPEND, 1);
    r = create(signers[_i].spec, "SIGN_VERIFY");
    ck_assert_int_eq(r.status, 500);
    ck_assert_str_eq(r.body, "{\"__type\":\"KMSInternalException\"}");
    ck_assert(world_went_down(&w));
    world_restart(&w);
    ck_assert_uint_eq(keys_listed(), 0);
}
END_TEST

START_TEST(a_signature_whose_record_is_lost_is_not_given_out)
{
    char id[37];
    struct world_reply r;

    make(signers[_i].spec, id);
    kms_fault_arm(KMS_FAULT_STORE_COMMIT, 1);
    r = sign(id, signers[_i].algorithm);
    ck_assert_int_eq(r.status, 500);
    ck_assert_str_eq(r.body, "{\"__type\":\"KMSInternalException\"}");
    ck_assert(world_went_down(&w));
}
END_TEST

START_TEST(a_use_that_fails_on_a_lane_fails_as_itself)
{
    char id[37];
    struct world_reply r;

    make(signers[_i].spec, id);
    r = sign(id, "ECDSA_SHA_512");
    ck_assert_int_eq(r.status, 400);
    ck_assert_ptr_nonnull(strstr(r.body, "ECDSA_SHA_512 is incompatible with key spec"));
    ck_assert_uint_eq(world_records_with(&w, r.request_id), 1);
    ck_assert_uint_eq(world_records_with(&w, "InvalidKeyUsageException"), 1);
}
END_TEST

/* What is wrong with a request costs no key generation: nothing reaches the token. */
START_TEST(a_refused_create_prepares_nothing)
{
    struct world_reply r;

    kms_fault_arm(KMS_FAULT_TOKEN_SEAL, 1);
    r = world_call(&w, "CreateKey",
                   "{\"KeySpec\":\"RSA_2048\",\"KeyUsage\":\"SIGN_VERIFY\","
                   "\"Policy\":\"nonsense\"}");
    ck_assert_int_eq(r.status, 400);
    r = create("RSA_2048", "KEY_AGREEMENT");
    ck_assert_int_eq(r.status, 400);
    /* Still armed. */
    ck_assert_int_eq(create("ECC_NIST_P256", "SIGN_VERIFY").status, 500);
}
END_TEST

/* All lanes, the event threads' part and the writer at once. */
enum { THREADS = 6, ROUNDS = 8 };

static char shared[3][37];

static void *worker(void *arg)
{
    unsigned *failed = arg;

    for (int i = 0; i < ROUNDS; i++) {
        struct world_reply r = create("ECC_NIST_P256", "SIGN_VERIFY");
        char own[37];

        world_member(&r, "KeyId", own, sizeof own);
        *failed += r.status != 200;
        *failed += sign(own, "ECDSA_SHA_256").status != 200;
        for (int k = 0; k < 3; k++)
            *failed += sign(shared[k], signers[k].algorithm).status != 200;
        *failed += create("RSA_2048", "NONE").status != 400;
    }
    return NULL;
}

START_TEST(many_threads_use_all_lanes_and_every_answer_is_recorded)
{
    pthread_t threads[THREADS];
    unsigned failed[THREADS] = {0};

    for (int k = 0; k < 3; k++)
        make(signers[k].spec, shared[k]);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, worker, &failed[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(failed[i], 0);
    }
    ck_assert_uint_eq(world_records_with(&w, "\"eventName\":\"Sign\""),
                      THREADS * ROUNDS * 4);
    /* Made, and refused. */
    ck_assert_uint_eq(world_records_with(&w, "\"eventName\":\"CreateKey\""),
                      3 + 2 * THREADS * ROUNDS);
    world_restart(&w); /* rows and chain are as they should be */
}
END_TEST

int main(void)
{
    enum { SIGNERS = sizeof signers / sizeof signers[0] };
    Suite *s = suite_create("dispatch_lanes");
    TCase *t = tcase_create("lanes");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_pair_made_on_a_lane_is_a_key_with_a_record, 0, SIGNERS);
    tcase_add_loop_test(t, a_pair_that_cannot_be_sealed_is_no_key, 0, SIGNERS);
    tcase_add_loop_test(t, a_pair_whose_record_is_lost_is_no_key, 0, SIGNERS);
    tcase_add_loop_test(t, a_signature_whose_record_is_lost_is_not_given_out, 0, SIGNERS);
    tcase_add_loop_test(t, a_use_that_fails_on_a_lane_fails_as_itself, 0, SIGNERS);
    tcase_add_test(t, a_refused_create_prepares_nothing);
    tcase_add_test(t, many_threads_use_all_lanes_and_every_answer_is_recorded);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
