/*
 * partition.h - which Regions there are, and in which partition each is.
 *
 * Source: the public endpoints data of the AWS SDKs (botocore, data/endpoints.json).
 */
#ifndef KMS_OPS_PARTITION_H
#define KMS_OPS_PARTITION_H

#include "base/bytes.h"
#include "base/err.h"

/*
 * Whether region can hold a member of a multi-Region key of this partition.
 * KMS_E_VALIDATION "The replica key Region must be in the same AWS partition as the
 * primary key Region." or "Region R is not a valid Region or multi-Region keys are not
 * supported in Region R."
 */
KMS_RC kms_partition_check(struct kms_str partition, struct kms_str region);

#endif
