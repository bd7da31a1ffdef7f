/* rotation.h - what the rotation operations share. */
#ifndef KMS_OPS_ROTATION_H
#define KMS_OPS_ROTATION_H

#include "ops/ops.h"

/* KMS_E_UNSUPPORTED_OPERATION, without words as the service has it, unless symmetric. */
KMS_RC kms_rotation_supported(const struct kms_key *key);
/*
 * KMS_E_UNSUPPORTED_OPERATION "<ARN> is a multi-region replica key which is not valid for
 * <operation>.": its rotation is the primary's matter.
 */
KMS_RC kms_rotation_primary_gate(const struct kms_call *call);

#endif
