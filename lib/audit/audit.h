/*
 * audit.h - the hash-chained record of everything kmsd is asked and does.
 *
 * A record is the exact bytes of one JSON object in CloudTrail's event shape, opened by
 * "seq" (1, 2, ...) and "prev", the lower-case hex SHA-256 of the record before it (64
 * zeros for the first). A change's record closes with "epoch" and "stateRoot": the state
 * of the database after it. Source: AWS CloudTrail User Guide, "Record contents".
 */
#ifndef KMS_AUDIT_AUDIT_H
#define KMS_AUDIT_AUDIT_H

#include "base/buf.h"
#include "key/key.h"
#include "policy/attested.h"
#include "policy/caller.h"
#include "store/store.h"
#include "wire/ops.gen.h"

/* The head of the chain. Belongs to the writer's thread once requests are served. */
struct kms_audit;
KMS_OWNED(audit);

/*
 * Take up the chain where the log ends, and hold the last change's epoch and state root
 * against the database's: KMS_E_TAMPERED when one of the two was rolled back.
 */
KMS_RC kms_audit_open(struct kms_store *store, struct kms_audit **out);

/*
 * Append one record as part of tx: body is the inside of a JSON object, without seq and
 * prev. change adds the state's epoch and root. Durable once tx commits; on failure the
 * whole group fails: a change nobody can account for is worse than a request to be
 * retried.
 */
KMS_RC kms_audit_append(struct kms_audit *a, struct kms_tx *tx, struct kms_str body,
                        bool change);

/* One request and how it ended. Everything is borrowed for the length of the call. */
struct kms_audit_event {
    int64_t at_ms;
    struct kms_str request_id;
    const struct kms_caller *caller; /* NULL before authentication */
    const struct kms_peer *peer;
    struct kms_str user_agent;
    struct kms_str name;         /* "Encrypt"; as sent when there is no such operation */
    const struct kms_op *op;     /* NULL for an unknown operation */
    const void *in;              /* decoded input, or NULL: logged without secrets */
    const void *out;             /* what it answers, or NULL: logged for changes */
    const struct kms_key *key;   /* the key, or NULL */
    const struct kms_key *key2;  /* the other key, or NULL */
    struct kms_str new_key_arn;  /* CreateKey */
    struct kms_str alias_arn;    /* alias operations */
    struct kms_str key_material_id; /* of a symmetric cryptographic operation */
    struct kms_str grant_id;     /* RetireGrant: the grant it was about */
    const struct kms_attested *attested; /* of the recipient, or NULL */
    struct kms_str decision;     /* why it was allowed or refused, for auditors */
    enum kms_rc outcome;
    const char *message;         /* words of a refusal, "" for none */
    bool dev;
};

/* The body of a request's record. */
KMS_RC kms_audit_describe(const struct kms_audit_event *e, struct kms_buf *body);

/* An act of the daemon itself: rotation, deletion, start, stop, refused strangers. */
struct kms_audit_service_event {
    int64_t at_ms;
    struct kms_str event_id;
    const char *name;            /* "RotateKey", "DeleteKey", "Start", ... */
    const char *type;            /* eventType; NULL is "AwsServiceEvent" */
    const struct kms_key *key;   /* or NULL */
    int64_t due_ms;              /* when it was due; 0 when it was not scheduled */
    struct kms_str source;       /* refused strangers: where from */
    struct kms_str detail;       /* reason or other words, or absent */
    uint64_t count;              /* refused strangers: how many; 0 otherwise */
    struct kms_str account, region; /* when there is no key */
    bool dev;
};

KMS_RC kms_audit_describe_service(const struct kms_audit_service_event *e,
                                  struct kms_buf *body);

#endif
