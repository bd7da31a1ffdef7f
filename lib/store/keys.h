/* keys.h - rows of keys and of their versions, as records. */
#ifndef KMS_STORE_KEYS_H
#define KMS_STORE_KEYS_H

#include "key/key.h"
#include "key/state.h"
#include "store/store.h"

/*
 * The key of an account and Region by its id; KMS_E_NOT_FOUND (no words) when there is
 * none. A reader is served from memory when the record is there; the writer always
 * reads its own transaction. Free with kms_key_free.
 */
KMS_RC kms_keys_get(struct kms_tx *tx, struct kms_str account, struct kms_str region,
                    struct kms_str id, const struct kms_key **out);
/* The key that a ciphertext names: by uuid in a Region, of whatever account. */
KMS_RC kms_keys_by_uuid(struct kms_tx *tx, struct kms_str region,
                        const uint8_t uuid[KMS_UUID_LEN], const struct kms_key **out);
/* The key that has or had this key material, in a Region, of whatever account. */
KMS_RC kms_keys_by_kmid(struct kms_tx *tx, struct kms_str region,
                        const uint8_t kmid[KMS_KMID_LEN], const struct kms_key **out);

/*
 * The members of a multi-Region key's family, one Region after the other: the first
 * whose Region comes behind after (absent: the first of all); KMS_E_NOT_FOUND behind the
 * last.
 */
KMS_RC kms_keys_relative(struct kms_tx *tx, struct kms_str account,
                         const uint8_t uuid[KMS_UUID_LEN], struct kms_str after,
                         const struct kms_key **out);

/* Write a new key with all its versions; sets k->row. KMS_E_ALREADY_EXISTS, bare. */
KMS_RC kms_keys_insert(struct kms_tx *tx, struct kms_key *k);
/*
 * Write the changed columns of k, versions that are not there yet and those that changed.
 * Sealed bytes that a version no longer has are overwritten.
 */
KMS_RC kms_keys_update(struct kms_tx *tx, const struct kms_key *k);
/* Remove the key, its versions, aliases and tags. Bytes are overwritten. */
KMS_RC kms_keys_delete(struct kms_tx *tx, const struct kms_key *k);

/*
 * Ids of at most limit keys of an account and Region in order of id, from after (absent:
 * from the start). ids and *n in the arena. *more tells that others follow.
 */
KMS_RC kms_keys_list(struct kms_tx *tx, struct kms_str account, struct kms_str region,
                     struct kms_str after, size_t limit, struct kms_arena *a,
                     const struct kms_str **ids, size_t *n, bool *more);
KMS_RC kms_keys_count(struct kms_tx *tx, struct kms_str account, struct kms_str region,
                      int64_t *out);

/*
 * The key with the earliest thing due at or before now_ms (ties: by row), what it is and
 * when it was due. KMS_E_NOT_FOUND when nothing is due.
 */
KMS_RC kms_keys_due(struct kms_tx *tx, int64_t now_ms, const struct kms_key **out,
                    enum kms_due_kind *kind, int64_t *at_ms);
/* When the next thing falls due; KMS_E_NOT_FOUND when nothing is scheduled. */
KMS_RC kms_keys_next_due(struct kms_tx *tx, int64_t *at_ms);

#endif
