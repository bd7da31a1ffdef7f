#include <assert.h>
#include <string.h>

#include "store/engine.h"
#include "store/row.h"

const struct kms_table kms_table_keys = {"keys",
                                         1,
                                         24,
                                         24,
                                         KMS_SQL_KEYS_ROW,
                                         KMS_SQL_KEYS_SCAN,
                                         KMS_SQL_KEYS_INSERT,
                                         KMS_SQL_KEYS_UPDATE,
                                         KMS_SQL_KEYS_DELETE};
const struct kms_table kms_table_versions = {"versions",
                                             2,
                                             12,
                                             11,
                                             KMS_SQL_VERSIONS_ROW,
                                             KMS_SQL_VERSIONS_SCAN,
                                             KMS_SQL_VERSIONS_INSERT,
                                             KMS_SQL_VERSIONS_UPDATE,
                                             KMS_SQL_VERSIONS_DELETE};
const struct kms_table kms_table_aliases = {"aliases",
                                            3,
                                            6,
                                            6,
                                            KMS_SQL_ALIASES_ROW,
                                            KMS_SQL_ALIASES_SCAN,
                                            KMS_SQL_ALIASES_INSERT,
                                            KMS_SQL_ALIASES_UPDATE,
                                            KMS_SQL_ALIASES_DELETE};
const struct kms_table kms_table_tags = {"tags",
                                         2,
                                         3,
                                         3,
                                         KMS_SQL_TAGS_ROW,
                                         KMS_SQL_TAGS_SCAN,
                                         KMS_SQL_TAGS_INSERT,
                                         KMS_SQL_TAGS_UPDATE,
                                         KMS_SQL_TAGS_DELETE};

const struct kms_table kms_table_grants = {"grants",
                                           1,
                                           11,
                                           11,
                                           KMS_SQL_GRANTS_ROW,
                                           KMS_SQL_GRANTS_SCAN,
                                           KMS_SQL_GRANTS_INSERT,
                                           KMS_SQL_GRANTS_UPDATE,
                                           KMS_SQL_GRANTS_DELETE};

const struct kms_table kms_table_access_keys = {"access_keys",
                                                1,
                                                8,
                                                8,
                                                KMS_SQL_ACCESS_ROW,
                                                KMS_SQL_ACCESS_SCAN,
                                                KMS_SQL_ACCESS_INSERT,
                                                KMS_SQL_ACCESS_UPDATE,
                                                KMS_SQL_ACCESS_DELETE};

static struct kms_cell read_cell(struct kms_stmt *s, int at)
{
    switch (sqlite3_column_type(s->st, at)) {
    case SQLITE_NULL:
        return (struct kms_cell){.type = KMS_CELL_NULL};
    case SQLITE_INTEGER:
        return kms_cell_int(kms_stmt_col_int(s, at));
    case SQLITE_TEXT:
        return kms_cell_text(kms_stmt_col_text(s, at));
    default: /* a blob; a float cannot be in these columns and will not match as one */
        return kms_cell_bytes(kms_stmt_col_bytes(s, at));
    }
}

void kms_row_cells(const struct kms_table *t, struct kms_stmt *s, struct kms_cell *cells)
{
    for (int i = 0; i < t->n; i++)
        cells[i] = read_cell(s, i);
}

void kms_row_pk(const struct kms_table *t, struct kms_stmt *s, struct kms_cell *pk)
{
    for (int i = 0; i < t->n_pk; i++)
        pk[i] = read_cell(s, i);
}

void kms_row_bind(struct kms_stmt *s, int at, const struct kms_cell *c)
{
    switch (c->type) {
    case KMS_CELL_NULL:
        break; /* unbound parameters are NULL */
    case KMS_CELL_INT:
        kms_stmt_int(s, at, c->i);
        break;
    case KMS_CELL_TEXT:
        kms_stmt_text(s, at, (struct kms_str){(const char *)c->b.p, c->b.n});
        break;
    case KMS_CELL_BLOB:
        kms_stmt_bytes(s, at, c->b);
        break;
    }
}

/* "table keys, row 7" or "table aliases, row 111122223333 us-east-1 alias/a". */
static KMS_RC tampered(const struct kms_table *t, const struct kms_cell *cells)
{
    KMS_AUTO_BUF pk = {0};

    for (int i = 0; i < t->n_pk; i++) {
        if (cells[i].type == KMS_CELL_INT)
            kms_buf_fmt(&pk, " %lld", (long long)cells[i].i);
        else
            kms_buf_fmt(&pk, " %.*s", (int)cells[i].b.n,
                        cells[i].b.p != NULL ? (const char *)cells[i].b.p : "NULL");
    }
    return kms_err(KMS_E_TAMPERED,
                   "table %s, row%.*s: not as kmsd wrote it, or moved from elsewhere",
                   t->name, KMS_FMT(kms_buf_text(&pk)));
}

