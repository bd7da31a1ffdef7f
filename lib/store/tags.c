#include "store/row.h"
#include "store/tags.h"

enum { KEY_ROW, KEY, VALUE, COLS };

enum kms_rc kms_tags_put(struct kms_tx *tx, int64_t key_row, struct kms_str key,
                         struct kms_str value)
{
    const struct kms_cell cells[COLS] = {
        [KEY_ROW] = kms_cell_int(key_row),
        [KEY] = kms_cell_text(key),
        [VALUE] = kms_cell_text(value),
    };
    enum kms_rc rc = kms_row_update(tx, &kms_table_tags, cells);

    return rc == KMS_E_NOT_FOUND ? kms_row_insert(tx, &kms_table_tags, cells) : rc;
}

enum kms_rc kms_tags_delete(struct kms_tx *tx, int64_t key_row, struct kms_str key)
{
    const struct kms_cell pk[] = {kms_cell_int(key_row), kms_cell_text(key)};
    enum kms_rc rc = kms_row_delete(tx, &kms_table_tags, pk);

    return rc == KMS_E_NOT_FOUND ? KMS_OK : rc;
}

static KMS_RC from_row(struct kms_tx *tx, struct kms_stmt *s, struct kms_arena *a,
                       struct kms_tag_row *out)
{
    KMS_TRY(kms_row_verify(tx, &kms_table_tags, s, NULL));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, KEY), &out->key));
    return kms_arena_str(a, kms_stmt_col_text(s, VALUE), &out->value);
}

enum kms_rc kms_tags_list(struct kms_tx *tx, int64_t key_row, struct kms_str after,
                          size_t limit, struct kms_arena *a,
                          const struct kms_tag_row **out, size_t *n, bool *more)
{
    KMS_AUTO(stmt) s = NULL;
    struct kms_tag_row *v = kms_arena_alloc(a, limit * sizeof *v);
    bool row = false;
    size_t got = 0;

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a list");
    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_TAGS_LIST, &s));
    kms_stmt_int(s, 1, key_row);
    kms_stmt_text(s, 2, after.p != NULL ? after : KMS_LIT(""));
    kms_stmt_int(s, 3, (int64_t)limit + 1);
    for (;;) {
        KMS_TRY(kms_stmt_step(s, &row));
        if (!row || got == limit)
            break;
        KMS_TRY(from_row(tx, s, a, &v[got++]));
    }
    *out = v;
    *n = got;
    *more = row;
    return KMS_OK;
}

enum kms_rc kms_tags_count(struct kms_tx *tx, int64_t key_row, int64_t *out)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_TAGS_COUNT, &s));
    kms_stmt_int(s, 1, key_row);
    KMS_TRY(kms_stmt_step(s, &row));
    *out = kms_stmt_col_int(s, 0);
    return KMS_OK;
}
