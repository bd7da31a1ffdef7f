/*
 * decide.h - the decision of one request: key policy, the caller's policies, its
 * boundary, its session policies and the key's grants, put together. RULES.md 6.
 *
 * Source: IAM User Guide, "Policy evaluation logic"; AWS KMS Developer Guide, "Key
 * access". A pure function: same input, same decision.
 */
#ifndef KMS_POLICY_DECIDE_H
#define KMS_POLICY_DECIDE_H

#include "base/arena.h"
#include "policy/grant_match.h"
#include "policy/policy.h"

/* A policy and what it is called in reasons. */
struct kms_named_policy {
    struct kms_str name;
    const struct kms_policy *policy;
};

struct kms_named_policies {
    const struct kms_named_policy *v;
    size_t n;
};

/* Everything that bears on a request. Borrowed. request.bounded is set from boundary. */
struct kms_decide {
    struct kms_policy_request request;
    struct kms_str key_account;          /* owner of the key; absent: no key is involved,
                                            and the caller's policies alone decide */
    const struct kms_policy *key_policy; /* NULL with a key_account: its document could
                                            not be compiled, and everything is denied */
    struct kms_named_policies identity;
    const struct kms_named_policy *boundary; /* NULL: none */
    struct kms_named_policies session;       /* n 0: none */
    const struct kms_grant_facts *grants;    /* of the key, valid now; those of other
                                                grantees    may be left out */
    size_t n_grants;
    const struct kms_grant_use *use; /* NULL: no encryption context, no child */
};

/* Why a request is refused. */
enum kms_why {
    KMS_WHY_ALLOWED,
    KMS_WHY_UNFINISHED, /* a policy could not be evaluated */
    KMS_WHY_DENIED_KEY,
    KMS_WHY_DENIED_IDENTITY,
    KMS_WHY_DENIED_BOUNDARY,
    KMS_WHY_DENIED_SESSION,
    KMS_WHY_NO_KEY, /* neither key policy nor grant lets the caller at the key */
    KMS_WHY_NO_IDENTITY,
    KMS_WHY_NO_BOUNDARY,
    KMS_WHY_NO_SESSION
};

enum kms_decided_by {
    KMS_BY_NOTHING,
    KMS_BY_KEY_POLICY,
    KMS_BY_IDENTITY, /* for acts without a key; statement -1: the caller is root */
    KMS_BY_BOUNDARY,
    KMS_BY_SESSION,
    KMS_BY_GRANT
};

struct kms_decision {
    bool allowed;
    enum kms_why why;
    enum kms_decided_by by; /* what allowed, or whose Deny applied */
    size_t index;           /* which identity or session policy, or which grant */
    int statement;          /* of the policy; -1: none in particular */
    enum kms_grade grade;   /* of the path that allowed */
    int iam_index;     /* identity policy that allowed, too; -1: none was needed, or */
    int iam_statement; /* the caller is root */
};

/* Decide. Cannot fail: what cannot be evaluated is denied. */
void kms_decide(const struct kms_decide *in, struct kms_decision *out);
/*
 * May the caller retire grants[0] (the only one)? in is as for kms_decide, with the
 * action kms:RetireGrant and the key's account and policy. RULES.md 7.4.
 */
void kms_decide_retire(const struct kms_decide *in, struct kms_decision *out);

/*
 * The lockout safety check: could the caller of in put another policy when proposed is
 * the key's? KMS_OK, or KMS_E_MALFORMED_POLICY_DOCUMENT with the service's words.
 */
KMS_RC kms_decide_lockout(const struct kms_decide *in, const struct kms_policy *proposed);

/*
 * KMS_OK when allowed, else KMS_E_ACCESS_DENIED with the service's words:
 * "User: ... is not authorized to perform: kms:Encrypt on resource: ... because ...".
 */
KMS_RC kms_decision_rc(const struct kms_decision *d, const struct kms_decide *in);
/*
 * KMS_E_ACCESS_DENIED without the key's name; where is " on this resource" or " on the
 * resource associated with this ciphertext". With an absent reason in the one text that
 * does not tell whether there is such a key.
 */
KMS_RC kms_decision_veiled(struct kms_str caller_arn, struct kms_str action,
                           struct kms_str where, struct kms_str reason);
/* The part from "because" or "with" on, in the arena; "" when allowed. */
struct kms_str kms_decision_reason(struct kms_arena *a, const struct kms_decision *d,
                                   struct kms_str action);
/*
 * What decided, for the audit record: "key policy statement 0 \"Enable IAM User
 * Permissions\", identity policy dev statement 1", "grant 0123...", or "" for nothing.
 */
struct kms_str kms_decision_basis(struct kms_arena *a, const struct kms_decision *d,
                                  const struct kms_decide *in);

#endif
