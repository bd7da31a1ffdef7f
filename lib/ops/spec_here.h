/* spec_here.h - which key specs can be made in this place. */
#ifndef KMS_OPS_SPEC_HERE_H
#define KMS_OPS_SPEC_HERE_H

#include "ops/ops.h"

/*
 * KMS_E_UNSUPPORTED_OPERATION, with the reason for the client: the cryptographic library
 * lacks the spec, or the service offers it in other partitions only (SM2: aws-cn).
 */
KMS_RC kms_spec_here(const struct kms_call *call, enum kms_key_spec spec);

#endif
