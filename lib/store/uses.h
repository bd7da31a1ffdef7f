/*
 * uses.h - rows of the last use of each key.
 *
 * A use is no change: a row has a mac, so an edited one is found, but is not part of the
 * state root. The writer writes one row a group of requests and key.
 */
#ifndef KMS_STORE_USES_H
#define KMS_STORE_USES_H

#include "store/store.h"

struct kms_use {
    int64_t key_row;
    struct kms_str operation;  /* "Encrypt" */
    struct kms_str request_id; /* also the id of its audit record */
    int64_t at_ms;
};

/* Note a use; the newest of a group and key is written before the group's commit. */
KMS_RC kms_uses_note(struct kms_tx *tx, const struct kms_use *use);
/* The last use; KMS_E_NOT_FOUND when there was none. Texts in the arena. */
KMS_RC kms_uses_get(struct kms_tx *tx, int64_t key_row, struct kms_arena *a,
                    struct kms_use *out);
KMS_RC kms_uses_delete(struct kms_tx *tx, int64_t key_row);

/* The writer's, before COMMIT: write what was noted in this group. */
KMS_RC kms_uses_flush(struct kms_tx *tx);

#endif
