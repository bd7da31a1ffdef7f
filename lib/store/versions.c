#include <string.h>

#include "store/row.h"
#include "store/versions.h"

enum {
    KEY_ROW,
    NUMBER,
    KMID,
    KEK,
    MATERIAL,
    CREATED_MS,
    ROTATED_MS,
    ROTATION_TYPE,
    EXPIRATION,
    EXPIRES_MS,
    DESCRIPTION,
    SEALED,
    COLS
};

static KMS_RC from_row(struct kms_stmt *s, struct kms_arena *a,
                       struct kms_key_version *out)
{
    struct kms_key_version v = {
        .number = (uint32_t)kms_stmt_col_int(s, NUMBER),
        .created_ms = kms_stmt_col_int(s, CREATED_MS),
        .rotated_ms = kms_stmt_col_int(s, ROTATED_MS),
        .expires_ms = kms_stmt_col_int(s, EXPIRES_MS),
    };
    struct kms_bytes kmid = kms_stmt_col_bytes(s, KMID), kek = kms_stmt_col_bytes(s, KEK);
    struct kms_str type = kms_stmt_col_text(s, ROTATION_TYPE);
    struct kms_str expiration = kms_stmt_col_text(s, EXPIRATION);

    if (kmid.n != sizeof v.kmid || kek.n != sizeof v.kek ||
        (type.p != NULL && !kms_rotation_type_parse(type, &v.rotation_type)) ||
        (expiration.p != NULL &&
         !kms_expiration_model_type_parse(expiration, &v.expiration)))
        return kms_err(KMS_E_STORE, "table versions, row %lld %u: cannot be read",
                       (long long)kms_stmt_col_int(s, KEY_ROW), (unsigned)v.number);
    memcpy(v.kmid, kmid.p, sizeof v.kmid);
    memcpy(v.kek, kek.p, sizeof v.kek);
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, DESCRIPTION), &v.description));
    KMS_TRY(kms_arena_bytes(a, kms_stmt_col_bytes(s, SEALED), &v.sealed));
    *out = v;
    return KMS_OK;
}

/* Room for one more; the old array is left to the arena. */
static struct kms_key_version *grow(struct kms_arena *a, struct kms_key_version *v,
                                    size_t n, size_t *cap)
{
    struct kms_key_version *more;

    if (n < *cap)
        return v;
    *cap = *cap != 0 ? 2 * *cap : 2;
    more = kms_arena_alloc(a, *cap * sizeof *more);
    if (more != NULL && n != 0)
        memcpy(more, v, n * sizeof *v);
    return more;
}

enum kms_rc kms_versions_load(struct kms_tx *tx, struct kms_key *k)
{
    KMS_AUTO(stmt) s = NULL;
    struct kms_key_version *v = NULL;
    size_t n = 0, cap = 0;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_VERSIONS_OF_KEY, &s));
    kms_stmt_int(s, 1, k->row);
    for (;;) {
        bool row = false;

        KMS_TRY(kms_stmt_step(s, &row));
        if (!row)
            break;
        KMS_TRY(kms_row_verify(tx, &kms_table_versions, s, NULL));
        v = grow(k->arena, v, n, &cap);
        if (v == NULL)
            return kms_err(KMS_E_NOMEM, "out of memory for a key record");
        KMS_TRY(from_row(s, k->arena, &v[n]));
        n++;
    }
    k->versions = v;
    k->n_versions = n;
    return KMS_OK;
}

static KMS_RC add_material(struct kms_tx *tx, struct kms_bytes sealed,
                           struct kms_cell *out)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    if (sealed.p == NULL) {
        *out = (struct kms_cell){.type = KMS_CELL_NULL};
        return KMS_OK;
    }
    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_MATERIAL_INSERT, &s));
    kms_stmt_bytes(s, 1, sealed);
    KMS_TRY(kms_stmt_step(s, &row));
    *out = kms_cell_int(kms_stmt_col_int(s, 0));
    return KMS_OK;
}

/* Zeros over the bytes where they lie: the row keeps its size, so nothing moves. */
static KMS_RC wipe_material(struct kms_tx *tx, const struct kms_cell *material)
{
    static const uint8_t zeros[512];
    sqlite3_blob *blob = NULL;
    int r, n = 0;

    if (material->type == KMS_CELL_NULL)
        return KMS_OK;
    r = sqlite3_blob_open(tx->conn->db, "main", "material", "sealed", material->i, 1,
                          &blob);
    if (r == SQLITE_OK)
        n = sqlite3_blob_bytes(blob);
    for (int at = 0; r == SQLITE_OK && at < n; at += (int)sizeof zeros) {
        int part = n - at < (int)sizeof zeros ? n - at : (int)sizeof zeros;

        r = sqlite3_blob_write(blob, zeros, part, at);
    }
    if (r != SQLITE_OK) {
        enum kms_rc rc = kms_conn_err(tx->conn, "cannot overwrite key material");

        tx->conn->broken = true;
        sqlite3_blob_close(blob);
        return rc;
    }
    sqlite3_blob_close(blob);
    return KMS_OK;
}

