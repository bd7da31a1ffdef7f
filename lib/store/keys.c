#include <assert.h>
#include <string.h>

#include "store/engine.h"
#include "store/keys.h"
#include "store/keyrow.h"
#include "store/list.h"
#include "store/row.h"
#include "store/uses.h"
#include "store/versions.h"

/* The key in the statement's current row, with its versions. */
static KMS_RC load(struct kms_tx *tx, struct kms_stmt *s, const struct kms_key **out)
{
    KMS_AUTO(key) k = NULL;

    KMS_TRY(kms_row_verify(tx, &kms_table_keys, s, NULL));
    KMS_TRY(kms_key_new(&k));
    KMS_TRY(kms_keyrow_read(s, k));
    KMS_TRY(kms_versions_load(tx, k));
    if (k->current_version != 0 && kms_key_current(k) == NULL)
        return kms_err(KMS_E_TAMPERED, "table versions, row %lld %u: it was removed",
                       (long long)k->row, (unsigned)k->current_version);
    *out = KMS_TAKE(k);
    return KMS_OK;
}

/* Run a statement that finds at most one key, and let the readers remember it. */
static KMS_RC find(struct kms_tx *tx, struct kms_stmt *s, const struct kms_key **out)
{
    bool row = false;

    KMS_TRY(kms_stmt_step(s, &row));
    if (!row)
        return KMS_E_NOT_FOUND;
    KMS_TRY(load(tx, s, out));
    if (!tx->writes)
        kms_keycache_put(tx->store->cache, *out, tx->epoch);
    return KMS_OK;
}

/* An index that was made to lead elsewhere is as good as an edited row. */
static KMS_RC checked(const struct kms_key *k, bool is_it, const struct kms_key **out)
{
    if (!is_it) {
        enum kms_rc rc = kms_err(KMS_E_TAMPERED,
                                 "an index of table keys leads to row %lld, "
                                 "which is another key",
                                 (long long)k->row);

        kms_key_unref(k);
        return rc;
    }
    *out = k;
    return KMS_OK;
}

/* The epoch to ask the cache with: that of the snapshot, once there is one. */
static uint64_t epoch_of(const struct kms_tx *tx)
{
    return tx->open ? tx->epoch : KMS_KEYCACHE_NOW;
}

enum kms_rc kms_keys_get(struct kms_tx *tx, struct kms_str account, struct kms_str region,
                         struct kms_str id, const struct kms_key **out)
{
    KMS_AUTO(stmt) s = NULL;
    const struct kms_key *k = NULL;

    for (int tries = 0; !tx->writes && tries < 2; tries++) {
        enum kms_keycache_answer a =
            kms_keycache_by_id(tx->store->cache, account, region, id, epoch_of(tx), out);

        if (a == KMS_KEYCACHE_HIT)
            return KMS_OK;
        if (a == KMS_KEYCACHE_MISS)
            break;
        KMS_TRY(kms_tx_open(tx));
    }
    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_KEYS_BY_ID, &s));
    kms_stmt_text(s, 1, account);
    kms_stmt_text(s, 2, region);
    kms_stmt_text(s, 3, id);
    KMS_TRY(find(tx, s, &k));
    return checked(k,
                   kms_str_eq(k->id, id) && kms_str_eq(k->account, account) &&
                       kms_str_eq(k->region, region),
                   out);
}

