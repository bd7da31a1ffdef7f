#include <string.h>

#include "base/secret.h"
#include "store/engine.h"
#include "store/row.h"

static const struct kms_table *const tables[] = {&kms_table_keys, &kms_table_versions,
                                                 &kms_table_aliases, &kms_table_tags,
                                                 &kms_table_grants,
                                                 &kms_table_access_keys};

static KMS_RC scan_table(struct kms_tx *tx, const struct kms_table *t,
                         struct kms_sum *sum)
{
    const struct kms_row_mac *key = &tx->store->mac;
    KMS_AUTO(stmt) s = NULL;

    KMS_TRY(kms_tx_stmt(tx, t->scan, &s));
    for (;;) {
        uint8_t mac[KMS_MAC_LEN];
        struct kms_sum part;
        bool row = false;

        KMS_TRY(kms_stmt_step(s, &row));
        if (!row)
            return KMS_OK;
        KMS_TRY(kms_row_verify(tx, t, s, mac));
        KMS_TRY(kms_integrity_part(key, mac, &part));
        kms_sum_add(sum, &part);
    }
}

static KMS_RC number(struct kms_tx *tx, enum kms_sql id, int64_t *out)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, id, &s));
    KMS_TRY(kms_stmt_step(s, &row));
    *out = row ? kms_stmt_col_int(s, 0) : 0;
    return KMS_OK;
}

/* A database without a state is one that never served: it has no rows either. */
static KMS_RC first_state(struct kms_tx *tx, uint8_t root[KMS_MAC_LEN])
{
    int64_t rows = 0;

    KMS_TRY(number(tx, KMS_SQL_ROWS_EXIST, &rows));
    if (rows != 0)
        return kms_err(KMS_E_TAMPERED, "table meta, row store.state: it was removed");
    KMS_TRY(kms_integrity_root(&tx->store->mac, 0, &tx->now.sum, root));
    return kms_state_save(tx, 0, root);
}

static KMS_RC compare(struct kms_tx *tx, uint64_t epoch,
                      const uint8_t stored[KMS_MAC_LEN])
{
    uint8_t root[KMS_MAC_LEN];

    KMS_TRY(kms_integrity_root(&tx->store->mac, epoch, &tx->now.sum, root));
    if (kms_ct_equal(root, stored, sizeof root))
        return KMS_OK;
    return kms_err(
        KMS_E_TAMPERED,
        "the state root of epoch %llu does not fit the rows: each is genuine, "
        "but some were removed, added again or rolled back, or table meta, row "
        "store.state was",
        (unsigned long long)epoch);
}

enum kms_rc kms_store_scan(struct kms_tx *tx)
{
    struct kms_store *s = tx->store;
    uint8_t root[KMS_MAC_LEN];
    uint64_t epoch = 0;
    bool there = false;

    tx->now = (struct kms_tx_state){0};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        KMS_TRY(scan_table(tx, tables[i], &tx->now.sum));
    KMS_TRY(kms_state_load(tx, &epoch, root, &there));
    if (there)
        KMS_TRY(compare(tx, epoch, root));
    else
        KMS_TRY(first_state(tx, root));
    KMS_TRY(number(tx, KMS_SQL_KEYS_LAST_ROW, &s->last_key_row));
    tx->now.epoch = epoch;
    pthread_mutex_lock(&s->state_lock);
    s->epoch = epoch;
    memcpy(s->root, root, sizeof root);
    pthread_mutex_unlock(&s->state_lock);
    return KMS_OK;
}
