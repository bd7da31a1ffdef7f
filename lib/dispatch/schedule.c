#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "dispatch/due.h"
#include "dispatch/schedule.h"
#include "store/keys.h"

/* After an act failed (a token that is away), how long until the next try. */
enum { RETRY_MS = 10 * 1000, LONGEST_WAIT_MS = 60 * 1000 };

struct waiter {
    struct waiter *next;
    void (*done)(void *arg);
    void *arg;
};

struct kms_schedule {
    struct kms_service *service;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct waiter *waiters; /* under lock */
    bool poked, stop;       /* under lock */
};

/* How long to sleep, by the daemon's clock, until something is due. */
static int64_t next_wait_ms(struct kms_service *s)
{
    KMS_AUTO(tx) tx = NULL;
    int64_t now_ms = kms_clock_now_ms(), at_ms, wait_ms = LONGEST_WAIT_MS;

    if (kms_store_read(s->opts.store, &tx) != KMS_OK)
        return RETRY_MS;
    /* A frozen clock reaches nothing by itself; moving it pokes. */
    if (kms_keys_next_due(tx, &at_ms) == KMS_OK && !kms_clock_frozen() &&
        at_ms - now_ms < wait_ms)
        wait_ms = at_ms - now_ms;
    return wait_ms > 0 ? wait_ms : 0;
}

static void wait_for_work(struct kms_schedule *sch, int64_t wait_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(wait_ms / 1000);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (!sch->poked && !sch->stop && sch->waiters == NULL)
        if (pthread_cond_timedwait(&sch->wake, &sch->lock, &until) == ETIMEDOUT)
            break;
}

static void answer(struct waiter *w)
{
    while (w != NULL) {
        struct waiter *next = w->next;

        w->done(w->arg);
        free(w);
        w = next;
    }
}

static void *run(void *arg)
{
    struct kms_schedule *sch = arg;
    int64_t wait_ms = 0;

    pthread_mutex_lock(&sch->lock);
    while (!sch->stop) {
        struct waiter *waiting;
        enum kms_rc rc;

        wait_for_work(sch, wait_ms);
        waiting = sch->waiters;
        sch->waiters = NULL;
        sch->poked = false;
        pthread_mutex_unlock(&sch->lock);
        kms_err_clear();
        rc = kms_due_run(sch->service, false);
        if (rc != KMS_OK)
            kms_log_say(KMS_LOG_ERROR, "schedule", "due work failed, will be retried: %s",
                        kms_err_note(rc));
        answer(waiting);
        wait_ms = rc == KMS_OK ? next_wait_ms(sch->service) : RETRY_MS;
        pthread_mutex_lock(&sch->lock);
    }
    answer(sch->waiters);
    sch->waiters = NULL;
    pthread_mutex_unlock(&sch->lock);
    return NULL;
}

enum kms_rc kms_schedule_new(struct kms_service *s, struct kms_schedule **out)
{
    struct kms_schedule *sch = calloc(1, sizeof *sch);
    enum kms_rc rc;

    if (sch == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    sch->service = s;
    pthread_mutex_init(&sch->lock, NULL);
    kms_thread_cond_init(&sch->wake);
    rc = kms_thread_start(&sch->thread, "kms-schedule", run, sch);
    if (rc != KMS_OK) {
        pthread_cond_destroy(&sch->wake);
        pthread_mutex_destroy(&sch->lock);
        free(sch);
        return rc;
    }
    *out = sch;
    return KMS_OK;
}

void kms_schedule_free(struct kms_schedule *sch)
{
    if (sch == NULL)
        return;
    pthread_mutex_lock(&sch->lock);
    sch->stop = true;
    pthread_cond_signal(&sch->wake);
    pthread_mutex_unlock(&sch->lock);
    pthread_join(sch->thread, NULL);
    pthread_cond_destroy(&sch->wake);
    pthread_mutex_destroy(&sch->lock);
    free(sch);
}

void kms_schedule_poke(struct kms_schedule *sch)
{
    pthread_mutex_lock(&sch->lock);
    sch->poked = true;
    pthread_cond_signal(&sch->wake);
    pthread_mutex_unlock(&sch->lock);
}

void kms_schedule_settle(struct kms_schedule *sch, void (*done)(void *arg), void *arg)
{
    struct waiter *w = malloc(sizeof *w);

    if (w == NULL) {
        kms_schedule_poke(sch);
        done(arg);
        return;
    }
    *w = (struct waiter){.done = done, .arg = arg};
    pthread_mutex_lock(&sch->lock);
    w->next = sch->waiters;
    sch->waiters = w;
    pthread_cond_signal(&sch->wake);
    pthread_mutex_unlock(&sch->lock);
}
