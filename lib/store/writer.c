#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/engine.h"
#include "base/thread.h"
#include "store/writer.h"

enum { GROUP_MAX = 512 };
/* How long one attempt at truncating may hold up the writer, and how many are made. */
enum { FOLD_WAIT_MS = 50, FOLD_ATTEMPTS = 100 };

void kms_writer_init(struct kms_writer *w)
{
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    pthread_cond_init(&w->folded, NULL);
    w->tail = &w->head;
    w->gone = true;
}

void kms_writer_clear(struct kms_writer *w)
{
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    pthread_cond_destroy(&w->folded);
}

void kms_store_submit(struct kms_store *s, struct kms_job *job)
{
    struct kms_writer *w = &s->writer;
    bool taken;

    job->next = NULL;
    pthread_mutex_lock(&w->lock);
    taken = !w->gone && !w->stopping;
    if (taken) {
        *w->tail = job;
        w->tail = &job->next;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    if (!taken)
        job->done(job, kms_err(KMS_E_STORE, "the store has stopped"));
}

/* With the lock held: cut at most max jobs off the front of the queue. */
static struct kms_job *take(struct kms_writer *w, size_t max)
{
    struct kms_job *first = w->head, *last = first;

    if (first == NULL)
        return NULL;
    for (size_t n = 1; n < max && last->next != NULL; n++)
        last = last->next;
    w->head = last->next;
    if (w->head == NULL)
        w->tail = &w->head;
    last->next = NULL;
    return first;
}

static KMS_RC run_jobs(struct kms_tx *tx, struct kms_job *jobs)
{
    KMS_TRY(kms_tx_begin(tx));
    for (struct kms_job *j = jobs; j != NULL; j = j->next) {
        kms_err_clear();
        kms_tx_job(tx);
        KMS_TRY(j->run(tx, j));
        assert(!tx->has_mark);
    }
    return kms_tx_commit(tx);
}

/* done may free its job, so the next one is read before. */
static uint64_t finish(struct kms_job *jobs, enum kms_rc rc)
{
    uint64_t n = 0;

    while (jobs != NULL) {
        struct kms_job *next = jobs->next;

        jobs->done(jobs, rc);
        jobs = next;
        n++;
    }
    return n;
}

/*
 * The group is lost, and what the disk holds is not known: refuse everything from now
 * on, answer whoever waits, and only then tell the daemon to stop.
 */
static void give_up(struct kms_store *s, struct kms_job *jobs, enum kms_rc rc)
{
    struct kms_writer *w = &s->writer;
    char why[1024];
    const char *note = kms_err_note(rc);

    snprintf(why, sizeof why, "%s", note[0] != '\0' ? note : kms_rc_info(rc)->id);
    atomic_store(&s->stopped, true);
    kms_tx_rollback(&s->writer_tx);
    finish(jobs, kms_err(KMS_E_STORE, "the commit failed: %s", why));
    pthread_mutex_lock(&w->lock);
    w->gone = true;
    jobs = take(w, SIZE_MAX);
    pthread_cond_broadcast(&w->folded);
    pthread_mutex_unlock(&w->lock);
    finish(jobs, kms_err(KMS_E_STORE, "the store has stopped: %s", why));
    if (s->on_fatal != NULL)
        s->on_fatal(s->on_fatal_arg, why);
}

/* True when the store still serves. */
static bool run_group(struct kms_store *s, struct kms_job *jobs)
{
    enum kms_rc rc = run_jobs(&s->writer_tx, jobs);

    if (rc != KMS_OK) {
        give_up(s, jobs, rc);
        return false;
    }
    atomic_fetch_add(&s->commits, 1);
    atomic_fetch_add(&s->jobs, finish(jobs, KMS_OK));
    kms_checkpointer_tend(&s->checkpointer, s->writer_tx.conn);
    return true;
}

static void serve_fold(struct kms_store *s, uint64_t upto)
{
    struct kms_writer *w = &s->writer;
    enum kms_rc rc =
        kms_checkpointer_truncate(&s->checkpointer, s->writer_tx.conn, FOLD_WAIT_MS);

    pthread_mutex_lock(&w->lock);
    w->served = upto;
    w->served_rc = rc;
    pthread_cond_broadcast(&w->folded);
    pthread_mutex_unlock(&w->lock);
}

static void *body(void *arg)
{
    struct kms_store *s = arg;
    struct kms_writer *w = &s->writer;

    for (;;) {
        struct kms_job *jobs;
        uint64_t wanted, served;
        bool stop;

        pthread_mutex_lock(&w->lock);
        while (w->head == NULL && w->wanted == w->served && !w->stopping)
            pthread_cond_wait(&w->wake, &w->lock);
        jobs = take(w, GROUP_MAX);
        wanted = w->wanted;
        served = w->served;
        stop = jobs == NULL && wanted == served;
        if (stop) {
            w->gone = true;
            pthread_cond_broadcast(&w->folded);
        }
        pthread_mutex_unlock(&w->lock);
        if (stop || (jobs != NULL && !run_group(s, jobs)))
            return NULL;
        if (wanted != served)
            serve_fold(s, wanted);
    }
}

enum kms_rc kms_writer_start(struct kms_store *s)
{
    struct kms_writer *w = &s->writer;

    w->gone = false;
    KMS_TRY(kms_thread_start(&w->thread, "kms-writer", body, s));
    w->running = true;
    return KMS_OK;
}

void kms_writer_stop(struct kms_store *s)
{
    struct kms_writer *w = &s->writer;

    if (!w->running)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    w->running = false;
}

/* One truncation by the writer, waited for. */
static KMS_RC ask_fold(struct kms_writer *w)
{
    enum kms_rc rc = KMS_E_STORE;
    uint64_t mine;

    pthread_mutex_lock(&w->lock);
    mine = ++w->wanted;
    pthread_cond_signal(&w->wake);
    while (w->served < mine && !w->gone)
        pthread_cond_wait(&w->folded, &w->lock);
    if (w->served >= mine)
        rc = w->served_rc;
    pthread_mutex_unlock(&w->lock);
    return rc;
}

enum kms_rc kms_store_checkpoint(struct kms_store *s)
{
    struct kms_writer *w = &s->writer;
    enum kms_rc rc = KMS_E_BUSY;

    /* In a done callback: the writer cannot wait for itself. */
    if (w->running && pthread_equal(pthread_self(), w->thread))
        return kms_checkpointer_truncate(&s->checkpointer, s->writer_tx.conn,
                                         FOLD_WAIT_MS);
    for (int i = 0; i < FOLD_ATTEMPTS && rc == KMS_E_BUSY; i++)
        rc = ask_fold(w);
    if (rc == KMS_E_BUSY)
        return kms_err(rc, "the write-ahead log cannot be truncated: a reader needs it");
    return rc == KMS_OK ? rc
                        : kms_err(rc, "the write-ahead log cannot be truncated: the "
                                      "database failed or the store has stopped");
}
