/* default_policy.h - the policy of a key that was made without one. */
#ifndef KMS_OPS_DEFAULT_POLICY_H
#define KMS_OPS_DEFAULT_POLICY_H

#include "ops/ops.h"

/*
 * The account may do everything, and its identity policies decide who that is: as the
 * service lays it out, to the last space. In the arena. Source: AWS KMS Developer Guide,
 * "Default key policy".
 */
KMS_RC kms_default_policy(struct kms_call *call, struct kms_str *out);

#endif
