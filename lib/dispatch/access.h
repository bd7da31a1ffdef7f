/*
 * access.h - inside of dispatch: access keys, looked up for every signed request.
 *
 * What is known of a key is kept as of the store's epoch, as grants are (authz/grants.h),
 * and its unsealed secret for as long as its row says the same.
 */
#ifndef KMS_DISPATCH_ACCESS_H
#define KMS_DISPATCH_ACCESS_H

#include "authn/principal.h"
#include "dispatch/directory.h"
#include "keyring/keyring.h"
#include "policy/policy.h"
#include "store/store.h"

struct kms_access_cache;
KMS_OWNED(access_cache); /* wipes the secrets */
KMS_RC kms_access_cache_new(struct kms_store *store, struct kms_keyring *keyring,
                            struct kms_access_cache **out);

/* A key as a request holds it. */
struct kms_access_held {
    struct kms_access access;
    const struct kms_policy *policy; /* of the session, or NULL */
};
KMS_OWNED(access_held); /* gives up one reference; NULL is fine */

/*
 * The access key of this id. KMS_E_NOT_FOUND, bare, when there is none; a key whose
 * session policy no longer compiles is an error, for without it the key would be wider.
 */
KMS_RC kms_access_get(struct kms_access_cache *c, struct kms_str id,
                      struct kms_access_held **out);

#endif
