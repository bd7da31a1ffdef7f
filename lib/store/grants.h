/* grants.h - rows of grants. */
#ifndef KMS_STORE_GRANTS_H
#define KMS_STORE_GRANTS_H

#include "key/grant.h"
#include "store/store.h"

/* By grant id; KMS_E_NOT_FOUND (no words) when there is none. Texts in the arena. */
KMS_RC kms_grants_get(struct kms_tx *tx, struct kms_str id, struct kms_arena *a,
                      struct kms_grant *out);
/*
 * A grant of like's key that has like's name (not absent) and is the same in everything
 * but id and date; KMS_E_NOT_FOUND (no words) when there is none.
 */
KMS_RC kms_grants_find(struct kms_tx *tx, const struct kms_grant *like,
                       struct kms_arena *a, struct kms_grant *out);
KMS_RC kms_grants_insert(struct kms_tx *tx, const struct kms_grant *grant);
KMS_RC kms_grants_delete(struct kms_tx *tx, struct kms_str id);
/*
 * The grants of a key by id, keyset paging as kms_keys_list; grantee absent lists those
 * of every grantee.
 */
KMS_RC kms_grants_list(struct kms_tx *tx, int64_t key_row, struct kms_str grantee,
                       struct kms_str after, size_t limit, struct kms_arena *a,
                       const struct kms_grant **out, size_t *n, bool *more);
/* The grants in a Region, of whatever key, that name this retiring principal. */
KMS_RC kms_grants_list_retirable(struct kms_tx *tx, struct kms_str region,
                                 struct kms_str retiring, struct kms_str after,
                                 size_t limit, struct kms_arena *a,
                                 const struct kms_grant **out, size_t *n, bool *more);
KMS_RC kms_grants_count(struct kms_tx *tx, int64_t key_row, int64_t *out);

#endif
