#include <assert.h>

#include "base/fault.h"
#include "store/records.h"
#include "store/tx.h"

enum kms_rc kms_records_append(struct kms_tx *tx, uint64_t seq, struct kms_bytes record,
                               bool change)
{
    KMS_AUTO(stmt) s = NULL;

    assert(tx->writes && seq <= INT64_MAX);
    if (kms_fault_hit(KMS_FAULT_AUDIT_APPEND))
        return kms_err(KMS_E_STORE, "audit append: fault injected");
    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_RECORDS_INSERT, &s));
    kms_stmt_int(s, 1, (int64_t)seq);
    kms_stmt_int(s, 2, change);
    kms_stmt_bytes(s, 3, record);
    return kms_stmt_run(s);
}

static KMS_RC newest(struct kms_tx *tx, enum kms_sql sql, struct kms_arena *a,
                     uint64_t *seq, struct kms_bytes *record)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, sql, &s));
    KMS_TRY(kms_stmt_step(s, &row));
    if (!row)
        return KMS_E_NOT_FOUND;
    KMS_TRY(kms_arena_bytes(a, kms_stmt_col_bytes(s, 1), record));
    *seq = (uint64_t)kms_stmt_col_int(s, 0);
    return KMS_OK;
}

enum kms_rc kms_records_last(struct kms_tx *tx, struct kms_arena *a, uint64_t *seq,
                             struct kms_bytes *record)
{
    return newest(tx, KMS_SQL_RECORDS_LAST, a, seq, record);
}

enum kms_rc kms_records_last_change(struct kms_tx *tx, struct kms_arena *a, uint64_t *seq,
                                    struct kms_bytes *record)
{
    return newest(tx, KMS_SQL_RECORDS_LAST_CHANGE, a, seq, record);
}

enum kms_rc kms_records_each(struct kms_tx *tx, uint64_t from_seq,
                             KMS_RC (*each)(void *arg, uint64_t seq,
                                            struct kms_bytes record),
                             void *arg)
{
    KMS_AUTO(stmt) s = NULL;

    assert(from_seq <= INT64_MAX);
    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_RECORDS_FROM, &s));
    kms_stmt_int(s, 1, (int64_t)from_seq);
    kms_stmt_int(s, 2, -1); /* no limit */
    for (;;) {
        bool row = false;

        KMS_TRY(kms_stmt_step(s, &row));
        if (!row)
            return KMS_OK;
        KMS_TRY(each(arg, (uint64_t)kms_stmt_col_int(s, 0), kms_stmt_col_bytes(s, 1)));
    }
}
