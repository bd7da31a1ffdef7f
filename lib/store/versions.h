/* versions.h - rows of key versions and of their sealed material; keys.c's other half. */
#ifndef KMS_STORE_VERSIONS_H
#define KMS_STORE_VERSIONS_H

#include "key/key.h"
#include "store/tx.h"

/* Fill k->versions with those of k->row, verified, in k's arena. */
KMS_RC kms_versions_load(struct kms_tx *tx, struct kms_key *k);
/*
 * Write a version that is not there yet, or is not as it was. Sealed bytes that it no
 * longer has are overwritten.
 */
KMS_RC kms_versions_put(struct kms_tx *tx, int64_t key_row,
                        const struct kms_key_version *v);
/* Remove one version and overwrite its material; KMS_E_NOT_FOUND, bare. */
KMS_RC kms_versions_drop(struct kms_tx *tx, int64_t key_row, uint32_t number);
/* Remove all versions of a key and overwrite their material. */
KMS_RC kms_versions_delete(struct kms_tx *tx, int64_t key_row);

#endif
