#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dispatch/exchange.h"
#include "dispatch/hooks.h"
#include "dispatch/settle.h"

enum kms_rc kms_exchange_new(struct kms_service *s, struct kms_exchange **out)
{
    KMS_AUTO(exchange) x = calloc(1, sizeof *x);

    if (x == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    x->service = s;
    KMS_TRY(kms_arena_new(&x->arena));
    *out = KMS_TAKE(x);
    return KMS_OK;
}

void kms_exchange_free(struct kms_exchange *x)
{
    if (x == NULL)
        return;
    kms_key_unref(x->call.key);
    kms_key_unref(x->call.key2);
    kms_buf_clear(&x->record);
    kms_buf_clear(&x->reply.body);
    kms_access_held_free(x->access);
    kms_directory_free(x->directory);
    kms_arena_free(x->arena);
    free(x);
}

void kms_exchange_fail(struct kms_exchange *x, enum kms_rc rc)
{
    struct kms_str words = {"", 0};

    x->rc = rc;
    x->message = words;
    if (rc != KMS_OK &&
        kms_arena_str(x->arena, kms_str_of(kms_err_note(rc)), &words) == KMS_OK)
        x->message = words;
}

/* Strangers are counted, not recorded one by one. */
static enum kms_progress refuse(struct kms_exchange *x)
{
    struct kms_str source =
        x->req->peer != NULL ? x->req->peer->source_ip : (struct kms_str){"", 0};

    kms_service_refused(x->service, source, kms_rc_info(x->rc)->wire);
    kms_reply_fill(x);
    return KMS_DONE;
}

/* Run stages on a snapshot of this thread. */
static void with_snapshot(struct kms_exchange *x,
                          enum kms_rc (*stages)(struct kms_exchange *x))
{
    KMS_AUTO(tx) tx = NULL;
    uint8_t root[32];
    enum kms_rc rc;

    kms_store_root(x->service->opts.store, &x->epoch, root);
    rc = kms_store_read(x->service->opts.store, &tx);
    x->call.tx = tx;
    kms_exchange_fail(x, rc == KMS_OK ? stages(x) : rc);
    x->call.tx = NULL;
}

/*
 * The first look at the keys. A read or a use is finished here unless its work belongs on
 * a lane. A change runs in the writer's transaction; only when part of it is slow is it
 * checked here first, so that nobody without permission can make the lanes work.
 */
static void begin(struct kms_exchange *x)
{
    if (kms_stages_attests(x))
        x->lane = KMS_LANE_CRYPTO; /* P-384 is too slow for an event thread */
    else if (!kms_settle_is_change(x))
        with_snapshot(x, kms_stages_begin);
    else if (kms_lane_possible(x->call.op))
        with_snapshot(x, kms_stages_check);
}

enum kms_progress kms_exchange_start(struct kms_exchange *x,
                                     const struct kms_request *req)
{
    struct kms_str id = {NULL, 0};

    x->req = req;
    x->call.arena = x->arena;
    x->begun_us = kms_clock_mono_us();
    x->call.now_ms = kms_clock_now_ms();
    x->call.realm = &x->service->opts.realm;
    x->call.keyring = x->service->opts.keyring;
    kms_err_clear();
    if (kms_service_new_id(x->arena, &id) != KMS_OK) {
        kms_reply_internal(x);
        return KMS_DONE;
    }
    assert(id.n < sizeof x->reply.request_id);
    memcpy(x->reply.request_id, id.p, id.n);
    if (x->service->opts.dev && kms_hooks_match(req->path))
        return kms_hooks_start(x);

    kms_exchange_fail(x, kms_stages_open(x));
    if (!x->authenticated)
        return refuse(x);
    if (x->rc == KMS_OK)
        begin(x);
    /* A change that passed so far is described after it has run. */
    if (x->rc == KMS_OK && (x->lane != KMS_LANE_INLINE || kms_settle_is_change(x)))
        return KMS_WAIT;
    return kms_settle_describe(x) == KMS_OK ? KMS_WAIT : KMS_DONE;
}

static bool task_run(struct kms_task *task);
static void task_done(struct kms_task *task);

/* Queue for x->lane; false, and refused, when its queue is full. */
static bool to_lane(struct kms_exchange *x)
{
    x->task.run = task_run;
    x->task.done = task_done;
    x->here = x->lane;
    if (kms_workers_submit(x->service->lanes[x->lane], &x->task))
        return true;
    kms_exchange_fail(x, kms_err(KMS_E_THROTTLING,
                                 "You have exceeded the rate at which you may call "
                                 "KMS. Reduce the frequency of your calls."));
    return false;
}

/*
 * A read or a use on its lane. It may have waited for seconds, so what was checked on its
 * arrival is checked again: who was told before now that a key is disabled or a grant is
 * gone can rely on it. The snapshot of the check ends before the work, since one that
 * stays open keeps the log from being folded in. False when the request has gone on to
 * the lane where keys are made.
 */
static bool use(struct kms_exchange *x)
{
    x->call.now_ms = kms_clock_now_ms();
    if (kms_stages_attests(x))
        kms_exchange_fail(x, kms_stages_attest(x));
    if (x->rc == KMS_OK)
        with_snapshot(x, kms_stages_check);
    if (x->rc != KMS_OK)
        return true;
    if (x->lane == KMS_LANE_KEYGEN && x->here != KMS_LANE_KEYGEN)
        return !to_lane(x);
    with_snapshot(x, kms_stages_work);
    return true;
}

static struct kms_exchange *of_task(struct kms_task *task)
{
    return (struct kms_exchange *)((char *)task - offsetof(struct kms_exchange, task));
}

/* A thread of a lane: the slow work. */
static bool task_run(struct kms_task *task)
{
    struct kms_exchange *x = of_task(task);

    if (kms_settle_is_change(x))
        with_snapshot(x, kms_stages_prepare); /* the writer checks again */
    else if (!use(x))
        return false;
    x->unrecorded =
        (x->rc != KMS_OK || !kms_settle_is_change(x)) && kms_settle_describe(x) != KMS_OK;
    return true;
}

/* On to the writer, unless nothing can be said of it. */
static void task_done(struct kms_task *task)
{
    struct kms_exchange *x = of_task(task);

    if (x->unrecorded)
        x->done(x->done_arg);
    else
        kms_settle_submit(x);
}

void kms_exchange_commit(struct kms_exchange *x, void (*done)(void *arg), void *arg)
{
    x->done = done;
    x->done_arg = arg;
    if (kms_hooks_match(x->req->path) && x->service->opts.dev) {
        kms_hooks_commit(x);
        return;
    }
    if (x->lane != KMS_LANE_INLINE && x->rc == KMS_OK) {
        if (to_lane(x))
            return;
        if (kms_settle_describe(x) != KMS_OK) {
            done(arg);
            return;
        }
    }
    kms_settle_submit(x);
}

const struct kms_reply *kms_exchange_reply(const struct kms_exchange *x)
{
    return &x->reply;
}
