/*
 * policies.h - key policies compiled, by their text: bounded, shared by all threads.
 *
 * Keys that have the same policy share one compiled form, and a text never goes stale, so
 * nothing has to be told when a policy changes.
 */
#ifndef KMS_AUTHZ_POLICIES_H
#define KMS_AUTHZ_POLICIES_H

#include "policy/policy.h"

struct kms_policies;
KMS_OWNED(policies);

/* At most max compiled policies are kept. */
KMS_RC kms_policies_new(size_t max, struct kms_policies **out);
/*
 * The compiled form of a key policy, one more reference; NULL when text does not compile
 * or memory is out: who then asks must deny.
 */
const struct kms_policy *kms_policies_get(struct kms_policies *p, struct kms_str text);

#endif
