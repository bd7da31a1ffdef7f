#include "store/list.h"
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
                       void *out)
{
    struct kms_tag_row *tag = out;

    KMS_TRY(kms_row_verify(tx, &kms_table_tags, s, NULL));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, KEY), &tag->key));
    return kms_arena_str(a, kms_stmt_col_text(s, VALUE), &tag->value);
}

enum kms_rc kms_tags_list(struct kms_tx *tx, int64_t key_row, struct kms_str after,
                          size_t limit, struct kms_arena *a,
                          const struct kms_tag_row **out, size_t *n, bool *more)
{
    KMS_AUTO(stmt) s = NULL;
    const struct kms_list_of of = {sizeof(struct kms_tag_row), from_row, limit};
    const void *v;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_TAGS_LIST, &s));
    kms_stmt_int(s, 1, key_row);
    kms_stmt_text(s, 2, after.p != NULL ? after : KMS_LIT(""));
    kms_stmt_int(s, 3, (int64_t)limit + 1);
    KMS_TRY(kms_list_page(tx, s, &of, a, &v, n, more));
    *out = v;
    return KMS_OK;
}

enum kms_rc kms_tags_count(struct kms_tx *tx, int64_t key_row, int64_t *out)
{
    return kms_list_count(tx, KMS_SQL_TAGS_COUNT, key_row, out);
}