enum kms_rc kms_keys_by_uuid(struct kms_tx *tx, struct kms_str region,
                             const uint8_t uuid[KMS_UUID_LEN], const struct kms_key **out)
{
    KMS_AUTO(stmt) s = NULL;
    const struct kms_key *k = NULL;

    for (int tries = 0; !tx->writes && tries < 2; tries++) {
        enum kms_keycache_answer a =
            kms_keycache_by_uuid(tx->store->cache, region, uuid, epoch_of(tx), out);

        if (a == KMS_KEYCACHE_HIT)
            return KMS_OK;
        if (a == KMS_KEYCACHE_MISS)
            break;
        KMS_TRY(kms_tx_open(tx));
    }
    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_KEYS_BY_UUID, &s));
    kms_stmt_text(s, 1, region);
    kms_stmt_bytes(s, 2, (struct kms_bytes){uuid, KMS_UUID_LEN});
    KMS_TRY(find(tx, s, &k));
    return checked(
        k, memcmp(k->uuid, uuid, KMS_UUID_LEN) == 0 && kms_str_eq(k->region, region),
        out);
}

enum kms_rc kms_keys_by_kmid(struct kms_tx *tx, struct kms_str region,
                             const uint8_t kmid[KMS_KMID_LEN], const struct kms_key **out)
{
    KMS_AUTO(stmt) s = NULL;
    const struct kms_key *k = NULL;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_KEYS_BY_KMID, &s));
    kms_stmt_text(s, 1, region);
    kms_stmt_bytes(s, 2, (struct kms_bytes){kmid, KMS_KMID_LEN});
    KMS_TRY(find(tx, s, &k));
    return checked(
        k, kms_key_version_of(k, kmid) != NULL && kms_str_eq(k->region, region), out);
}

enum kms_rc kms_keys_due(struct kms_tx *tx, int64_t now_ms, const struct kms_key **out,
                         enum kms_due_kind *kind, int64_t *at_ms)
{
    KMS_AUTO(stmt) s = NULL;
    enum kms_due_kind what;
    const struct kms_key *k = NULL;
    int64_t when_ms = 0;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_KEYS_DUE, &s));
    kms_stmt_int(s, 1, now_ms);
    KMS_TRY(find(tx, s, &k));
    what = kms_state_due(k, &when_ms);
    if (what == KMS_DUE_NONE || when_ms > now_ms) {
        enum kms_rc rc = kms_err(
            KMS_E_STORE, "table keys, row %lld: listed as due although nothing is",
            (long long)k->row);

        kms_key_unref(k);
        return rc;
    }
    *out = k;
    *kind = what;
    *at_ms = when_ms;
    return KMS_OK;
}

enum kms_rc kms_keys_next_due(struct kms_tx *tx, int64_t *at_ms)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_KEYS_NEXT_DUE, &s));
    KMS_TRY(kms_stmt_step(s, &row));
    if (!row)
        return KMS_E_NOT_FOUND;
    *at_ms = kms_stmt_col_int(s, 0);
    return KMS_OK;
}

static KMS_RC put_versions(struct kms_tx *tx, int64_t row, const struct kms_key *k)
{
    for (size_t i = 0; i < k->n_versions; i++)
        KMS_TRY(kms_versions_put(tx, row, &k->versions[i]));
    return KMS_OK;
}

enum kms_rc kms_keys_relative(struct kms_tx *tx, struct kms_str account,
                              const uint8_t uuid[KMS_UUID_LEN], struct kms_str after,
                              const struct kms_key **out)
{
    KMS_AUTO(stmt) s = NULL;
    const struct kms_key *k;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_KEYS_FAMILY, &s));
    kms_stmt_text(s, 1, account);
    kms_stmt_bytes(s, 2, (struct kms_bytes){uuid, KMS_UUID_LEN});
    kms_stmt_text(s, 3, after.p != NULL ? after : KMS_LIT(""));
    KMS_TRY(find(tx, s, &k));
    return checked(
        k, memcmp(k->uuid, uuid, KMS_UUID_LEN) == 0 && kms_str_eq(k->account, account),
        out);
}

enum kms_rc kms_keys_insert(struct kms_tx *tx, struct kms_key *k)
{
    struct kms_cell cells[KMS_KEYROW_COLS];
    int64_t row = ++tx->store->last_key_row;

