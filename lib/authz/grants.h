/*
 * grants.h - the grants of a key that name a caller, as far as decisions go: bounded,
 * shared by all threads.
 *
 * An entry is as of an epoch of the store (store/store.h): it serves whoever looked at
 * the epoch no later, so a grant that was made or ended counts from its commit on.
 */
#ifndef KMS_AUTHZ_GRANTS_H
#define KMS_AUTHZ_GRANTS_H

#include "authz/actor.h"
#include "key/grant.h"
#include "store/store.h"

struct kms_granted_cache;
KMS_OWNED(granted_cache);
KMS_RC kms_granted_cache_new(struct kms_granted_cache **out);

/* Grants that are kept, or of one request. */
struct kms_granted {
    const struct kms_grant_facts *v;
    size_t n;
};
KMS_OWNED(granted); /* gives up one reference; NULL is fine */

/*
 * The grants of a key whose grantee is the caller in one of its spellings. epoch is the
 * store's, read before tx was begun. A writing transaction is always asked itself.
 */
KMS_RC kms_granted_get(struct kms_granted_cache *c, struct kms_tx *tx, uint64_t epoch,
                       int64_t key_row, const struct kms_actor *actor,
                       struct kms_granted **out);

/* One grant as facts, in the arena. */
KMS_RC kms_granted_facts(const struct kms_grant *grant, struct kms_arena *a,
                         struct kms_grant_facts *out);

#endif
