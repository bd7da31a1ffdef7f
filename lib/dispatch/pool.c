#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "dispatch/pool.h"

struct kms_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct kms_task *head, **tail; /* under lock */
    size_t queued, queue_max;      /* queued under lock */
    bool stop;                     /* under lock */
    size_t n_threads;
    pthread_t threads[];
};

static void *work(void *arg)
{
    struct kms_pool *p = arg;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        struct kms_task *t;

        while (p->head == NULL && !p->stop)
            pthread_cond_wait(&p->wake, &p->lock);
        t = p->head;
        if (t == NULL)
            break;
        p->head = t->next;
        if (p->head == NULL)
            p->tail = &p->head;
        p->queued--;
        pthread_mutex_unlock(&p->lock);
        kms_err_clear();
        t->run(t);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals are the main thread's. */
static bool start_thread(struct kms_pool *p)
{
    sigset_t all, was;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &was);
    started = pthread_create(&p->threads[p->n_threads], NULL, work, p) == 0;
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    if (started)
        p->n_threads++;
    return started;
}

enum kms_rc kms_pool_new(size_t threads, size_t queue_max, struct kms_pool **out)
{
    KMS_AUTO(pool) p = calloc(1, sizeof *p + threads * sizeof p->threads[0]);

    if (p == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a pool of threads");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->tail = &p->head;
    p->queue_max = queue_max;
    for (size_t i = 0; i < threads; i++)
        if (!start_thread(p))
            return kms_err(KMS_E_NOMEM, "a thread cannot be started");
    *out = KMS_TAKE(p);
    return KMS_OK;
}

void kms_pool_free(struct kms_pool *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < p->n_threads; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

bool kms_pool_submit(struct kms_pool *p, struct kms_task *task)
{
    bool taken;

    task->next = NULL;
    pthread_mutex_lock(&p->lock);
    taken = p->queued < p->queue_max && !p->stop;
    if (taken) {
        *p->tail = task;
        p->tail = &task->next;
        p->queued++;
        pthread_cond_signal(&p->wake);
    }
    pthread_mutex_unlock(&p->lock);
    return taken;
}