    kms_keyrow_cells(k, row, cells);
    KMS_TRY(kms_row_insert(tx, &kms_table_keys, cells));
    KMS_TRY(put_versions(tx, row, k));
    k->row = row;
    return KMS_OK;
}

enum kms_rc kms_keys_update(struct kms_tx *tx, const struct kms_key *k)
{
    struct kms_cell cells[KMS_KEYROW_COLS];

    assert(k->row != 0);
    KMS_TRY(kms_tx_touch(tx, k->account, k->region, k->id));
    kms_keyrow_cells(k, k->row, cells);
    KMS_TRY(kms_row_update(tx, &kms_table_keys, cells));
    return put_versions(tx, k->row, k);
}

static KMS_RC delete_one(struct kms_tx *tx, int64_t key_row, const struct kms_table *t,
                         enum kms_sql of_key)
{
    KMS_AUTO(stmt) s = NULL;
    struct kms_cell pk[KMS_ROW_COLS_MAX];
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, of_key, &s));
    kms_stmt_int(s, 1, key_row);
    KMS_TRY(kms_stmt_step(s, &row));
    if (!row)
        return KMS_E_NOT_FOUND;
    kms_row_pk(t, s, pk);
    return kms_row_delete(tx, t, pk);
}

static KMS_RC delete_all(struct kms_tx *tx, int64_t key_row, const struct kms_table *t,
                         enum kms_sql of_key)
{
    enum kms_rc rc;

    while ((rc = delete_one(tx, key_row, t, of_key)) == KMS_OK)
        continue;
    return rc == KMS_E_NOT_FOUND ? KMS_OK : rc;
}

enum kms_rc kms_keys_delete(struct kms_tx *tx, const struct kms_key *k)
{
    const struct kms_cell pk = kms_cell_int(k->row);

    KMS_TRY(kms_tx_touch(tx, k->account, k->region, k->id));
    KMS_TRY(kms_versions_delete(tx, k->row));
    KMS_TRY(delete_all(tx, k->row, &kms_table_aliases, KMS_SQL_ALIASES_OF_KEY));
    KMS_TRY(delete_all(tx, k->row, &kms_table_tags, KMS_SQL_TAGS_OF_KEY));
    KMS_TRY(delete_all(tx, k->row, &kms_table_grants, KMS_SQL_GRANTS_OF_KEY));
    KMS_TRY(kms_uses_delete(tx, k->row));
    return kms_row_delete(tx, &kms_table_keys, &pk);
}

static KMS_RC read_id(struct kms_tx *tx, struct kms_stmt *s, struct kms_arena *a,
                      void *out)
{
    (void)tx;
    return kms_arena_str(a, kms_stmt_col_text(s, 0), out);
}

enum kms_rc kms_keys_list(struct kms_tx *tx, struct kms_str account,
                          struct kms_str region, struct kms_str after, size_t limit,
                          struct kms_arena *a, const struct kms_str **ids, size_t *n,
                          bool *more)
{
    KMS_AUTO(stmt) s = NULL;
    const struct kms_list_of of = {sizeof(struct kms_str), read_id, limit};
    const void *v;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_KEYS_LIST, &s));
    kms_stmt_text(s, 1, account);
    kms_stmt_text(s, 2, region);
    kms_stmt_text(s, 3, after.p != NULL ? after : KMS_LIT(""));
    kms_stmt_int(s, 4, (int64_t)limit + 1);
    KMS_TRY(kms_list_page(tx, s, &of, a, &v, n, more));
    *ids = v;
    return KMS_OK;
}

enum kms_rc kms_keys_count(struct kms_tx *tx, struct kms_str account,
                           struct kms_str region, int64_t *out)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_KEYS_COUNT, &s));
    kms_stmt_text(s, 1, account);
    kms_stmt_text(s, 2, region);
    KMS_TRY(kms_stmt_step(s, &row));
    *out = kms_stmt_col_int(s, 0);
    return KMS_OK;
}
