/* grants_read.h - inside of authz: from the rows of grants to the facts of decisions. */
#ifndef KMS_AUTHZ_GRANTS_READ_H
#define KMS_AUTHZ_GRANTS_READ_H

#include "authz/grants.h"

/*
 * The grants of a key that name the caller, in the order of its spellings and then of
 * their ids, in the arena. *bytes is about what they take there.
 */
KMS_RC kms_granted_read(struct kms_tx *tx, int64_t key_row, const struct kms_actor *actor,
                        struct kms_arena *a, struct kms_granted *out, size_t *bytes);

#endif
