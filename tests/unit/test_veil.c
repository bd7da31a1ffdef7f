#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "dispatch/veil.h"

enum { TASKS = 8 };

struct held {
    struct kms_veiled task; /* first */
    int64_t ran_us;
    int place;
};

static struct held held[TASKS];
static atomic_int ran;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all = PTHREAD_COND_INITIALIZER;

static void run(struct kms_veiled *task)
{
    struct held *h = (struct held *)task;

    h->ran_us = kms_clock_mono_us();
    pthread_mutex_lock(&lock);
    h->place = atomic_fetch_add(&ran, 1);
    pthread_cond_signal(&all);
    pthread_mutex_unlock(&lock);
}

static void wait_for(int n)
{
    pthread_mutex_lock(&lock);
    while (atomic_load(&ran) < n)
        pthread_cond_wait(&all, &lock);
    pthread_mutex_unlock(&lock);
}

static struct kms_veil *veil_of_none(void)
{
    struct kms_veil *v = NULL;

    ck_assert_int_eq(kms_veil_new(&v), KMS_OK);
    return v;
}

START_TEST(nothing_runs_before_its_time_nor_out_of_order)
{
    struct kms_veil *v = veil_of_none();
    const int64_t now = kms_clock_mono_us();

    for (int i = 0; i < TASKS; i++) {
        held[i] = (struct held){.task.run = run};
        kms_veil_hold(v, &held[i].task, now + 1000 * (i / 2));
    }
    wait_for(TASKS);
    for (int i = 0; i < TASKS; i++) {
        ck_assert_int_eq(held[i].place, i);
        ck_assert_int_ge(held[i].ran_us, now + 1000 * (i / 2));
    }
    kms_veil_free(v);
}
END_TEST

START_TEST(what_is_held_at_the_end_is_let_go)
{
    struct kms_veil *v = veil_of_none();

    for (int i = 0; i < TASKS; i++) {
        held[i] = (struct held){.task.run = run};
        kms_veil_hold(v, &held[i].task, kms_clock_mono_us() + INT64_C(86400000000));
    }
    kms_veil_free(v);
    ck_assert_int_eq(atomic_load(&ran), TASKS);
}
END_TEST

START_TEST(an_answer_waits_for_a_whole_step_since_its_request)
{
    ck_assert_int_eq(kms_veil_end_us(70, 70), 70 + KMS_VEIL_US);
    ck_assert_int_eq(kms_veil_end_us(70, 69 + KMS_VEIL_US), 70 + KMS_VEIL_US);
    ck_assert_int_eq(kms_veil_end_us(70, 70 + KMS_VEIL_US), 70 + 2 * KMS_VEIL_US);
    ck_assert_int_eq(kms_veil_end_us(0, 9 * KMS_VEIL_US + 1), 10 * KMS_VEIL_US);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("veil");
    TCase *t = tcase_create("veil");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, nothing_runs_before_its_time_nor_out_of_order);
    tcase_add_test(t, what_is_held_at_the_end_is_let_go);
    tcase_add_test(t, an_answer_waits_for_a_whole_step_since_its_request);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
