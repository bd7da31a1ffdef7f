#include <string.h>

#include "store/access_keys.h"
#include "store/list.h"
#include "store/row.h"

enum { ID, PRINCIPAL, KEK, SEALED, TOKEN_SHA256, POLICY, CREATED_MS, EXPIRES_MS, COLS };

static KMS_RC from_row(struct kms_tx *tx, struct kms_stmt *s, struct kms_arena *a,
                       void *out)
{
    struct kms_bytes kek = kms_stmt_col_bytes(s, KEK);
    struct kms_access_key k = {.created_ms = kms_stmt_col_int(s, CREATED_MS),
                               .expires_ms = kms_stmt_col_int(s, EXPIRES_MS)};

    KMS_TRY(kms_row_verify(tx, &kms_table_access_keys, s, NULL));
    if (kek.n != sizeof k.kek)
        return kms_err(KMS_E_STORE, "table access_keys, row %.*s: cannot be read",
                       KMS_FMT(kms_stmt_col_text(s, ID)));
    memcpy(k.kek, kek.p, sizeof k.kek);
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, ID), &k.id));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, PRINCIPAL), &k.principal));
    KMS_TRY(kms_arena_bytes(a, kms_stmt_col_bytes(s, SEALED), &k.sealed));
    KMS_TRY(kms_arena_bytes(a, kms_stmt_col_bytes(s, TOKEN_SHA256), &k.token_sha256));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, POLICY), &k.policy));
    *(struct kms_access_key *)out = k;
    return KMS_OK;
}

enum kms_rc kms_access_keys_get(struct kms_tx *tx, struct kms_str id, struct kms_arena *a,
                                struct kms_access_key *out)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_ACCESS_ROW, &s));
    kms_stmt_text(s, 1, id);
    KMS_TRY(kms_stmt_step(s, &row));
    return row ? from_row(tx, s, a, out) : KMS_E_NOT_FOUND;
}

enum kms_rc kms_access_keys_insert(struct kms_tx *tx, const struct kms_access_key *k)
{
    const struct kms_cell cells[COLS] = {
        [ID] = kms_cell_text(k->id),
        [PRINCIPAL] = kms_cell_text(k->principal),
        [KEK] = kms_cell_bytes(KMS_BYTES(k->kek)),
        [SEALED] = kms_cell_bytes(k->sealed),
        [TOKEN_SHA256] = kms_cell_bytes(k->token_sha256),
        [POLICY] = kms_cell_text(k->policy),
        [CREATED_MS] = kms_cell_int(k->created_ms),
        [EXPIRES_MS] = kms_cell_int(k->expires_ms),
    };

    return kms_row_insert(tx, &kms_table_access_keys, cells);
}

enum kms_rc kms_access_keys_delete(struct kms_tx *tx, struct kms_str id)
{
    const struct kms_cell pk = kms_cell_text(id);

    return kms_row_delete(tx, &kms_table_access_keys, &pk);
}

enum kms_rc kms_access_keys_list(struct kms_tx *tx, struct kms_str after, size_t limit,
                                 struct kms_arena *a, const struct kms_access_key **out,
                                 size_t *n, bool *more)
{
    KMS_AUTO(stmt) s = NULL;
    const struct kms_list_of of = {sizeof(struct kms_access_key), from_row, limit};
    const void *v;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_ACCESS_LIST, &s));
    kms_stmt_text(s, 1, after.p != NULL ? after : KMS_LIT(""));
    kms_stmt_int(s, 2, (int64_t)limit + 1);
    KMS_TRY(kms_list_page(tx, s, &of, a, &v, n, more));
    *out = v;
    return KMS_OK;
}

enum kms_rc kms_access_keys_expired(struct kms_tx *tx, int64_t now_ms, size_t limit,
                                    struct kms_arena *a, const struct kms_str **out,
                                    size_t *n)
{
    struct kms_str *v = kms_arena_alloc(a, limit * sizeof *v);
    KMS_AUTO(stmt) s = NULL;
    bool row = false;
    size_t got = 0;

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a list");
    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_ACCESS_EXPIRED, &s));
    kms_stmt_int(s, 1, now_ms);
    kms_stmt_int(s, 2, (int64_t)limit);
    while (got < limit) {
        KMS_TRY(kms_stmt_step(s, &row));
        if (!row)
            break;
        KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, 0), &v[got++]));
    }
    *out = v;
    *n = got;
    return KMS_OK;
}
