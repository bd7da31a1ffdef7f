/*
 * keycache.h - records of keys in memory, served as of an epoch.
 *
 * An entry is the record as it has been since some epoch, until an epoch if the writer
 * has announced one. A reader whose snapshot is of epoch e is served an entry that
 * covers e and nothing else, so memory and database never mix two states. Before each
 * commit the writer ends the entries of the keys it touched at the epoch to come, which
 * also keeps out a reader that loaded an older snapshot and comes late to put it in.
 */
#ifndef KMS_STORE_KEYCACHE_H
#define KMS_STORE_KEYCACHE_H

#include "key/key.h"

struct kms_keycache;
KMS_OWNED(keycache);

/* max: records kept; the one unused for longest goes first. */
KMS_RC kms_keycache_new(size_t max, struct kms_keycache **out);

enum kms_keycache_answer {
    KMS_KEYCACHE_HIT,
    KMS_KEYCACHE_MISS,
    KMS_KEYCACHE_UNSURE /* the entry is about to end: take a snapshot and ask again */
};

/* The epoch to ask with before a snapshot is taken. */
#define KMS_KEYCACHE_NOW UINT64_MAX

/* On a hit *out is one more reference. */
enum kms_keycache_answer kms_keycache_by_id(struct kms_keycache *c,
                                            struct kms_str account, struct kms_str region,
                                            struct kms_str id, uint64_t epoch,
                                            const struct kms_key **out);
enum kms_keycache_answer kms_keycache_by_uuid(struct kms_keycache *c,
                                              struct kms_str region,
                                              const uint8_t uuid[KMS_UUID_LEN],
                                              uint64_t epoch, const struct kms_key **out);
/*
 * Put in what a snapshot of epoch showed; takes a reference of its own. Nothing happens
 * when the key may have changed since, or memory is short.
 */
void kms_keycache_put(struct kms_keycache *c, const struct kms_key *k, uint64_t epoch);

/* Before the commit that leads to epoch: what is known of this key ends there. */
void kms_keycache_end(struct kms_keycache *c, struct kms_str account,
                      struct kms_str region, struct kms_str id, uint64_t epoch);
/* After that commit: drop what has ended. */
void kms_keycache_drop(struct kms_keycache *c, struct kms_str account,
                       struct kms_str region, struct kms_str id);

void kms_keycache_counts(struct kms_keycache *c, uint64_t *hits, uint64_t *misses);

#endif
