/*
 * policy.h - policy documents, compiled once and evaluated often.
 *
 * A compiled policy is one small, immutable, reference-counted block; many threads may
 * evaluate it at once. What a document means is written down in RULES.md.
 */
#ifndef KMS_POLICY_POLICY_H
#define KMS_POLICY_POLICY_H

#include "base/err.h"
#include "base/own.h"
#include "policy/request.h"
#include "policy/who.h"

enum kms_policy_kind {
    KMS_POLICY_KEY,      /* of a key: statements name principals */
    KMS_POLICY_IDENTITY, /* of a user or role, or a permissions boundary */
    KMS_POLICY_SESSION   /* given when a session began */
};

struct kms_policy;
KMS_OWNED(policy); /* gives up one reference; NULL is fine */

/* KMS_AUTO for a shared policy: KMS_AUTO_POLICY p = NULL;  gives up its reference. */
#define KMS_AUTO_POLICY                                                                  \
    __attribute__((cleanup(kms_policy_unrefp))) const struct kms_policy *
static inline void kms_policy_unrefp(const struct kms_policy **p)
{
    kms_policy_free((struct kms_policy *)(uintptr_t)*p);
}

/*
 * The policy that text is. KMS_E_MALFORMED_POLICY_DOCUMENT: with the service's words for
 * principals that are none and for overly permissive conditions, else without a word.
 * KMS_E_NOMEM.
 */
KMS_RC kms_policy_compile(struct kms_str text, enum kms_policy_kind kind,
                          const struct kms_policy **out);
const struct kms_policy *kms_policy_ref(const struct kms_policy *p);
void kms_policy_unref(const struct kms_policy *p);

enum kms_policy_kind kms_policy_kind_of(const struct kms_policy *p);
/* Bytes of memory that it takes. */
size_t kms_policy_size(const struct kms_policy *p);
size_t kms_policy_statements(const struct kms_policy *p);
/* The Sid of a statement; absent if it has none or there is no such statement. */
struct kms_str kms_policy_sid(const struct kms_policy *p, int statement);
/*
 * Every principal of a key policy that names somebody in particular (no "*"), one call
 * each: who stores the policy checks that they exist. Ends early when see says false, and
 * then is false.
 */
bool kms_policy_principals(const struct kms_policy *p,
                           bool (*see)(void *arg, const struct kms_who *who), void *arg);

/* What a policy says about a request: numbers of statements, -1 for none. */
struct kms_policy_verdict {
    bool unfinished;       /* it took too long: must deny, whatever else is here */
    int deny;              /* the first Deny that applies */
    int allow[KMS_GRADES]; /* the first Allow in each grade; in identity and session
                              policies only KMS_GRADE_SELF occurs. Not all are looked for
                              once a Deny or an Allow of grade self has been found. */
};

/* Steps that one evaluation may take: some milliseconds. Usual documents take hundreds.
 */
enum { KMS_POLICY_FUEL = 1024 * 1024 };

void kms_policy_evaluate(const struct kms_policy *p, const struct kms_policy_request *r,
                         struct kms_policy_verdict *out);

/* Does the policy allow and not deny it: in any grade? */
bool kms_policy_allows(const struct kms_policy_verdict *v);

#endif