static KMS_RC mac_of(struct kms_tx *tx, const struct kms_table *t,
                     const struct kms_cell *cells, uint8_t mac[KMS_MAC_LEN])
{
    struct kms_row_view view = {t->name, t->n_pk, t->n, cells};

    return kms_integrity_mac(&tx->store->mac, &view, &tx->conn->scratch, mac);
}

enum kms_rc kms_row_verify(struct kms_tx *tx, const struct kms_table *t,
                           struct kms_stmt *s, uint8_t mac[KMS_MAC_LEN])
{
    struct kms_cell cells[KMS_ROW_COLS_MAX];
    struct kms_bytes stored = kms_stmt_col_bytes(s, t->n);
    uint8_t ought[KMS_MAC_LEN];

    assert(t->n <= KMS_ROW_COLS_MAX);
    kms_row_cells(t, s, cells);
    KMS_TRY(mac_of(tx, t, cells, ought));
    if (!kms_bytes_eq(stored, KMS_BYTES(ought)))
        return tampered(t, cells);
    if (mac != NULL)
        memcpy(mac, ought, KMS_MAC_LEN);
    return KMS_OK;
}

enum kms_rc kms_row_find(struct kms_tx *tx, const struct kms_table *t, struct kms_stmt *s,
                         const struct kms_cell *pk, uint8_t mac[KMS_MAC_LEN], bool *there)
{
    for (int i = 0; i < t->n_pk; i++)
        kms_row_bind(s, i + 1, &pk[i]);
    KMS_TRY(kms_stmt_step(s, there));
    return *there ? kms_row_verify(tx, t, s, mac) : KMS_OK;
}

static KMS_RC write_row(struct kms_tx *tx, const struct kms_table *t, enum kms_sql sql,
                        const struct kms_cell *cells, const uint8_t mac[KMS_MAC_LEN])
{
    KMS_AUTO(stmt) s = NULL;

    KMS_TRY(kms_tx_stmt(tx, sql, &s));
    for (int i = 0; i < t->n_bound; i++)
        kms_row_bind(s, i + 1, &cells[i]);
    kms_stmt_bytes(s, t->n_bound + 1, (struct kms_bytes){mac, KMS_MAC_LEN});
    return kms_stmt_run(s);
}

enum kms_rc kms_row_insert(struct kms_tx *tx, const struct kms_table *t,
                           const struct kms_cell *cells)
{
    const struct kms_row_mac *key = &tx->store->mac;
    uint8_t mac[KMS_MAC_LEN];
    struct kms_sum after;

    assert(tx->writes);
    KMS_TRY(mac_of(tx, t, cells, mac));
    KMS_TRY(kms_integrity_part(key, mac, &after));
    KMS_TRY(write_row(tx, t, t->insert, cells, mac));
    kms_tx_changed(tx, NULL, &after);
    return KMS_OK;
}

/* The genuine row as it is, told apart from cells (when given), and what it adds. */
static KMS_RC old_row(struct kms_tx *tx, const struct kms_table *t,
                      const struct kms_cell *cells, bool compare, bool *same,
                      struct kms_sum *before)
{
    KMS_AUTO(stmt) s = NULL;
    struct kms_cell old[KMS_ROW_COLS_MAX];
    uint8_t mac[KMS_MAC_LEN];
    bool there = false;

    KMS_TRY(kms_tx_stmt(tx, t->row, &s));
    KMS_TRY(kms_row_find(tx, t, s, cells, mac, &there));
    if (!there)
        return KMS_E_NOT_FOUND;
    kms_row_cells(t, s, old);
    *same = compare;
    for (int i = 0; compare && i < t->n; i++)
        *same = *same && kms_cell_eq(&old[i], &cells[i]);
    return kms_integrity_part(&tx->store->mac, mac, before);
}

enum kms_rc kms_row_update(struct kms_tx *tx, const struct kms_table *t,
                           const struct kms_cell *cells)
{
    const struct kms_row_mac *key = &tx->store->mac;
    uint8_t mac[KMS_MAC_LEN];
    struct kms_sum before, after;
    bool same = false;

    assert(tx->writes);
    KMS_TRY(old_row(tx, t, cells, true, &same, &before));
    if (same)
        return KMS_OK;
    KMS_TRY(mac_of(tx, t, cells, mac));
    KMS_TRY(kms_integrity_part(key, mac, &after));
    KMS_TRY(write_row(tx, t, t->update, cells, mac));
    kms_tx_changed(tx, &before, &after);
    return KMS_OK;
}

enum kms_rc kms_row_delete(struct kms_tx *tx, const struct kms_table *t,
                           const struct kms_cell *pk)
{
    KMS_AUTO(stmt) s = NULL;
    struct kms_sum before;
    bool same = false;

    assert(tx->writes);
    KMS_TRY(old_row(tx, t, pk, false, &same, &before));
    KMS_TRY(kms_tx_stmt(tx, t->remove, &s));
    for (int i = 0; i < t->n_pk; i++)
        kms_row_bind(s, i + 1, &pk[i]);
    KMS_TRY(kms_stmt_run(s));
    kms_tx_changed(tx, &before, NULL);
    return KMS_OK;
}
