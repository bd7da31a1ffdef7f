#include <assert.h>
#include <stdlib.h>

#include "store/engine.h"
#include "store/readers.h"

void kms_readers_init(struct kms_readers *r)
{
    pthread_mutex_init(&r->lock, NULL);
    r->idle = NULL;
    r->in_use = 0;
}

void kms_readers_close(struct kms_readers *r, bool abandon)
{
    assert(r->in_use == 0);
    while (r->idle != NULL) {
        struct kms_tx *tx = r->idle;

        r->idle = tx->next;
        if (abandon)
            kms_conn_abandon(tx->conn);
        kms_conn_free(tx->conn);
        free(tx);
    }
    pthread_mutex_destroy(&r->lock);
}

enum kms_rc kms_store_read(struct kms_store *s, struct kms_tx **out)
{
    struct kms_readers *r = &s->readers;
    struct kms_tx *tx;

    if (!atomic_load(&s->started))
        return kms_err(KMS_E_STORE, "the store has not started");
    if (atomic_load(&s->stopped))
        return kms_err(KMS_E_STORE, "the store has stopped: a commit failed");
    pthread_mutex_lock(&r->lock);
    tx = r->idle;
    if (tx != NULL)
        r->idle = tx->next;
    else
        tx = calloc(1, sizeof *tx);
    r->in_use += tx != NULL;
    pthread_mutex_unlock(&r->lock);
    if (tx == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a transaction");
    tx->store = s;
    tx->next = NULL;
    *out = tx;
    return KMS_OK;
}

/* End the snapshot; a connection that failed is not used again. */
static void end(struct kms_tx *tx)
{
    KMS_AUTO(stmt) commit = NULL;
    bool ok = !tx->conn->broken &&
              kms_stmt_get(tx->conn, KMS_SQL_COMMIT, &commit) == KMS_OK &&
              kms_stmt_run(commit) == KMS_OK;

    tx->open = false;
    if (!ok) {
        kms_stmt_free(KMS_TAKE(commit));
        kms_conn_free(tx->conn);
        tx->conn = NULL;
    }
}

void kms_tx_free(struct kms_tx *tx)
{
    struct kms_readers *r;

    if (tx == NULL)
        return;
    assert(!tx->writes);
    if (tx->open)
        end(tx);
    r = &tx->store->readers;
    pthread_mutex_lock(&r->lock);
    tx->next = r->idle;
    r->idle = tx;
    r->in_use--;
    pthread_mutex_unlock(&r->lock);
}
