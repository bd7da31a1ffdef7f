/*
 * row.h - reading and writing authenticated rows, the same way for every table.
 *
 * Whoever writes a row of a table below goes through here: macs and the sum of all rows
 * stay right by construction.
 */
#ifndef KMS_STORE_ROW_H
#define KMS_STORE_ROW_H

#include "store/tx.h"

enum { KMS_ROW_COLS_MAX = 32 };

struct kms_table {
    const char *name;
    int n_pk;
    int n;       /* authenticated columns, primary key first */
    int n_bound; /* of these, in the table itself: what INSERT and UPDATE bind */
    enum kms_sql row, scan, insert, update, remove;
};

extern const struct kms_table kms_table_keys, kms_table_versions, kms_table_aliases,
    kms_table_tags, kms_table_grants, kms_table_access_keys;

/* Bind a cell, as text, bytes, number or NULL. */
void kms_row_bind(struct kms_stmt *s, int at, const struct kms_cell *c);
/* The columns of the statement's current row; borrowed until its next step. */
void kms_row_cells(const struct kms_table *t, struct kms_stmt *s, struct kms_cell *cells);
/* The same for a statement that gives the primary key alone. */
void kms_row_pk(const struct kms_table *t, struct kms_stmt *s, struct kms_cell *pk);
/*
 * Check the mac of the statement's current row (columns of t, then mac). KMS_E_TAMPERED
 * names table and primary key. mac may be NULL.
 */
KMS_RC kms_row_verify(struct kms_tx *tx, const struct kms_table *t, struct kms_stmt *s,
                      uint8_t mac[KMS_MAC_LEN]);
/* Bind the primary key (n_pk cells), run to the row and check it, if it is *there. */
KMS_RC kms_row_find(struct kms_tx *tx, const struct kms_table *t, struct kms_stmt *s,
                    const struct kms_cell *pk, uint8_t mac[KMS_MAC_LEN], bool *there);

/* cells: all n of the table. KMS_E_ALREADY_EXISTS, bare, when a key is not unique. */
KMS_RC kms_row_insert(struct kms_tx *tx, const struct kms_table *t,
                      const struct kms_cell *cells);
/*
 * Write the row of the same primary key; nothing happens when it is as it was.
 * KMS_E_NOT_FOUND, bare, when there is none; KMS_E_TAMPERED when the old one is not
 * genuine.
 */
KMS_RC kms_row_update(struct kms_tx *tx, const struct kms_table *t,
                      const struct kms_cell *cells);
/* pk: the first n_pk cells. Errors as kms_row_update. */
KMS_RC kms_row_delete(struct kms_tx *tx, const struct kms_table *t,
                      const struct kms_cell *pk);

#endif
