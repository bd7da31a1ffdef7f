#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "dispatch/workers.h"

enum { TASKS = 40, QUEUE = 32 };

/* What happened, in the order in which it did: a task ran (its number), or was done. */
struct task {
    struct kms_task task; /* first */
    size_t ran_at, done_at;
    bool elsewhere;
};

static struct kms_workers *workers;
static struct task tasks[TASKS];
static size_t clock_; /* counts what happens; all under lock */
static size_t n_done;
static bool open_, held;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;

/* The first task keeps its thread until the queue is as long as a test wants it. */
static bool run(struct kms_task *task)
{
    struct task *t = (struct task *)task;

    pthread_mutex_lock(&lock);
    t->ran_at = ++clock_;
    if (t == &tasks[0]) {
        held = true;
        pthread_cond_broadcast(&moved);
        while (!open_)
            pthread_cond_wait(&moved, &lock);
    }
    pthread_mutex_unlock(&lock);
    return !t->elsewhere;
}

static void done(struct kms_task *task)
{
    pthread_mutex_lock(&lock);
    ((struct task *)task)->done_at = ++clock_;
    n_done++;
    pthread_cond_broadcast(&moved);
    pthread_mutex_unlock(&lock);
}

static bool submit(size_t i)
{
    tasks[i].task.run = run;
    tasks[i].task.done = done;
    return kms_workers_submit(workers, &tasks[i].task);
}

static void setup_of(size_t together)
{
    ck_assert_int_eq(kms_workers_new(1, QUEUE, together, &workers), KMS_OK);
    ck_assert(submit(0));
    pthread_mutex_lock(&lock);
    while (!held)
        pthread_cond_wait(&moved, &lock);
    pthread_mutex_unlock(&lock);
}

static void setup(void)
{
    setup_of(8);
}

static void setup_one_by_one(void)
{
    setup_of(1);
}

/* Lets the first go, and comes back when n are done. */
static void let_go(size_t n)
{
    pthread_mutex_lock(&lock);
    open_ = true;
    pthread_cond_broadcast(&moved);
    while (n_done < n)
        pthread_cond_wait(&moved, &lock);
    pthread_mutex_unlock(&lock);
}

static void teardown(void)
{
    kms_workers_free(workers);
}

START_TEST(in_front_of_a_short_queue_nothing_that_ran_waits)
{
    for (size_t i = 1; i <= 7; i++)
        ck_assert(submit(i));
    let_go(8);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_uint_eq(tasks[i].ran_at, 2 * i + 1);
        ck_assert_uint_eq(tasks[i].done_at, 2 * i + 2);
    }
}
END_TEST

START_TEST(in_front_of_a_long_queue_up_to_eight_are_done_together)
{
    for (size_t i = 1; i <= 20; i++)
        ck_assert(submit(i));
    let_go(21);
    /* 8, then 6 until the queue is short, and the 7 that are left one by one. */
    for (size_t i = 0; i < 21; i++)
        ck_assert_uint_eq(tasks[i].done_at - tasks[i].ran_at, i < 8 ? 8 : i < 14 ? 6 : 1);
}
END_TEST

START_TEST(one_by_one_nothing_waits_in_front_of_any_queue)
{
    for (size_t i = 1; i <= 20; i++)
        ck_assert(submit(i));
    let_go(21);
    for (size_t i = 0; i < 21; i++)
        ck_assert_uint_eq(tasks[i].done_at, tasks[i].ran_at + 1);
}
END_TEST

START_TEST(a_task_that_went_elsewhere_is_not_done)
{
    for (size_t i = 1; i <= 12; i++) {
        tasks[i].elsewhere = i % 2 == 0;
        ck_assert(submit(i));
    }
    let_go(7);
    kms_workers_free(workers);
    workers = NULL;
    for (size_t i = 1; i <= 12; i++) {
        ck_assert_uint_ne(tasks[i].ran_at, 0);
        ck_assert_int_eq(tasks[i].done_at != 0, i % 2 != 0);
    }
}
END_TEST

START_TEST(a_full_queue_takes_no_task_and_an_end_runs_all_it_took)
{
    for (size_t i = 1; i <= QUEUE; i++)
        ck_assert(submit(i));
    ck_assert(!submit(QUEUE + 1));
    let_go(1);
    kms_workers_free(workers);
    workers = NULL;
    for (size_t i = 0; i <= QUEUE; i++)
        ck_assert_uint_ne(tasks[i].done_at, 0);
    ck_assert_uint_eq(tasks[QUEUE + 1].ran_at, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("workers");
    TCase *t = tcase_create("workers"), *one = tcase_create("one by one");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, in_front_of_a_short_queue_nothing_that_ran_waits);
    tcase_add_test(t, in_front_of_a_long_queue_up_to_eight_are_done_together);
    tcase_add_test(t, a_task_that_went_elsewhere_is_not_done);
    tcase_add_test(t, a_full_queue_takes_no_task_and_an_end_runs_all_it_took);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(one, setup_one_by_one, teardown);
    tcase_add_test(one, one_by_one_nothing_waits_in_front_of_any_queue);
    suite_add_tcase(s, one);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
