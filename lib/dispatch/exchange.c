#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dispatch/exchange.h"
#include "dispatch/hooks.h"
#include "dispatch/schedule.h"

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

static struct kms_str material_of(struct kms_exchange *x)
{
    const struct kms_key_version *v =
        x->call.key != NULL ? kms_key_current(x->call.key) : NULL;
    struct kms_str text = {NULL, 0};

    if (x->call.op == NULL || x->call.op->effect != KMS_EFFECT_USE || v == NULL ||
        kms_kmid_text(x->arena, v->kmid, &text) != KMS_OK)
        return (struct kms_str){NULL, 0};
    return text;
}

static enum kms_rc describe(struct kms_exchange *x)
{
    struct kms_audit_event e = {
        .at_ms = x->call.now_ms,
        .request_id = kms_str_of(x->reply.request_id),
        .caller = &x->call.caller,
        .peer = x->req->peer,
        .user_agent = kms_request_header(x->req, "user-agent"),
        .name = x->name,
        .op = x->call.op,
        .in = x->in,
        .out = x->out,
        .key = x->call.key,
        .key2 = x->call.key2,
        .new_key_arn = x->call.new_key_arn,
        .key_material_id = material_of(x),
        .decision = x->decision,
        .outcome = x->rc,
        .message = x->message.p != NULL ? x->message.p : "",
        .dev = x->service->opts.dev,
    };

    return kms_audit_describe(&e, &x->record);
}

static bool is_change(const struct kms_exchange *x)
{
    return x->call.op != NULL && x->call.op->effect == KMS_EFFECT_CHANGE;
}

/* A change happens in the writer's transaction, and so does its refusal. */
static enum kms_rc run_change(struct kms_exchange *x, struct kms_tx *tx)
{
    KMS_TRY(kms_tx_mark(tx));
    x->call.tx = tx;
    x->call.now_ms = kms_clock_now_ms();
    kms_err_clear();
    kms_exchange_fail(x, kms_stages_run(x));
    x->call.tx = NULL;
    kms_reply_fill(x);
    KMS_TRY(x->rc == KMS_OK ? kms_tx_release(tx) : kms_tx_undo(tx));
    return describe(x);
}

/* The writer's thread: the record goes in with the change it describes. */
static enum kms_rc job_run(struct kms_tx *tx, struct kms_job *job)
{
    struct kms_exchange *x = (struct kms_exchange *)job;
    bool change = is_change(x) && x->rc == KMS_OK;

    if (change)
        KMS_TRY(run_change(x, tx));
    return kms_audit_append(x->service->audit, tx, kms_buf_text(&x->record),
                            change && x->rc == KMS_OK);
}

static void job_done(struct kms_job *job, enum kms_rc committed)
{
    struct kms_exchange *x = (struct kms_exchange *)job;

    if (committed != KMS_OK)
        kms_reply_internal(x);
    else if (is_change(x) && x->rc == KMS_OK)
        kms_schedule_poke(x->service->schedule);
    x->done(x->done_arg);
}

/* Strangers are counted, not recorded one by one. */
static enum kms_progress refuse(struct kms_exchange *x)
{
    struct kms_str source = x->req->peer != NULL ? x->req->peer->source_ip
                                                 : (struct kms_str){"", 0};

    kms_service_refused(x->service, source, kms_rc_info(x->rc)->wire);
    kms_reply_fill(x);
    return KMS_DONE;
}

enum kms_progress kms_exchange_start(struct kms_exchange *x, const struct kms_request *req)
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
    if (x->rc == KMS_OK && is_change(x))
        return KMS_WAIT;
    if (x->rc == KMS_OK) {
        KMS_AUTO(tx) tx = NULL;
        enum kms_rc rc = kms_store_read(x->service->opts.store, &tx);

        x->call.tx = tx;
        kms_exchange_fail(x, rc == KMS_OK ? kms_stages_run(x) : rc);
        x->call.tx = NULL;
    }
    kms_reply_fill(x);
    if (describe(x) != KMS_OK) {
        kms_reply_internal(x);
        return KMS_DONE;
    }
    return KMS_WAIT;
}

void kms_exchange_commit(struct kms_exchange *x, void (*done)(void *arg), void *arg)
{
    x->done = done;
    x->done_arg = arg;
    if (kms_hooks_match(x->req->path) && x->service->opts.dev) {
        kms_hooks_commit(x);
        return;
    }
    x->job.run = job_run;
    x->job.done = job_done;
    kms_store_submit(x->service->opts.store, &x->job);
}

const struct kms_reply *kms_exchange_reply(const struct kms_exchange *x)
{
    return &x->reply;
}
