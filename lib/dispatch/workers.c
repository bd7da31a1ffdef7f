#include <pthread.h>
#include <stdlib.h>

#include "base/thread.h"
#include "dispatch/workers.h"

struct kms_workers {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct kms_task *head, **tail; /* under lock */
    size_t queued, queue_max;      /* queued under lock */
    size_t together;
    bool stop; /* under lock */
    size_t n_threads;
    pthread_t threads[];
};

/* Tasks that have run and are not done, of one thread. */
struct finished {
    struct kms_task *head, **tail;
    size_t n;
};

static void keep(struct finished *f, struct kms_task *t)
{
    t->next = NULL;
    *f->tail = t;
    f->tail = &t->next;
    f->n++;
}

static void end_all(struct finished *f)
{
    struct kms_task *t = f->head, *next;

    *f = (struct finished){.tail = &f->head};
    for (; t != NULL; t = next) {
        next = t->next;
        t->done(t);
    }
}

static struct kms_task *pop(struct kms_workers *p)
{
    struct kms_task *t = p->head;

    if (t == NULL)
        return NULL;
    p->head = t->next;
    if (p->head == NULL)
        p->tail = &p->head;
    p->queued--;
    return t;
}

/*
 * Nothing that has run waits while a thread does, nor in front of a short queue: held
 * back are at most p->together answers, behind each of which as many clients wait longer.
 */
static void *work(void *arg)
{
    struct kms_workers *p = arg;
    struct finished f = {.tail = &f.head};
    struct kms_task *t;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        if (f.n != 0 && (f.n >= p->together || p->queued < p->together)) {
            pthread_mutex_unlock(&p->lock);
            end_all(&f);
            pthread_mutex_lock(&p->lock);
        }
        while (p->head == NULL && !p->stop)
            pthread_cond_wait(&p->wake, &p->lock);
        t = pop(p);
        if (t == NULL)
            break;
        pthread_mutex_unlock(&p->lock);
        kms_err_clear();
        if (t->run(t))
            keep(&f, t);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

enum kms_rc kms_workers_new(size_t threads, size_t queue_max, size_t together,
                            struct kms_workers **out)
{
    KMS_AUTO(workers) p = calloc(1, sizeof *p + threads * sizeof p->threads[0]);

    if (p == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a lane");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->tail = &p->head;
    p->queue_max = queue_max;
    p->together = together;
    for (; p->n_threads < threads; p->n_threads++)
        KMS_TRY(kms_thread_start(&p->threads[p->n_threads], "kms-lane", work, p));
    *out = KMS_TAKE(p);
    return KMS_OK;
}

void kms_workers_free(struct kms_workers *p)
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

bool kms_workers_submit(struct kms_workers *p, struct kms_task *task)
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
