/* tags.h - rows of resource tags. */
#ifndef KMS_STORE_TAGS_H
#define KMS_STORE_TAGS_H

#include "store/store.h"

struct kms_tag_row {
    struct kms_str key, value;
};

/* Insert, or replace the value of the same key. */
KMS_RC kms_tags_put(struct kms_tx *tx, int64_t key_row, struct kms_str key,
                    struct kms_str value);
/* Removing what is not there is fine. */
KMS_RC kms_tags_delete(struct kms_tx *tx, int64_t key_row, struct kms_str key);
/* By tag key, keyset paging as kms_keys_list. */
KMS_RC kms_tags_list(struct kms_tx *tx, int64_t key_row, struct kms_str after,
                     size_t limit, struct kms_arena *a, const struct kms_tag_row **out,
                     size_t *n, bool *more);
KMS_RC kms_tags_count(struct kms_tx *tx, int64_t key_row, int64_t *out);

#endif
