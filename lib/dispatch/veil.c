#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread.h"
#include "dispatch/veil.h"

/* Times rise with the order of tasks, all but a little: whoever waits is a list. */
struct kms_veil {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct kms_veiled *head, **tail; /* under lock */
    bool stop;                       /* under lock */
    bool running;
    pthread_t thread;
};

static struct timespec time_of(int64_t at_us)
{
    return (struct timespec){(time_t)(at_us / 1000000), (long)(at_us % 1000000) * 1000};
}

/* With the lock held: the first task, once its time has come; NULL at the end. */
static struct kms_veiled *next(struct kms_veil *v)
{
    struct kms_veiled *t;

    for (;;) {
        t = v->head;
        if (t == NULL && v->stop)
            return NULL;
        if (t == NULL) {
            pthread_cond_wait(&v->wake, &v->lock);
        } else if (!v->stop && kms_clock_mono_us() < t->at_us) {
            const struct timespec until = time_of(t->at_us);

            pthread_cond_timedwait(&v->wake, &v->lock, &until);
        } else {
            break;
        }
    }
    v->head = t->next;
    if (v->head == NULL)
        v->tail = &v->head;
    return t;
}

static void *work(void *arg)
{
    struct kms_veil *v = arg;
    struct kms_veiled *t;

    pthread_mutex_lock(&v->lock);
    while ((t = next(v)) != NULL) {
        pthread_mutex_unlock(&v->lock);
        kms_err_clear();
        t->run(t);
        pthread_mutex_lock(&v->lock);
    }
    pthread_mutex_unlock(&v->lock);
    return NULL;
}

enum kms_rc kms_veil_new(struct kms_veil **out)
{
    KMS_AUTO(veil) v = calloc(1, sizeof *v);

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for refusals");
    pthread_mutex_init(&v->lock, NULL);
    kms_thread_cond_init(&v->wake);
    v->tail = &v->head;
    KMS_TRY(kms_thread_start(&v->thread, "kms-veil", work, v));
    v->running = true;
    *out = KMS_TAKE(v);
    return KMS_OK;
}

void kms_veil_free(struct kms_veil *v)
{
    if (v == NULL)
        return;
    pthread_mutex_lock(&v->lock);
    v->stop = true;
    pthread_cond_signal(&v->wake);
    pthread_mutex_unlock(&v->lock);
    if (v->running)
        pthread_join(v->thread, NULL);
    pthread_cond_destroy(&v->wake);
    pthread_mutex_destroy(&v->lock);
    free(v);
}

int64_t kms_veil_end_us(int64_t begun_us, int64_t now_us)
{
    return begun_us + (1 + (now_us - begun_us) / KMS_VEIL_US) * KMS_VEIL_US;
}

void kms_veil_hold(struct kms_veil *v, struct kms_veiled *held, int64_t at_us)
{
    held->next = NULL;
    held->at_us = at_us;
    pthread_mutex_lock(&v->lock);
    *v->tail = held;
    v->tail = &held->next;
    if (v->head == held)
        pthread_cond_signal(&v->wake);
    pthread_mutex_unlock(&v->lock);
}
