/*
 * tx.h - transactions, inside the store.
 *
 * A reader's transaction opens its snapshot with the first statement: one that is served
 * from memory alone never touches the database. The writer has one transaction object,
 * used for group after group.
 */
#ifndef KMS_STORE_TX_H
#define KMS_STORE_TX_H

#include "store/integrity.h"
#include "store/stmt.h"
#include "store/store.h"
#include "store/uses.h"

/* The state of all rows at a point of the writer's transaction. */
struct kms_tx_state {
    uint64_t epoch;
    struct kms_sum sum;
    bool counted; /* the epoch has been raised since the job began or marked */
};

/* A key whose record in memory ends with this transaction. Texts in the tx's arena. */
struct kms_touched {
    struct kms_touched *next;
    struct kms_str account, region, id;
};

/* A use that the group has still to write. In the tx's arena. */
struct kms_noted_use {
    struct kms_noted_use *next;
    struct kms_use use;
};

struct kms_tx {
    struct kms_store *store;
    struct kms_conn *conn; /* a reader's is opened when first needed */
    bool writes;
    bool open;           /* the snapshot is taken, or the group has begun */
    uint64_t epoch;      /* of a reader's open snapshot */
    struct kms_tx *next; /* readers: in the pool */
    /* The writer's: */
    struct kms_tx_state now, marked;
    bool has_mark;
    enum kms_rc failed; /* the group cannot be committed any more */
    struct kms_arena *arena;
    struct kms_touched *touched;
    struct kms_noted_use *uses;
};

/* The statement; opens the snapshot of a reader. */
KMS_RC kms_tx_stmt(struct kms_tx *tx, enum kms_sql id, struct kms_stmt **out);
/* A reader's snapshot, if it is not open yet. */
KMS_RC kms_tx_open(struct kms_tx *tx);

/* The writer's: begin a group, and each job in it. */
KMS_RC kms_tx_begin(struct kms_tx *tx);
void kms_tx_job(struct kms_tx *tx);
/*
 * Make the group durable. On failure nothing of it is, and the state is that before the
 * group. The touched keys stay listed until the next begin.
 */
KMS_RC kms_tx_commit(struct kms_tx *tx);
void kms_tx_rollback(struct kms_tx *tx);

/* A row was written: account for it. NULL stands for no row before, or none after. */
void kms_tx_changed(struct kms_tx *tx, const struct kms_sum *before,
                    const struct kms_sum *after);
/* The record of this key in memory is out of date once the group is committed. */
KMS_RC kms_tx_touch(struct kms_tx *tx, struct kms_str account, struct kms_str region,
                    struct kms_str id);

#endif
