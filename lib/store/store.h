/*
 * store.h - the database: SQLite in WAL mode behind readers and one group-committing
 * writer.
 *
 * Every mutable row carries an HMAC, and the sum of all rows and an epoch are kept with
 * each change (integrity.h), so a row that was edited, swapped or rolled back is found
 * and named. SQLite stays inside this folder; a second engine can take its place.
 */
#ifndef KMS_STORE_STORE_H
#define KMS_STORE_STORE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"

struct kms_store;
/* Stops the writer after its queue, closes, syncs. All readers have been freed. */
KMS_OWNED(store);

struct kms_store_opts {
    const char *path;     /* the database file; its directory must exist */
    const char *profile;  /* "server" or "dev"; a database of the other is refused */
    bool create;          /* make a new database; fails when one is there */
    size_t key_cache_max; /* records kept in memory; 0 takes the default */
    /* Called once, from the writer, when a commit failed: the daemon has to stop. */
    void (*on_fatal)(void *arg, const char *why);
    void *on_fatal_arg;
};

/*
 * Open (mode 0600, WAL, synchronous FULL, defensive, untrusted schema), migrate, and
 * check the file's integrity as far as SQLite can. No rows may be read or written yet
 * but meta ones. KMS_E_ALREADY_EXISTS when create finds a file; KMS_E_BUSY when another
 * process has the database; KMS_E_CONFIG when it is another profile's, a newer kmsd's or
 * nobody's; KMS_E_TAMPERED when its schema was edited; KMS_E_STORE when it is damaged.
 * From here on no descriptor of the file may be closed in this process but by the store:
 * that would drop the locks that keep other processes out (POSIX fcntl).
 */
KMS_RC kms_store_open(const struct kms_store_opts *opts, struct kms_store **out);

/*
 * Named values that are needed before rows can be trusted (sealed row key, KEK id). They
 * can be read at any time and set before the start.
 */
KMS_RC kms_store_meta_get(struct kms_store *s, const char *name, struct kms_arena *a,
                          struct kms_bytes *out); /* absent when there is none */
KMS_RC kms_store_meta_put(struct kms_store *s, const char *name, struct kms_bytes value);

/* HMAC-SHA-256 under the row key; lent by the keyring, must be thread-safe. */
struct kms_row_mac {
    KMS_RC (*mac)(void *ctx, struct kms_bytes data, uint8_t out[32]);
    void *ctx;
};

/*
 * Take the row MAC, check every row, the state root and the epoch (KMS_E_TAMPERED names
 * the first bad row), then start the writer. From here on the store serves.
 */
KMS_RC kms_store_start(struct kms_store *s, const struct kms_row_mac *mac);

/* Epoch and root as committed last; after start, those found in the database. */
void kms_store_root(struct kms_store *s, uint64_t *epoch, uint8_t root[32]);

/* A transaction: of a reader, or the writer's inside a job. */
struct kms_tx;
KMS_OWNED(tx); /* ends a read transaction, gives its connection back */

/*
 * A consistent snapshot for this thread, at least as new as every change acknowledged
 * before. Never blocks on the writer or on a sync. It is taken with the first read that
 * memory cannot serve; records of keys served before that are current as of their call.
 */
KMS_RC kms_store_read(struct kms_store *s, struct kms_tx **out);
/* The store of a transaction. */
struct kms_store *kms_tx_store(struct kms_tx *tx);
bool kms_tx_writes(const struct kms_tx *tx);

/*
 * Inside a job: a mark to which failed work is rolled back, so that its audit record
 * can still be written in the same transaction. Marks do not nest.
 */
KMS_RC kms_tx_mark(struct kms_tx *tx);
KMS_RC kms_tx_undo(struct kms_tx *tx);
KMS_RC kms_tx_release(struct kms_tx *tx);

/*
 * The state as of this point of the writer's transaction, for the audit record of a
 * change. The epoch rises by one with the first row written after a job began or marked.
 * Should the row MAC fail, root is zero and the group cannot be committed any more.
 */
void kms_tx_integrity(struct kms_tx *tx, uint64_t *epoch, uint8_t root[32]);

/*
 * Work for the writer. Whatever queued while the last commit ran is run in order and
 * committed together (at most 512 jobs). run executes in the writer's thread inside the
 * transaction; it must handle refusals itself (mark/undo) and returns an error only
 * when its record cannot be written: then nothing of the group is committed, every job
 * of the group fails, and the store goes fatal. done is called in the writer's thread
 * after the commit is durable (KMS_OK) or lost (the error); it may free the job.
 */
struct kms_job {
    KMS_RC (*run)(struct kms_tx *tx, struct kms_job *job);
    void (*done)(struct kms_job *job, enum kms_rc committed);
    struct kms_job *next; /* the store's */
};

/* Queue a job. Never blocks for long; a store that stopped calls done with an error. */
void kms_store_submit(struct kms_store *s, struct kms_job *job);

/* Counters for metrics and the benchmark. */
struct kms_store_stats {
    uint64_t commits, jobs, key_cache_hits, key_cache_misses;
};
void kms_store_stats(struct kms_store *s, struct kms_store_stats *out);

/* A consistent copy of the database into a new file (SQLite backup). */
KMS_RC kms_store_backup(struct kms_store *s, const char *path);
/*
 * Fold the write-ahead log into the file and truncate it: after material was destroyed.
 * Waits for readers that still need the log while the writer goes on; KMS_E_BUSY when
 * they do after seconds. In a done callback it tries once.
 */
KMS_RC kms_store_checkpoint(struct kms_store *s);

#endif
