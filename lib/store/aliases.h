/* aliases.h - rows of aliases. Names carry their "alias/" prefix. */
#ifndef KMS_STORE_ALIASES_H
#define KMS_STORE_ALIASES_H

#include "store/store.h"

struct kms_alias {
    struct kms_str account, region, name;
    int64_t key_row;
    struct kms_str key_id; /* the target's id; filled on reading */
    int64_t created_ms, updated_ms;
};

/* KMS_E_NOT_FOUND (no words) when there is none. Texts in the arena. */
KMS_RC kms_aliases_get(struct kms_tx *tx, struct kms_str account, struct kms_str region,
                       struct kms_str name, struct kms_arena *a, struct kms_alias *out);
/*
 * Only the id of its key, in the arena; errors as kms_aliases_get. A reader is served
 * from memory when the alias is there: current as of the call, or of its snapshot once
 * it has one (store/store.h, kms_store_read).
 */
KMS_RC kms_aliases_target(struct kms_tx *tx, struct kms_str account,
                          struct kms_str region, struct kms_str name, struct kms_arena *a,
                          struct kms_str *key_id);
/* KMS_E_ALREADY_EXISTS, bare, when the name is taken. */
KMS_RC kms_aliases_insert(struct kms_tx *tx, const struct kms_alias *alias);
/* Writes key_row and updated_ms of the alias of that name; KMS_E_NOT_FOUND, bare. */
KMS_RC kms_aliases_update(struct kms_tx *tx, const struct kms_alias *alias);
/* KMS_E_NOT_FOUND, bare, when there is none. */
KMS_RC kms_aliases_delete(struct kms_tx *tx, struct kms_str account,
                          struct kms_str region, struct kms_str name);
/* By name, keyset paging as kms_keys_list; key_row 0 lists the aliases of every key. */
KMS_RC kms_aliases_list(struct kms_tx *tx, struct kms_str account, struct kms_str region,
                        int64_t key_row, struct kms_str after, size_t limit,
                        struct kms_arena *a, const struct kms_alias **out, size_t *n,
                        bool *more);
KMS_RC kms_aliases_count(struct kms_tx *tx, int64_t key_row, int64_t *out);

#endif
