/*
 * key.h - the record of one KMS key: an immutable, reference-counted snapshot.
 *
 * A record is built once (by the store from its rows, or by an operation that is about
 * to write it), then shared read-only between threads until the last holder frees it.
 * To change a key, copy the record, edit the copy, write the copy.
 */
#ifndef KMS_KEY_KEY_H
#define KMS_KEY_KEY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"
#include "wire/shapes.gen.h"

enum {
    KMS_UUID_LEN = 16,
    KMS_KMID_LEN = 32,  /* key material id, SHA-256 sized; shown as 64 hex digits */
    KMS_KEY_ID_MAX = 40 /* "mrk-" and 32 hex digits, or a 36-character UUID */
};

/* One generation of key material. Bytes belong to the record's arena. */
struct kms_key_version {
    uint32_t number;            /* 1, 2, ... in order of creation */
    uint8_t kmid[KMS_KMID_LEN]; /* key material id: the key check value after unseal */
    uint8_t kek[KMS_UUID_LEN];  /* CKA_ID of the sealing key */
    struct kms_bytes sealed;    /* as the token sealed it; absent once destroyed */
    int64_t created_ms;
    int64_t rotated_ms; /* when a rotation made it current; 0 for the first */
    enum kms_rotation_type rotation_type; /* _NONE for the first */
    /* Of imported material; it is not there while sealed is absent. */
    enum kms_expiration_model_type expiration;
    int64_t expires_ms;         /* 0: it does not expire */
    struct kms_str description; /* absent when none was given */
};

struct kms_key {
    int64_t row; /* the store's row id; 0 before the first write */
    struct kms_str account, region, id, arn;
    uint8_t uuid[KMS_UUID_LEN];
    bool multi_region; /* id is "mrk-" and the uuid in hex */
    struct kms_str primary_region; /* of a multi-Region key: region itself in a primary */
    enum kms_key_spec spec;
    enum kms_key_usage_type usage;
    enum kms_origin_type origin;
    enum kms_key_state state;
    struct kms_str description; /* never absent */
    struct kms_str policy;      /* the JSON text as put; never absent */
    int64_t created_ms;
    int64_t deletion_ms; /* 0 unless pending deletion */
    int32_t pending_window_days;
    int32_t rotation_period_days; /* 0: automatic rotation is off */
    int64_t next_rotation_ms;     /* 0 while off */
    int64_t on_demand_started_ms; /* 0 unless an on-demand rotation is running */
    int32_t on_demand_count;      /* on-demand rotations so far, finished or running */
    uint32_t current_version;     /* number of the version that encrypts; 0: none */
    const struct kms_key_version *versions; /* ascending by number */
    size_t n_versions;
    struct kms_arena *arena; /* owns everything above */
    int refs;                /* atomic; use kms_key_ref and kms_key_free */
};

KMS_OWNED(key); /* gives up one reference; NULL is fine */

/* KMS_AUTO for a shared record: KMS_AUTO_KEY k = NULL;  gives up its reference. */
#define KMS_AUTO_KEY __attribute__((cleanup(kms_key_unrefp))) const struct kms_key *
static inline void kms_key_unrefp(const struct kms_key **p)
{
    kms_key_free((struct kms_key *)(uintptr_t)*p);
}

/* An empty record with an arena of its own and one reference. */
KMS_RC kms_key_new(struct kms_key **out);
/* One more reference to the same record, to be given up with kms_key_free. */
const struct kms_key *kms_key_ref(const struct kms_key *k);
/* Gives up a reference that is held as const; NULL is fine. */
void kms_key_unref(const struct kms_key *k);
/* A deep copy to edit, with one reference. */
KMS_RC kms_key_copy(const struct kms_key *k, struct kms_key **out);
/* Append a copy of v as the newest version and make it current. Only while private. */
KMS_RC kms_key_add_version(struct kms_key *k, const struct kms_key_version *v);
/* Replace a text of a private record by a copy in its arena. */
KMS_RC kms_key_set_text(struct kms_key *k, struct kms_str *field, struct kms_str text);

/* The version that encrypts, or NULL when there is none. */
const struct kms_key_version *kms_key_current(const struct kms_key *k);
/*
 * Imported material that waits for a rotation, newer than the current version; NULL when
 * there is none.
 */
const struct kms_key_version *kms_key_pending(const struct kms_key *k);
/* The version with this key material id, or NULL. */
const struct kms_key_version *kms_key_version_of(const struct kms_key *k,
                                                 const uint8_t kmid[KMS_KMID_LEN]);

#endif
