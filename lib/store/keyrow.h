/* keyrow.h - a key's record to and from the columns of its row. */
#ifndef KMS_STORE_KEYROW_H
#define KMS_STORE_KEYROW_H

#include "key/key.h"
#include "store/row.h"

enum { KMS_KEYROW_COLS = 24 };

/* All columns of the row, number row; texts are borrowed from k. */
void kms_keyrow_cells(const struct kms_key *k, int64_t row,
                      struct kms_cell cells[KMS_KEYROW_COLS]);
/* Fill k, but for its versions, from the statement's current row; into k's arena. */
KMS_RC kms_keyrow_read(struct kms_stmt *s, struct kms_key *k);

#endif
