#include "store/list.h"

enum kms_rc kms_list_page(struct kms_tx *tx, struct kms_stmt *s,
                          const struct kms_list_of *of, struct kms_arena *a,
                          const void **v, size_t *n, bool *more)
{
    char *rows = kms_arena_alloc(a, of->limit * of->size);
    bool row = false;
    size_t got = 0;

    if (rows == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a list");
    for (;;) {
        KMS_TRY(kms_stmt_step(s, &row));
        if (!row || got == of->limit)
            break;
        KMS_TRY(of->read(tx, s, a, rows + got++ * of->size));
    }
    *v = rows;
    *n = got;
    *more = row;
    return KMS_OK;
}

enum kms_rc kms_list_count(struct kms_tx *tx, enum kms_sql sql, int64_t key_row,
                           int64_t *out)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, sql, &s));
    kms_stmt_int(s, 1, key_row);
    KMS_TRY(kms_stmt_step(s, &row));
    *out = kms_stmt_col_int(s, 0);
    return KMS_OK;
}
