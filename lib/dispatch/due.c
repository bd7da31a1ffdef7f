#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "dispatch/due.h"
#include "dispatch/refusals.h"
#include "dispatch/settle.h"
#include "ops/due.h"
#include "ops/family.h"
#include "store/keys.h"

/* So many acts go into one transaction before requests get their turn. */
enum { BATCH = 64 };

struct waiting_job {
    struct kms_job job; /* first */
    struct kms_service *service;
    KMS_RC (*run)(struct kms_service *s, struct kms_tx *tx, void *arg);
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t settled;
    bool done; /* under lock */
    enum kms_rc rc;
};

static enum kms_rc waiting_run(struct kms_tx *tx, struct kms_job *job)
{
    struct waiting_job *w = (struct waiting_job *)job;

    return w->run(w->service, tx, w->arg);
}

static void waiting_done(struct kms_job *job, enum kms_rc committed)
{
    struct waiting_job *w = (struct waiting_job *)job;

    pthread_mutex_lock(&w->lock);
    w->rc = committed;
    w->done = true;
    pthread_cond_signal(&w->settled);
    pthread_mutex_unlock(&w->lock);
}

enum kms_rc kms_service_run(struct kms_service *s,
                            KMS_RC (*run)(struct kms_service *s, struct kms_tx *tx,
                                          void *arg),
                            void *arg)
{
    struct waiting_job w = {
        .job = {.run = waiting_run, .done = waiting_done},
        .service = s,
        .run = run,
        .arg = arg,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .settled = PTHREAD_COND_INITIALIZER,
    };

    kms_store_submit(s->opts.store, &w.job);
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.settled, &w.lock);
    pthread_mutex_unlock(&w.lock);
    pthread_cond_destroy(&w.settled);
    pthread_mutex_destroy(&w.lock);
    return w.rc;
}

struct batch {
    int64_t now_ms;
    struct kms_arena *arena;
    size_t acts;
    enum kms_rc rc; /* of the act that failed: its mark was undone */
};

static enum kms_rc record(struct kms_service *s, struct kms_tx *tx, const char *name,
                          const struct kms_key *key, int64_t due_ms, struct batch *b)
{
    struct kms_audit_service_event e = {
        .at_ms = b->now_ms,
        .name = name,
        /* The service logs this one act of its own as if somebody had called it. */
        .type = name == kms_family_synchronized ? "AwsApiCall" : NULL,
        .key = key,
        .due_ms = due_ms,
        .dev = s->opts.dev,
    };
    KMS_AUTO_BUF body = {0};

    KMS_TRY(kms_service_new_id(b->arena, &e.event_id));
    KMS_TRY(kms_audit_describe_service(&e, &body));
    return kms_audit_append(s->audit, tx, kms_buf_text(&body), true);
}

/* Do one act under its own mark, and record it. Its own failure is left in b->rc. */
static enum kms_rc run_act(struct kms_service *s, struct kms_tx *tx,
                           const struct kms_key *key, const struct kms_due *due,
                           struct batch *b)
{
    struct kms_due_done done = {0};

    KMS_TRY(kms_tx_mark(tx));
    b->rc = kms_due_act(tx, s->opts.keyring, key, due, b->arena, &done);
    KMS_TRY(b->rc == KMS_OK ? kms_tx_release(tx) : kms_tx_undo(tx));
    if (b->rc != KMS_OK)
        return KMS_OK;
    if (done.destroyed)
        kms_service_destroyed(s);
    if (done.event != NULL)
        KMS_TRY(record(s, tx, done.event, key, due->at_ms, b));
    return kms_settle_echoes(s, tx, done.echoes, b->now_ms, b->arena);
}

/* A failed act is undone by itself: the records of those before it stand. */
static enum kms_rc run_batch(struct kms_service *s, struct kms_tx *tx, void *arg)
{
    struct batch *b = arg;

    while (b->acts < BATCH && b->rc == KMS_OK) {
        KMS_AUTO_KEY key = NULL;
        struct kms_due due;
        enum kms_rc rc = kms_keys_due(tx, b->now_ms, &key, &due.kind, &due.at_ms);

        if (rc == KMS_E_NOT_FOUND)
            return KMS_OK;
        b->rc = rc;
        if (rc == KMS_OK)
            KMS_TRY(run_act(s, tx, key, &due, b));
        if (b->rc != KMS_OK)
            kms_log_say(KMS_LOG_ERROR, "schedule", "%s", kms_err_note(b->rc));
        b->acts++;
    }
    return KMS_OK;
}

struct refusal_batch {
    const struct kms_refusal *v;
    size_t n;
    struct kms_arena *arena;
};

static enum kms_rc record_refusals(struct kms_service *s, struct kms_tx *tx, void *arg)
{
    const struct refusal_batch *b = arg;

    for (size_t i = 0; i < b->n; i++) {
        KMS_AUTO_BUF body = {0};
        struct kms_str id;

        KMS_TRY(kms_service_new_id(b->arena, &id));
        KMS_TRY(kms_audit_describe_service(
            &(struct kms_audit_service_event){.at_ms = b->v[i].minute_ms,
                                              .event_id = id,
                                              .name = "RefusedConnections",
                                              .source = b->v[i].source,
                                              .detail = b->v[i].reason,
                                              .count = b->v[i].count,
                                              .account = s->opts.realm.default_account,
                                              .region = s->opts.realm.default_region,
                                              .dev = s->opts.dev},
            &body));
        KMS_TRY(kms_audit_append(s->audit, tx, kms_buf_text(&body), false));
    }
    return KMS_OK;
}

static enum kms_rc run_refusals(struct kms_service *s, bool all)
{
    KMS_AUTO(arena) a = NULL;
    struct refusal_batch b = {0};

    if (!kms_refusals_any(s->refusals))
        return KMS_OK;
    KMS_TRY(kms_arena_new(&a));
    b.arena = a;
    KMS_TRY(kms_refusals_take(s->refusals, kms_clock_now_ms(), all, a, &b.v, &b.n));
    return b.n != 0 ? kms_service_run(s, record_refusals, &b) : KMS_OK;
}

/* Looks before it queues: an idle daemon writes nothing. */
static bool anything_due(struct kms_service *s, int64_t now_ms)
{
    KMS_AUTO(tx) tx = NULL;
    int64_t at_ms;

    return kms_store_read(s->opts.store, &tx) == KMS_OK &&
           kms_keys_next_due(tx, &at_ms) == KMS_OK && at_ms <= now_ms;
}

/* Folds the log in after material was destroyed; should that fail, it is owed still. */
static enum kms_rc fold_log(struct kms_service *s)
{
    enum kms_rc rc;

    if (!atomic_exchange(&s->destroyed, false))
        return KMS_OK;
    rc = kms_store_checkpoint(s->opts.store);
    if (rc != KMS_OK)
        kms_service_destroyed(s);
    return rc;
}

enum kms_rc kms_due_run(struct kms_service *s, bool all_refusals)
{
    KMS_AUTO(arena) a = NULL;
    struct batch b = {.acts = BATCH};

    KMS_TRY(kms_arena_new(&a));
    while (b.acts == BATCH && anything_due(s, kms_clock_now_ms())) {
        b = (struct batch){.now_ms = kms_clock_now_ms(), .arena = a};
        KMS_TRY(kms_service_run(s, run_batch, &b));
        kms_arena_reset(a);
    }
    KMS_TRY(fold_log(s));
    KMS_TRY(b.rc);
    return run_refusals(s, all_refusals);
}
