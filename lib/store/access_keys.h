/* access_keys.h - rows of access keys. */
#ifndef KMS_STORE_ACCESS_KEYS_H
#define KMS_STORE_ACCESS_KEYS_H

#include "key/key.h"
#include "store/store.h"

struct kms_access_key {
    struct kms_str id;             /* "AKIA..." or, of a session, "ASIA..." */
    struct kms_str principal;      /* ARN of a user or session */
    uint8_t kek[KMS_UUID_LEN];     /* CKA_ID of the key that sealed the secret */
    struct kms_bytes sealed;       /* the secret */
    struct kms_bytes token_sha256; /* of the session token; absent: a long-term key */
    struct kms_str policy;         /* session policy; absent: none */
    int64_t created_ms;
    int64_t expires_ms; /* 0: it does not */
};

/* KMS_E_NOT_FOUND (no words) when there is none. Texts and bytes in the arena. */
KMS_RC kms_access_keys_get(struct kms_tx *tx, struct kms_str id, struct kms_arena *a,
                           struct kms_access_key *out);
/* KMS_E_ALREADY_EXISTS, bare, when the id is taken. */
KMS_RC kms_access_keys_insert(struct kms_tx *tx, const struct kms_access_key *key);
/* KMS_E_NOT_FOUND, bare, when there is none. */
KMS_RC kms_access_keys_delete(struct kms_tx *tx, struct kms_str id);
/* By id, keyset paging as kms_keys_list. */
KMS_RC kms_access_keys_list(struct kms_tx *tx, struct kms_str after, size_t limit,
                            struct kms_arena *a, const struct kms_access_key **out,
                            size_t *n, bool *more);
/* Ids of at most limit keys that had expired at now_ms, in the arena. */
KMS_RC kms_access_keys_expired(struct kms_tx *tx, int64_t now_ms, size_t limit,
                               struct kms_arena *a, const struct kms_str **out,
                               size_t *n);

#endif
