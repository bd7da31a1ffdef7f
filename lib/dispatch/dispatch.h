/*
 * dispatch.h - from a request to a reply: the one public face of the library.
 *
 * A front hands over bytes and a peer; sockets, TLS and event loops are its own matter.
 * An exchange has two halves so that no event thread ever waits for the disk: start
 * does everything that needs no commit, and when it says KMS_WAIT the front parks the
 * connection and calls commit; done comes from the writer's thread once the audit
 * record (and the change it describes) is durable, or the failure is certain.
 */
#ifndef KMS_DISPATCH_DISPATCH_H
#define KMS_DISPATCH_DISPATCH_H

#include "authn/principal.h"
#include "base/buf.h"
#include "dispatch/directory.h"
#include "keyring/keyring.h"
#include "ops/ops.h"
#include "policy/caller.h"
#include "store/store.h"

struct kms_service;
KMS_OWNED(service); /* stops the schedule; store and keyring stay the caller's */

struct kms_service_opts {
    struct kms_store *store;     /* started */
    struct kms_keyring *keyring; /* row key loaded */
    struct kms_realm realm;
    bool dev;                    /* dev profile: any SigV4 credential, test hooks */
    enum kms_proof proof;        /* of the TLS listener */
    bool no_authz;               /* dev: whoever is somebody may do everything */
    struct kms_directory *directory; /* who is who; the service takes a reference */
};

/* Takes up the audit chain, writes the start record, starts the schedule. */
KMS_RC kms_service_new(const struct kms_service_opts *opts, struct kms_service **out);

/*
 * Principal ARN of a peer with a certificate, for the front's name rule at the
 * handshake; KMS_E_ACCESS_DENIED when no rule matches. Text in the arena.
 */
KMS_RC kms_service_identify(struct kms_service *s, const struct kms_peer *peer,
                            struct kms_arena *a, struct kms_str *principal);

struct kms_reply {
    int status;
    const char *content_type; /* static text, or NULL for none */
    char request_id[37];      /* lower-case UUID: x-amzn-RequestId */
    struct kms_buf body;
};

struct kms_exchange;
KMS_OWNED(exchange); /* wipes all it produced, plaintexts included */

enum kms_progress { KMS_DONE, KMS_WAIT };

KMS_RC kms_exchange_new(struct kms_service *s, struct kms_exchange **out);
/* Once an exchange. KMS_DONE: the reply is ready. Never fails: errors are replies. */
enum kms_progress kms_exchange_start(struct kms_exchange *x, const struct kms_request *req);
/* After KMS_WAIT, once. done(arg) is called from another thread, at the earliest at once. */
void kms_exchange_commit(struct kms_exchange *x, void (*done)(void *arg), void *arg);
/* The reply after KMS_DONE or done. Lives as long as the exchange. */
const struct kms_reply *kms_exchange_reply(const struct kms_exchange *x);

/*
 * A refused handshake or a malformed request, counted into one record per (source,
 * reason, minute). reason is a short fixed word such as "handshake:no-certificate".
 */
void kms_service_refused(struct kms_service *s, struct kms_str source_ip,
                         const char *reason);
/* An act of the daemon itself ("Reload", "Stop"), recorded before it returns. */
KMS_RC kms_service_event(struct kms_service *s, const char *name, struct kms_str detail);

#endif