/* The material of a version as it is, and whether it holds these sealed bytes. */
static KMS_RC old_material(struct kms_tx *tx, const struct kms_cell *pk,
                           struct kms_bytes sealed, struct kms_cell *material, bool *same)
{
    KMS_AUTO(stmt) s = NULL;
    struct kms_bytes old;
    bool there = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_VERSIONS_ROW, &s));
    KMS_TRY(kms_row_find(tx, &kms_table_versions, s, pk, NULL, &there));
    if (!there)
        return KMS_E_NOT_FOUND;
    old = kms_stmt_col_bytes(s, SEALED);
    *same = (old.p == NULL) == (sealed.p == NULL) && kms_bytes_eq(old, sealed);
    *material = old.p != NULL ? kms_cell_int(kms_stmt_col_int(s, MATERIAL))
                              : (struct kms_cell){.type = KMS_CELL_NULL};
    return KMS_OK;
}

enum kms_rc kms_versions_put(struct kms_tx *tx, int64_t key_row,
                             const struct kms_key_version *v)
{
    struct kms_cell old = {.type = KMS_CELL_NULL};
    struct kms_cell cells[COLS] = {
        [KEY_ROW] = kms_cell_int(key_row),
        [NUMBER] = kms_cell_int(v->number),
        [KMID] = kms_cell_bytes(KMS_BYTES(v->kmid)),
        [KEK] = kms_cell_bytes(KMS_BYTES(v->kek)),
        [CREATED_MS] = kms_cell_int(v->created_ms),
        [ROTATED_MS] = kms_cell_int(v->rotated_ms),
        [EXPIRES_MS] = kms_cell_int(v->expires_ms),
        [DESCRIPTION] = kms_cell_text(v->description),
        [SEALED] = kms_cell_bytes(v->sealed),
    };
    bool same = false;
    enum kms_rc rc;

    if (v->rotation_type != KMS_ROTATION_TYPE_NONE)
        cells[ROTATION_TYPE] =
            kms_cell_text(kms_str_of(kms_rotation_type_name(v->rotation_type)));
    if (v->expiration != KMS_EXPIRATION_MODEL_TYPE_NONE)
        cells[EXPIRATION] =
            kms_cell_text(kms_str_of(kms_expiration_model_type_name(v->expiration)));
    rc = old_material(tx, cells, v->sealed, &old, &same);
    if (rc != KMS_OK && rc != KMS_E_NOT_FOUND)
        return rc;
    if (same)
        cells[MATERIAL] = old;
    else
        KMS_TRY(add_material(tx, v->sealed, &cells[MATERIAL]));
    if (rc == KMS_E_NOT_FOUND)
        return kms_row_insert(tx, &kms_table_versions, cells);
    KMS_TRY(kms_row_update(tx, &kms_table_versions, cells));
    /* Only now: the old row had to be found genuine before. */
    return same ? KMS_OK : wipe_material(tx, &old);
}

static KMS_RC next_number(struct kms_tx *tx, int64_t key_row, int64_t *number)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_VERSIONS_AFTER, &s));
    kms_stmt_int(s, 1, key_row);
    kms_stmt_int(s, 2, *number);
    KMS_TRY(kms_stmt_step(s, &row));
    if (!row)
        return KMS_E_NOT_FOUND;
    *number = kms_stmt_col_int(s, 0);
    return KMS_OK;
}

static KMS_RC drop(struct kms_tx *tx, int64_t key_row, int64_t number)
{
    const struct kms_cell pk[] = {kms_cell_int(key_row), kms_cell_int(number)};
    struct kms_cell material;
    bool same;

    KMS_TRY(old_material(tx, pk, (struct kms_bytes){NULL, 0}, &material, &same));
    KMS_TRY(kms_row_delete(tx, &kms_table_versions, pk));
    return wipe_material(tx, &material);
}

enum kms_rc kms_versions_drop(struct kms_tx *tx, int64_t key_row, uint32_t number)
{
    return drop(tx, key_row, number);
}

enum kms_rc kms_versions_delete(struct kms_tx *tx, int64_t key_row)
{
    int64_t number = INT64_MIN;
    enum kms_rc rc;

    while ((rc = next_number(tx, key_row, &number)) == KMS_OK)
        KMS_TRY(drop(tx, key_row, number));
    return rc == KMS_E_NOT_FOUND ? KMS_OK : rc;
}
