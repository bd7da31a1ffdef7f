/*
 * alias.h - what the alias operations share.
 *
 * Source: AWS KMS Developer Guide, "Aliases in AWS KMS"; "Resource quotas".
 */
#ifndef KMS_OPS_ALIAS_H
#define KMS_OPS_ALIAS_H

#include "ops/ops.h"

/* Aliases a key may have. */
enum { KMS_ALIASES_PER_KEY = 50 };

/*
 * A name that a caller may make, move or remove, checked beyond the pattern of the
 * model: KMS_E_VALIDATION with the service's text, or KMS_E_NOT_AUTHORIZED (no words)
 * for alias/aws/.
 */
KMS_RC kms_alias_check_name(struct kms_str name);
/* KMS_E_VALIDATION when the target of an alias is itself an alias. */
KMS_RC kms_alias_check_target(struct kms_str target);
/* KMS_E_LIMIT_EXCEEDED when the key has no room for one more. */
KMS_RC kms_alias_check_quota(struct kms_call *call, const struct kms_key *key);
/* The ARN of an alias of the caller's account and Region, in the arena. */
KMS_RC kms_alias_arn(struct kms_call *call, struct kms_str name, struct kms_str *out);

#endif
