/* list.h - what a statement gives more than one row of. */
#ifndef KMS_STORE_LIST_H
#define KMS_STORE_LIST_H

#include "store/tx.h"

/* Make *out of the statement's current row; its texts go to the arena. */
typedef enum kms_rc kms_list_read(struct kms_tx *tx, struct kms_stmt *s,
                                  struct kms_arena *a, void *out);

struct kms_list_of {
    size_t size; /* of what read makes */
    kms_list_read *read;
    size_t limit; /* rows at most */
};

/*
 * A page, in the arena: the first rows of a statement that is bound to give one more than
 * the limit, which says whether there are *more.
 */
KMS_RC kms_list_page(struct kms_tx *tx, struct kms_stmt *s, const struct kms_list_of *of,
                     struct kms_arena *a, const void **v, size_t *n, bool *more);
/* The number that a statement of one parameter, a key's row, gives. */
KMS_RC kms_list_count(struct kms_tx *tx, enum kms_sql sql, int64_t key_row, int64_t *out);

#endif
