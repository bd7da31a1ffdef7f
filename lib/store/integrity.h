/*
 * integrity.h - what makes an edited, swapped or rolled-back row known.
 *
 * Every mutable row carries mac = HMAC(K_row, canonical), where
 *
 *   canonical = "kmsd-row-v1" | u8 n | table name | u8 pk columns | u8 columns
 *               | for each column, primary key first: tag | contents
 *   tag       = 0 NULL | 1 integer, i64 | 2 text, u32 n, bytes | 3 blob, u32 n, bytes
 *
 * all big-endian. That binds a row's contents to its place. To know that none is missing
 * and none is an older one, all rows are summed up, in any order:
 *
 *   sum  = sum over all rows of HMAC(K_row, "kmsd-mset-v1" | mac)  mod 2^256
 *   root = HMAC(K_row, "kmsd-root-v1" | u64 epoch | sum)
 *
 * The sum lives in memory only: whoever knew it could make up for a change. Epoch and
 * root are stored with every change and compared at start. The epoch counts changes: it
 * rises by one with the first row that is written after a job began or set a mark.
 */
#ifndef KMS_STORE_INTEGRITY_H
#define KMS_STORE_INTEGRITY_H

#include "base/buf.h"
#include "store/store.h"

enum { KMS_MAC_LEN = 32 };

/* One column. Text and bytes are borrowed. */
struct kms_cell {
    enum kms_cell_type { KMS_CELL_NULL, KMS_CELL_INT, KMS_CELL_TEXT, KMS_CELL_BLOB } type;
    int64_t i;
    struct kms_bytes b;
};

struct kms_cell kms_cell_int(int64_t v);
struct kms_cell kms_cell_text(struct kms_str v);    /* absent: NULL */
struct kms_cell kms_cell_bytes(struct kms_bytes v); /* absent: NULL */
bool kms_cell_eq(const struct kms_cell *a, const struct kms_cell *b);

/* Cells of one row, the n_pk ones of its primary key first. */
struct kms_row_view {
    const char *table;
    int n_pk, n;
    const struct kms_cell *cells;
};

/* scratch is reset and filled. */
KMS_RC kms_integrity_mac(const struct kms_row_mac *key, const struct kms_row_view *row,
                         struct kms_buf *scratch, uint8_t mac[KMS_MAC_LEN]);

/* A number mod 2^256, least significant word first. */
struct kms_sum {
    uint64_t w[4];
};

/* What a row with this mac adds to the sum. */
KMS_RC kms_integrity_part(const struct kms_row_mac *key, const uint8_t mac[KMS_MAC_LEN],
                          struct kms_sum *part);
void kms_sum_add(struct kms_sum *sum, const struct kms_sum *part);
void kms_sum_sub(struct kms_sum *sum, const struct kms_sum *part);
KMS_RC kms_integrity_root(const struct kms_row_mac *key, uint64_t epoch,
                          const struct kms_sum *sum, uint8_t root[KMS_MAC_LEN]);

#endif
