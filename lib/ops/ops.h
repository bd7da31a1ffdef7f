/*
 * ops.h - what an operation sees.
 *
 * Dispatch has verified the caller, decoded the request, resolved the keys, asked authz
 * and checked the gate of the operation's row (proto/ops). What is left to an operation
 * is what only it knows. An operation never looks at permissions, sockets or the audit
 * log. What it answers lives in call->arena.
 */
#ifndef KMS_OPS_OPS_H
#define KMS_OPS_OPS_H

#include "base/arena.h"
#include "base/err.h"
#include "key/key.h"
#include "keyring/keyring.h"
#include "policy/caller.h"
#include "store/store.h"
#include "wire/ops.gen.h"
#include "wire/shapes.gen.h"

struct kms_attest_roots;

/* What configuration fixes for every request. */
struct kms_realm {
    struct kms_str partition;      /* "aws" */
    struct kms_str default_region; /* without a credential scope */
    struct kms_str default_account;
    const struct kms_attest_roots *attestation_roots; /* NULL: none is configured */
};

struct kms_attested;
struct kms_grant;

struct kms_call {
    struct kms_arena *arena;
    int64_t now_ms;
    const struct kms_realm *realm;
    struct kms_keyring *keyring;
    struct kms_tx *tx; /* a snapshot for read and use, the writer's for change */
    struct kms_caller caller;
    const struct kms_op *op;
    /*
     * What the key rules of op->keys found, in their order; NULL where none is named.
     * ReEncrypt: source, destination. UpdateAlias: the new target, the old one.
     * DeleteAlias: the alias's target.
     */
    const struct kms_key *key, *key2;
    /* RetireGrant: the grant it is about, in the arena. */
    const struct kms_grant *grant;
    /* What the attestation of a Recipient proves, in the arena; NULL without one. */
    const struct kms_attested *attested;
    /* The alias of the request as "alias/...", or absent: by name, ARN or AliasName. */
    struct kms_str alias;
    /* What kms_lane_prepare made for a change, in the arena; NULL without. */
    void *prepared;
    /* Set by the operation: a key it made (CreateKey), for the audit record. */
    struct kms_str new_key_arn;
    /* Set by a change: what it did to other keys, each a record of its own. */
    struct kms_echo *echoes;
    /* Set with a refusal from which nobody may learn whether there is such a key. */
    bool veiled;
    /* Set by a change that destroyed key material: the log it was in has to go as well.
     */
    bool destroyed;
};

/* What an act does to another key than the one it is about. In the arena. */
struct kms_echo {
    struct kms_echo *next;
    const char *event; /* "SynchronizeMultiRegionKey" */
    struct kms_str account, region, id, arn;
};

/* A page of a listing: limit after defaults, and where it starts. */
struct kms_page {
    size_t limit;
    struct kms_str after; /* absent: from the start */
};

/*
 * Limit (by_default when absent; the model lets up to 1000 through, more than max is max:
 * a page may be shorter than asked) and Marker. Markers are opaque and bound to
 * operation, account, Region and filter: any other is KMS_E_INVALID_MARKER.
 */
KMS_RC kms_page_open(struct kms_call *call, bool has_limit, int32_t limit, int32_t max,
                     int32_t by_default, struct kms_str marker, struct kms_str filter,
                     struct kms_page *out);
/* The marker of the page that starts after last. */
KMS_RC kms_page_marker(struct kms_call *call, struct kms_str filter, struct kms_str last,
                       struct kms_str *marker);

/* KeyMetadata of a record, with the presence rules of the service. */
KMS_RC kms_key_metadata_of(struct kms_call *call, const struct kms_key *k,
                           const struct kms_key_metadata **out);
/* 64 hex digits. */
KMS_RC kms_kmid_text(struct kms_arena *a, const uint8_t kmid[KMS_KMID_LEN],
                     struct kms_str *out);

#endif
