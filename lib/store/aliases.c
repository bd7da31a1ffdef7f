#include "store/aliases.h"
#include "store/engine.h"
#include "store/list.h"
#include "store/row.h"

enum { ACCOUNT, REGION, NAME, KEY_ROW, CREATED_MS, UPDATED_MS, COLS };
enum { KEY_ID = COLS + 1 }; /* after the mac; from the joined key */

static KMS_RC from_row(struct kms_tx *tx, struct kms_stmt *s, struct kms_arena *a,
                       void *out)
{
    struct kms_alias v = {
        .key_row = kms_stmt_col_int(s, KEY_ROW),
        .created_ms = kms_stmt_col_int(s, CREATED_MS),
        .updated_ms = kms_stmt_col_int(s, UPDATED_MS),
    };

    KMS_TRY(kms_row_verify(tx, &kms_table_aliases, s, NULL));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, ACCOUNT), &v.account));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, REGION), &v.region));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, NAME), &v.name));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, KEY_ID), &v.key_id));
    *(struct kms_alias *)out = v;
    return KMS_OK;
}

enum kms_rc kms_aliases_get(struct kms_tx *tx, struct kms_str account,
                            struct kms_str region, struct kms_str name,
                            struct kms_arena *a, struct kms_alias *out)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_ALIASES_GET, &s));
    kms_stmt_text(s, 1, account);
    kms_stmt_text(s, 2, region);
    kms_stmt_text(s, 3, name);
    KMS_TRY(kms_stmt_step(s, &row));
    return row ? from_row(tx, s, a, out) : KMS_E_NOT_FOUND;
}

/* What memory holds is of a snapshot that this reader has, or could take now. */
static bool remembered(struct kms_tx *tx, const struct kms_alias_name *name,
                       char id[KMS_KEY_ID_MAX + 1])
{
    uint64_t least = tx->epoch, most = tx->epoch;
    uint8_t root[KMS_MAC_LEN];

    if (tx->writes)
        return false;
    if (!tx->open) {
        kms_store_root(tx->store, &least, root);
        most = UINT64_MAX;
    }
    return kms_aliascache_get(tx->store->aliases, name, least, most, id);
}

enum kms_rc kms_aliases_target(struct kms_tx *tx, struct kms_str account,
                               struct kms_str region, struct kms_str name,
                               struct kms_arena *a, struct kms_str *key_id)
{
    const struct kms_alias_name asked = {account, region, name};
    char id[KMS_KEY_ID_MAX + 1];
    struct kms_alias alias;

    if (remembered(tx, &asked, id))
        return kms_arena_str(a, kms_str_of(id), key_id);
    KMS_TRY(kms_aliases_get(tx, account, region, name, a, &alias));
    if (!tx->writes)
        kms_aliascache_put(tx->store->aliases, &asked, tx->epoch, alias.key_id);
    *key_id = alias.key_id;
    return KMS_OK;
}

static void to_cells(const struct kms_alias *v, struct kms_cell cells[COLS])
{
    cells[ACCOUNT] = kms_cell_text(v->account);
    cells[REGION] = kms_cell_text(v->region);
    cells[NAME] = kms_cell_text(v->name);
    cells[KEY_ROW] = kms_cell_int(v->key_row);
    cells[CREATED_MS] = kms_cell_int(v->created_ms);
    cells[UPDATED_MS] = kms_cell_int(v->updated_ms);
}

enum kms_rc kms_aliases_insert(struct kms_tx *tx, const struct kms_alias *alias)
{
    struct kms_cell cells[COLS];

    to_cells(alias, cells);
    return kms_row_insert(tx, &kms_table_aliases, cells);
}

static KMS_RC created(struct kms_tx *tx, const struct kms_cell *pk, int64_t *created_ms)
{
    KMS_AUTO(stmt) s = NULL;
    bool there = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_ALIASES_ROW, &s));
    KMS_TRY(kms_row_find(tx, &kms_table_aliases, s, pk, NULL, &there));
    if (!there)
        return KMS_E_NOT_FOUND;
    *created_ms = kms_stmt_col_int(s, CREATED_MS);
    return KMS_OK;
}

enum kms_rc kms_aliases_update(struct kms_tx *tx, const struct kms_alias *alias)
{
    struct kms_cell cells[COLS];
    int64_t created_ms = 0;

    to_cells(alias, cells);
    KMS_TRY(created(tx, cells, &created_ms));
    cells[CREATED_MS] = kms_cell_int(created_ms);
    return kms_row_update(tx, &kms_table_aliases, cells);
}

enum kms_rc kms_aliases_delete(struct kms_tx *tx, struct kms_str account,
                               struct kms_str region, struct kms_str name)
{
    const struct kms_cell pk[] = {kms_cell_text(account), kms_cell_text(region),
                                  kms_cell_text(name)};

    return kms_row_delete(tx, &kms_table_aliases, pk);
}

enum kms_rc kms_aliases_list(struct kms_tx *tx, struct kms_str account,
                             struct kms_str region, int64_t key_row, struct kms_str after,
                             size_t limit, struct kms_arena *a,
                             const struct kms_alias **out, size_t *n, bool *more)
{
    KMS_AUTO(stmt) s = NULL;
    const struct kms_list_of of = {sizeof(struct kms_alias), from_row, limit};
    const void *v;

    KMS_TRY(kms_tx_stmt(
        tx, key_row != 0 ? KMS_SQL_ALIASES_LIST_OF_KEY : KMS_SQL_ALIASES_LIST, &s));
    kms_stmt_text(s, 1, account);
    kms_stmt_text(s, 2, region);
    kms_stmt_text(s, 3, after.p != NULL ? after : KMS_LIT(""));
    kms_stmt_int(s, 4, (int64_t)limit + 1);
    if (key_row != 0)
        kms_stmt_int(s, 5, key_row);
    KMS_TRY(kms_list_page(tx, s, &of, a, &v, n, more));
    *out = v;
    return KMS_OK;
}

enum kms_rc kms_aliases_count(struct kms_tx *tx, int64_t key_row, int64_t *out)
{
    return kms_list_count(tx, KMS_SQL_ALIASES_COUNT, key_row, out);
}
