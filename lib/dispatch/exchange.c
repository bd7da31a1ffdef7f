#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dispatch/exchange.h"
#include "dispatch/hooks.h"
#include "dispatch/settle.h"
#include "ops/recipient.h"

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

static void give_up_keys(struct kms_exchange *x)
{
    kms_key_unrefp(&x->call.key);
    kms_key_unrefp(&x->call.key2);
    x->call.key = x->call.key2 = NULL;
}

void kms_exchange_free(struct kms_exchange *x)
{
    if (x == NULL)
        return;
    give_up_keys(x);
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
    if (kms_recipient_of(x->call.op, x->in) != NULL) {
        x->attests = true;
        x->lane = KMS_LANE_CRYPTO;
        return;
    }
    if (kms_settle_is_change(x)) {
        if (!kms_lane_possible(x->call.op))
            return;
        with_snapshot(x, kms_stages_check);
    } else {
        with_snapshot(x, kms_stages_begin);
    }
    if (x->rc == KMS_OK && kms_settle_is_change(x) && x->lane == KMS_LANE_INLINE)
        give_up_keys(x);
}

enum kms_progress kms_exchange_start(struct kms_exchange *x,
                                     const struct kms_request *req)
{
    struct kms_str id = {NULL, 0};

    x->req = req;
    x->call.arena = x->arena;
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

static void task_run(struct kms_task *task);

/* Queue for x->lane; false, and refused, when its queue is full. */
static bool to_lane(struct kms_exchange *x)
{
    x->task.run = task_run;
    if (kms_pool_submit(x->service->lanes[x->lane], &x->task))
        return true;
    kms_exchange_fail(x, kms_err(KMS_E_THROTTLING,
                                 "You have exceeded the rate at which you may call "
                                 "KMS. Reduce the frequency of your calls."));
    return false;
}

/*
 * A Recipient is verified on the crypto lane, before there is a decision: P-384 is too
 * slow for an event thread. False when the request has gone on to another lane.
 */
static bool attest(struct kms_exchange *x)
{
    x->attests = false;
    with_snapshot(x, kms_stages_attest);
    return x->rc != KMS_OK || x->lane != KMS_LANE_KEYGEN || !to_lane(x);
}

/* A thread of a lane: the slow work, then on to the writer. */
static void task_run(struct kms_task *task)
{
    struct kms_exchange *x =
        (struct kms_exchange *)((char *)task - offsetof(struct kms_exchange, task));

    if (x->attests) {
        if (!attest(x))
            return;
    } else
        with_snapshot(x, kms_settle_is_change(x) ? kms_stages_prepare : kms_stages_work);
    if (kms_settle_is_change(x) && x->rc == KMS_OK)
        give_up_keys(x); /* the writer resolves and checks again */
    else if (kms_settle_describe(x) != KMS_OK) {
        x->done(x->done_arg);
        return;
    }
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
