/*
 * authz.h - may this caller do this, and why: key policy, identity policies, boundary,
 * session policies and grants brought to lib/policy's decision (policy/decide.h).
 *
 * Whatever cannot be evaluated is denied. Source: AWS KMS Developer Guide, "Key access";
 * CloudTrail and client texts recorded in tests/sdk.
 */
#ifndef KMS_AUTHZ_AUTHZ_H
#define KMS_AUTHZ_AUTHZ_H

#include "authz/actor.h"
#include "authz/grants.h"
#include "key/key.h"
#include "policy/attested.h"
#include "wire/ops.gen.h"

/* What decisions share: compiled policies and grants. Thread-safe. */
struct kms_authz;
KMS_OWNED(authz);
KMS_RC kms_authz_new(struct kms_authz **out);

/* A request, as far as decisions go. Borrowed. */
struct kms_authz_request {
    const struct kms_op *op;
    const void *in; /* decoded; NULL in "explain" */
    const struct kms_caller *caller;
    const struct kms_actor *actor;
    const struct kms_peer *peer; /* or NULL */
    struct kms_str user_agent, referer;
    struct kms_str partition;
    int64_t now_ms;
    struct kms_tx *tx;
    uint64_t epoch; /* of the store, read before tx was begun (authz/grants.h) */
    struct kms_arena *arena;
    const struct kms_key *key, *key2;    /* what the rules of op found, or NULL */
    const struct kms_attested *attested; /* of a Recipient, or NULL */
    /* "explain": values that stand in for those of a request, and who hears of it. */
    const struct kms_policy_pairs *given;
    struct kms_str_map context; /* encryption context, where in is NULL */
    const struct kms_policy_trace *trace;
};

/* One question. */
struct kms_authz_ask {
    const char *action;              /* "kms:ReEncryptFrom" */
    const struct kms_key_rule *rule; /* that found key, or NULL */
    const struct kms_key *key;       /* NULL: IAM alone decides, about resource */
    struct kms_str resource;         /* ARN; absent with a key: the key's */
    /*
     * Set where nobody may learn from the answer whether there is such a key: what to
     * call it, " on this resource". What its policy refuses, or nothing at the key
     * allows, is then refused in the text that also speaks of keys that are not there;
     * so is what the caller's own policies deny, unless the key lets the caller near.
     */
    struct kms_str veiled;
};

/*
 * KMS_OK with what allowed it, or KMS_E_ACCESS_DENIED with the service's words; then
 * *basis (in the arena) is what decided: statement, boundary, session policy, grant, or
 * the reason where nothing did. Other errors: the question could not be put.
 */
KMS_RC kms_authz_check(struct kms_authz *z, const struct kms_authz_request *r,
                       const struct kms_authz_ask *ask, struct kms_str *basis);
/* May the caller retire this grant of key? As kms_authz_check. */
KMS_RC kms_authz_retire(struct kms_authz *z, const struct kms_authz_request *r,
                        const struct kms_authz_ask *ask, const struct kms_grant *grant,
                        struct kms_str *basis);
/*
 * The lockout safety check of a policy that r wants to be a key's, which the caller's
 * account owns. KMS_E_MALFORMED_POLICY_DOCUMENT with the service's words.
 */
KMS_RC kms_authz_lockout(struct kms_authz *z, const struct kms_authz_request *r,
                         struct kms_str resource, struct kms_str proposed);

#endif
