#include "ops/lane.h"

/* Symmetric keys have nothing slow. */
bool kms_lane_possible(const struct kms_op *op)
{
    (void)op;
    return false;
}

enum kms_lane kms_lane_of(const struct kms_call *call, const void *in)
{
    (void)call;
    (void)in;
    return KMS_LANE_INLINE;
}

enum kms_rc kms_lane_prepare(struct kms_call *call, const void *in)
{
    (void)call;
    (void)in;
    return KMS_OK;
}
