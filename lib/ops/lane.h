/*
 * lane.h - which requests are too slow for an event thread or the writer, and what of
 * them is done elsewhere.
 *
 * Measured: what takes under about 60 microseconds runs inline. RSA private operations
 * and the large curves go to the crypto lane, RSA key generation has a lane of its own.
 */
#ifndef KMS_OPS_LANE_H
#define KMS_OPS_LANE_H

#include "ops/ops.h"

enum kms_lane { KMS_LANE_INLINE, KMS_LANE_CRYPTO, KMS_LANE_KEYGEN, KMS_LANE_COUNT };

/* True when some request of this operation may be slow. */
bool kms_lane_possible(const struct kms_op *op);

/* Where the work of a request belongs; its keys are resolved and have passed the gate. */
enum kms_lane kms_lane_of(const struct kms_call *call, const void *in);

/*
 * The slow part of a change, done on its lane before the writer's transaction: what it
 * made is kept in call->prepared for the operation. Only for a change whose lane is not
 * inline.
 */
KMS_RC kms_lane_prepare(struct kms_call *call, const void *in);

#endif
