#include <assert.h>
#include <string.h>

#include "base/fault.h"
#include "store/engine.h"
#include "store/tx.h"

static KMS_RC run(struct kms_tx *tx, enum kms_sql id)
{
    KMS_AUTO(stmt) s = NULL;

    KMS_TRY(kms_stmt_get(tx->conn, id, &s));
    return kms_stmt_run(s);
}

struct kms_store *kms_tx_store(struct kms_tx *tx)
{
    return tx->store;
}

bool kms_tx_writes(const struct kms_tx *tx)
{
    return tx->writes;
}

enum kms_rc kms_tx_open(struct kms_tx *tx)
{
    uint8_t root[KMS_MAC_LEN];
    bool there = false;

    if (tx->open)
        return KMS_OK;
    assert(!tx->writes);
    if (tx->conn == NULL)
        KMS_TRY(kms_conn_open(tx->store->path, KMS_CONN_READ, &tx->conn));
    KMS_TRY(run(tx, KMS_SQL_BEGIN_READ));
    tx->open = true;
    /* BEGIN alone takes no snapshot; the first read does, and tells which one it is. */
    return kms_state_load(tx, &tx->epoch, root, &there);
}

enum kms_rc kms_tx_stmt(struct kms_tx *tx, enum kms_sql id, struct kms_stmt **out)
{
    if (!tx->writes)
        KMS_TRY(kms_tx_open(tx));
    return kms_stmt_get(tx->conn, id, out);
}

enum kms_rc kms_tx_begin(struct kms_tx *tx)
{
    assert(tx->writes && !tx->open);
    kms_arena_reset(tx->arena);
    tx->touched = NULL;
    tx->uses = NULL;
    tx->has_mark = false;
    tx->failed = KMS_OK;
    KMS_TRY(run(tx, KMS_SQL_BEGIN_WRITE));
    tx->open = true;
    return KMS_OK;
}

void kms_tx_job(struct kms_tx *tx)
{
    tx->now.counted = false;
}

static void end_touched(struct kms_tx *tx)
{
    for (const struct kms_touched *t = tx->touched; t != NULL; t = t->next)
        kms_keycache_end(tx->store->cache, t->account, t->region, t->id, tx->now.epoch);
}

static void drop_touched(struct kms_tx *tx)
{
    for (const struct kms_touched *t = tx->touched; t != NULL; t = t->next)
        kms_keycache_drop(tx->store->cache, t->account, t->region, t->id);
}

/* Record the state that this group leads to, when it changes any. */
static KMS_RC save_state(struct kms_tx *tx, uint8_t root[KMS_MAC_LEN])
{
    KMS_TRY(kms_integrity_root(&tx->store->mac, tx->now.epoch, &tx->now.sum, root));
    return kms_state_save(tx, tx->now.epoch, root);
}

enum kms_rc kms_tx_commit(struct kms_tx *tx)
{
    struct kms_store *s = tx->store;
    bool changed = tx->now.epoch != s->epoch;
    uint8_t root[KMS_MAC_LEN];

    assert(tx->open && !tx->has_mark);
    if (tx->failed != KMS_OK)
        return tx->failed;
    KMS_TRY(kms_uses_flush(tx));
    if (changed)
        KMS_TRY(save_state(tx, root));
    if (kms_fault_hit(KMS_FAULT_STORE_COMMIT))
        return kms_err(KMS_E_STORE, "commit: fault injected");
    end_touched(tx);
    KMS_TRY(run(tx, KMS_SQL_COMMIT));
    tx->open = false;
    drop_touched(tx);
    if (changed) {
        pthread_mutex_lock(&s->state_lock);
        s->epoch = tx->now.epoch;
        memcpy(s->root, root, sizeof root);
        pthread_mutex_unlock(&s->state_lock);
    }
    return KMS_OK;
}

void kms_tx_rollback(struct kms_tx *tx)
{
    /* SQLite has done it by itself after some errors. */
    if (tx->open && sqlite3_get_autocommit(tx->conn->db) == 0)
        sqlite3_exec(tx->conn->db, "ROLLBACK", NULL, NULL, NULL);
    tx->open = false;
}

enum kms_rc kms_tx_mark(struct kms_tx *tx)
{
    assert(tx->writes && !tx->has_mark);
    KMS_TRY(run(tx, KMS_SQL_MARK));
    tx->marked = tx->now;
    tx->now.counted = false;
    tx->has_mark = true;
    return KMS_OK;
}

enum kms_rc kms_tx_undo(struct kms_tx *tx)
{
    assert(tx->has_mark);
    tx->has_mark = false;
    KMS_TRY(run(tx, KMS_SQL_MARK_UNDO));
    KMS_TRY(run(tx, KMS_SQL_MARK_RELEASE));
    tx->now = tx->marked;
    return KMS_OK;
}

enum kms_rc kms_tx_release(struct kms_tx *tx)
{
    assert(tx->has_mark);
    tx->has_mark = false;
    return run(tx, KMS_SQL_MARK_RELEASE);
}

void kms_tx_integrity(struct kms_tx *tx, uint64_t *epoch, uint8_t root[32])
{
    enum kms_rc rc;

    assert(tx->writes);
    rc = kms_integrity_root(&tx->store->mac, tx->now.epoch, &tx->now.sum, root);
    *epoch = tx->now.epoch;
    if (rc != KMS_OK) {
        memset(root, 0, KMS_MAC_LEN);
        tx->failed = rc;
    }
}

void kms_tx_changed(struct kms_tx *tx, const struct kms_sum *before,
                    const struct kms_sum *after)
{
    if (before != NULL)
        kms_sum_sub(&tx->now.sum, before);
    if (after != NULL)
        kms_sum_add(&tx->now.sum, after);
    if (!tx->now.counted)
        tx->now.epoch++;
    tx->now.counted = true;
}

enum kms_rc kms_tx_touch(struct kms_tx *tx, struct kms_str account, struct kms_str region,
                         struct kms_str id)
{
    struct kms_touched *t = kms_arena_alloc(tx->arena, sizeof *t);

    if (t == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a transaction");
    KMS_TRY(kms_arena_str(tx->arena, account, &t->account));
    KMS_TRY(kms_arena_str(tx->arena, region, &t->region));
    KMS_TRY(kms_arena_str(tx->arena, id, &t->id));
    t->next = tx->touched;
    tx->touched = t;
    return KMS_OK;
}
