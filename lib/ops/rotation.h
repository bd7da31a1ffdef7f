/* rotation.h - what the rotation operations share. */
#ifndef KMS_OPS_ROTATION_H
#define KMS_OPS_ROTATION_H

#include "ops/ops.h"

/* KMS_E_UNSUPPORTED_OPERATION, without words as the service has it, unless symmetric. */
KMS_RC kms_rotation_supported(const struct kms_key *key);

#endif
