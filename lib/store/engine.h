/* engine.h - struct kms_store, for the files of this folder only. */
#ifndef KMS_STORE_ENGINE_H
#define KMS_STORE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/aliascache.h"
#include "store/checkpoint.h"
#include "store/keycache.h"
#include "store/readers.h"
#include "store/store.h"
#include "store/tx.h"
#include "store/writer.h"

struct kms_store {
    char *path;
    int claim; /* descriptor of kms_file_claim, or -1 */
    void (*on_fatal)(void *arg, const char *why);
    void *on_fatal_arg;

    struct kms_row_mac mac; /* set by start, constant afterwards */
    atomic_bool started;
    atomic_bool stopped; /* a commit failed: nothing is served any more */
    atomic_uint_fast64_t commits, jobs;

    pthread_mutex_t state_lock;
    uint64_t epoch;            /* under state_lock: as committed last */
    uint8_t root[KMS_MAC_LEN]; /* under state_lock */

    struct kms_tx writer_tx; /* the writer's thread; before start, the opener's */
    int64_t last_key_row;    /* the writer's: row numbers given out so far */
    struct kms_keycache *cache;
    struct kms_aliascache *aliases;
    struct kms_readers readers;
    struct kms_checkpointer checkpointer;
    struct kms_writer writer;
};

/* Epoch and root as stored in the database; *there is false before the first start. */
KMS_RC kms_state_load(struct kms_tx *tx, uint64_t *epoch, uint8_t root[KMS_MAC_LEN],
                      bool *there);
KMS_RC kms_state_save(struct kms_tx *tx, uint64_t epoch, const uint8_t root[KMS_MAC_LEN]);

/* The profile that made a database: written once, then compared at every start. */
KMS_RC kms_profile_set(struct kms_tx *tx, const char *profile);
KMS_RC kms_profile_check(struct kms_tx *tx, const char *profile);

/*
 * Verify every row and sum them up, compare with the recorded root, and leave the state
 * in tx: kms_store_start before it serves. Writes the first state of a new database.
 */
KMS_RC kms_store_scan(struct kms_tx *tx);

#endif
