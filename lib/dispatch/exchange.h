/* exchange.h - inside of dispatch: one request on its way. */
#ifndef KMS_DISPATCH_EXCHANGE_H
#define KMS_DISPATCH_EXCHANGE_H

#include "authz/actor.h"
#include "dispatch/workers.h"
#include "dispatch/service.h"
#include "ops/lane.h"

struct kms_exchange {
    struct kms_job job;       /* first: the writer hands it back */
    struct kms_task task;     /* while it waits for a lane */
    enum kms_lane lane;       /* where its work belongs */
    bool unrecorded;          /* its record could not be written: the canned answer */
    enum kms_lane here;       /* where it is: inline, or the lane it was handed to */
    struct kms_veiled veiled; /* a refusal, while the veil holds it */
    int64_t begun_us;         /* on the monotonic clock */
    struct kms_service *service;
    struct kms_arena *arena;
    const struct kms_request *req;
    struct kms_call call;
    struct kms_str name; /* operation as sent, for the record */
    const void *in;      /* decoded input */
    void *out;           /* what the operation answers */
    bool authenticated;
    struct kms_directory *directory; /* who is who, for all of this exchange */
    struct kms_access_held *access;  /* the key that signed, or NULL */
    struct kms_actor actor;          /* the caller, once authenticated */
    uint64_t epoch;                  /* of the store, before its snapshot was taken */
    struct kms_str decision;         /* what allowed or refused it */
    enum kms_rc rc;
    struct kms_str message; /* words of rc, in the arena */
    struct kms_buf record;  /* body of the audit record, once described */
    struct kms_reply reply;
    void (*done)(void *arg);
    void *done_arg;
};

/*
 * Stages before the transaction, in the order of their rows: authenticate, read the
 * envelope, decode, check what can be checked without the store. Called on the front's
 * thread.
 */
KMS_RC kms_stages_open(struct kms_exchange *x);
/*
 * Stages inside a transaction (x->call.tx). Their order is the security argument: nothing
 * about a key is told before authorize, and no state before it either.
 *   check    resolve keys, authorize, gate; sets x->lane. May come again after a wait:
 *            nothing of what it found before is left, whatever it finds.
 *   work     run the operation
 *   run      check, then work
 *   begin    check, then work unless it belongs on a lane
 *   prepare  the slow part of a change, on its lane
 */
KMS_RC kms_stages_check(struct kms_exchange *x);
KMS_RC kms_stages_work(struct kms_exchange *x);
KMS_RC kms_stages_run(struct kms_exchange *x);
KMS_RC kms_stages_begin(struct kms_exchange *x);
KMS_RC kms_stages_prepare(struct kms_exchange *x);
/*
 * Before check, for policies ask what a Recipient proves, and without a transaction, for
 * it takes milliseconds: true when there is one that has not been verified yet.
 */
bool kms_stages_attests(const struct kms_exchange *x);
KMS_RC kms_stages_attest(struct kms_exchange *x);

/* Note rc and its words in the exchange: the thread's note does not survive. */
void kms_exchange_fail(struct kms_exchange *x, enum kms_rc rc);

/* Fill x->reply from x->rc and x->out. Total: falls back to a canned answer. */
void kms_reply_fill(struct kms_exchange *x);
/* The answer when the record could not be written; nothing of the result is left. */
void kms_reply_internal(struct kms_exchange *x);

/* The Content-Type is JSON 1.1, with or without parameters: no other is read. */
bool kms_request_is_json(const struct kms_request *req);

#endif
