#include <stddef.h>

#include "base/clock.h"
#include "dispatch/schedule.h"
#include "dispatch/settle.h"
#include "key/grant.h"
#include "store/uses.h"

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
        .grant_id = x->call.grant != NULL ? x->call.grant->id : (struct kms_str){NULL, 0},
        .attested = x->call.attested,
        .decision = x->decision,
        .outcome = x->rc,
        .message = x->message.p != NULL ? x->message.p : "",
        .dev = x->service->opts.dev,
    };

    return kms_audit_describe(&e, &x->record);
}

bool kms_settle_is_change(const struct kms_exchange *x)
{
    return x->call.op != NULL && x->call.op->effect == KMS_EFFECT_CHANGE;
}

enum kms_rc kms_settle_describe(struct kms_exchange *x)
{
    enum kms_rc rc;

    kms_reply_fill(x);
    rc = describe(x);
    if (rc != KMS_OK)
        kms_reply_internal(x);
    return rc;
}

/* A change happens in the writer's transaction, and so does its refusal. */
static enum kms_rc run_change(struct kms_exchange *x, struct kms_tx *tx)
{
    KMS_TRY(kms_tx_mark(tx));
    x->call.tx = tx;
    x->call.now_ms = kms_clock_now_ms();
    kms_exchange_fail(x, kms_stages_run(x));
    x->call.tx = NULL;
    kms_reply_fill(x);
    KMS_TRY(x->rc == KMS_OK ? kms_tx_release(tx) : kms_tx_undo(tx));
    return describe(x);
}

static enum kms_rc note_use(struct kms_exchange *x, struct kms_tx *tx,
                            const struct kms_key *key)
{
    if (key == NULL)
        return KMS_OK;
    return kms_uses_note(tx,
                         &(struct kms_use){.key_row = key->row,
                                           .operation = kms_str_of(x->call.op->name),
                                           .request_id = kms_str_of(x->reply.request_id),
                                           .at_ms = x->call.now_ms});
}

/* Successful uses are what GetKeyLastUsage tells of. */
static enum kms_rc note_uses(struct kms_exchange *x, struct kms_tx *tx)
{
    if (x->call.op == NULL || x->call.op->effect != KMS_EFFECT_USE || x->rc != KMS_OK)
        return KMS_OK;
    KMS_TRY(note_use(x, tx, x->call.key));
    return x->call.key2 != x->call.key ? note_use(x, tx, x->call.key2) : KMS_OK;
}

static enum kms_rc record_echo(struct kms_service *s, struct kms_tx *tx,
                               const struct kms_echo *e, int64_t at_ms,
                               struct kms_arena *a)
{
    const struct kms_key about = {
        .account = e->account, .region = e->region, .id = e->id, .arn = e->arn};
    struct kms_audit_service_event event = {
        .at_ms = at_ms,
        .name = e->event,
        .type = "AwsApiCall",
        .key = &about,
        .dev = s->opts.dev,
    };
    KMS_AUTO_BUF body = {0};

    KMS_TRY(kms_service_new_id(a, &event.event_id));
    KMS_TRY(kms_audit_describe_service(&event, &body));
    return kms_audit_append(s->audit, tx, kms_buf_text(&body), true);
}

enum kms_rc kms_settle_echoes(struct kms_service *s, struct kms_tx *tx,
                              const struct kms_echo *echoes, int64_t at_ms,
                              struct kms_arena *a)
{
    for (const struct kms_echo *e = echoes; e != NULL; e = e->next)
        KMS_TRY(record_echo(s, tx, e, at_ms, a));
    return KMS_OK;
}

/* The writer's thread: the record goes in with the change it describes. */
static enum kms_rc job_run(struct kms_tx *tx, struct kms_job *job)
{
    struct kms_exchange *x = (struct kms_exchange *)job;
    bool change = kms_settle_is_change(x) && x->rc == KMS_OK;

    if (change)
        KMS_TRY(run_change(x, tx));
    KMS_TRY(note_uses(x, tx));
    change = change && x->rc == KMS_OK;
    KMS_TRY(kms_audit_append(x->service->audit, tx, kms_buf_text(&x->record), change));
    if (!change)
        return KMS_OK;
    return kms_settle_echoes(x->service, tx, x->call.echoes, x->call.now_ms, x->arena);
}

/* The veil's thread. */
static void unveil(struct kms_veiled *held)
{
    struct kms_exchange *x =
        (struct kms_exchange *)((char *)held - offsetof(struct kms_exchange, veiled));

    x->done(x->done_arg);
}

static void answer(struct kms_exchange *x)
{
    if (!x->call.veiled || x->rc != KMS_E_ACCESS_DENIED) {
        x->done(x->done_arg);
        return;
    }
    x->veiled.run = unveil;
    kms_veil_hold(x->service->veil, &x->veiled,
                  kms_veil_end_us(x->begun_us, kms_clock_mono_us()));
}

static void job_done(struct kms_job *job, enum kms_rc committed)
{
    struct kms_exchange *x = (struct kms_exchange *)job;

    if (committed != KMS_OK)
        kms_reply_internal(x);
    else if (kms_settle_is_change(x) && x->rc == KMS_OK) {
        if (x->call.destroyed)
            kms_service_destroyed(x->service);
        kms_schedule_poke(x->service->schedule);
    }
    answer(x);
}

void kms_settle_submit(struct kms_exchange *x)
{
    x->job.run = job_run;
    x->job.done = job_done;
    kms_store_submit(x->service->opts.store, &x->job);
}
