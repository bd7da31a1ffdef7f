#include <string.h>

#include "store/engine.h"
#include "store/row.h"
#include "store/uses.h"

enum { KEY_ROW, OPERATION, REQUEST_ID, AT_MS, COLS };

static KMS_RC mac_of(struct kms_tx *tx, const struct kms_cell cells[COLS],
                     uint8_t mac[KMS_MAC_LEN])
{
    const struct kms_row_view view = {"uses", 1, COLS, cells};

    return kms_integrity_mac(&tx->store->mac, &view, &tx->conn->scratch, mac);
}

enum kms_rc kms_uses_note(struct kms_tx *tx, const struct kms_use *use)
{
    struct kms_noted_use *u = tx->uses;

    while (u != NULL && u->use.key_row != use->key_row)
        u = u->next;
    if (u == NULL) {
        u = kms_arena_alloc(tx->arena, sizeof *u);
        if (u == NULL)
            return kms_err(KMS_E_NOMEM, "out of memory for a use");
        u->next = tx->uses;
        tx->uses = u;
    }
    u->use = *use;
    KMS_TRY(kms_arena_str(tx->arena, use->operation, &u->use.operation));
    return kms_arena_str(tx->arena, use->request_id, &u->use.request_id);
}

static KMS_RC put(struct kms_tx *tx, const struct kms_use *use)
{
    const struct kms_cell cells[COLS] = {
        [KEY_ROW] = kms_cell_int(use->key_row),
        [OPERATION] = kms_cell_text(use->operation),
        [REQUEST_ID] = kms_cell_text(use->request_id),
        [AT_MS] = kms_cell_int(use->at_ms),
    };
    KMS_AUTO(stmt) s = NULL;
    uint8_t mac[KMS_MAC_LEN];

    KMS_TRY(mac_of(tx, cells, mac));
    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_USES_PUT, &s));
    kms_stmt_int(s, 1, use->key_row);
    kms_stmt_text(s, 2, use->operation);
    kms_stmt_text(s, 3, use->request_id);
    kms_stmt_int(s, 4, use->at_ms);
    kms_stmt_bytes(s, 5, KMS_BYTES(mac));
    return kms_stmt_run(s);
}

/* A key may have been deleted by a later job of the same group. */
static KMS_RC key_exists(struct kms_tx *tx, int64_t key_row, bool *out)
{
    KMS_AUTO(stmt) s = NULL;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_KEYS_ROW, &s));
    kms_stmt_int(s, 1, key_row);
    return kms_stmt_step(s, out);
}

enum kms_rc kms_uses_flush(struct kms_tx *tx)
{
    for (struct kms_noted_use *u = tx->uses; u != NULL; u = u->next) {
        bool there = false;

        KMS_TRY(key_exists(tx, u->use.key_row, &there));
        if (there)
            KMS_TRY(put(tx, &u->use));
    }
    tx->uses = NULL;
    return KMS_OK;
}

enum kms_rc kms_uses_get(struct kms_tx *tx, int64_t key_row, struct kms_arena *a,
                         struct kms_use *out)
{
    KMS_AUTO(stmt) s = NULL;
    struct kms_cell cells[COLS];
    struct kms_use use = {.key_row = key_row};
    uint8_t mac[KMS_MAC_LEN];
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_USES_ROW, &s));
    kms_stmt_int(s, 1, key_row);
    KMS_TRY(kms_stmt_step(s, &row));
    if (!row)
        return KMS_E_NOT_FOUND;
    use.at_ms = kms_stmt_col_int(s, AT_MS);
    cells[KEY_ROW] = kms_cell_int(key_row);
    cells[OPERATION] = kms_cell_text(kms_stmt_col_text(s, OPERATION));
    cells[REQUEST_ID] = kms_cell_text(kms_stmt_col_text(s, REQUEST_ID));
    cells[AT_MS] = kms_cell_int(use.at_ms);
    KMS_TRY(mac_of(tx, cells, mac));
    if (!kms_bytes_eq(kms_stmt_col_bytes(s, COLS), KMS_BYTES(mac)))
        return kms_err(KMS_E_TAMPERED, "table uses, row %lld: not as kmsd wrote it",
                       (long long)key_row);
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, OPERATION), &use.operation));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, REQUEST_ID), &use.request_id));
    *out = use;
    return KMS_OK;
}

enum kms_rc kms_uses_delete(struct kms_tx *tx, int64_t key_row)
{
    KMS_AUTO(stmt) s = NULL;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_USES_DELETE, &s));
    kms_stmt_int(s, 1, key_row);
    return kms_stmt_run(s);
}
