/*
 * lane.h - which requests are too slow for an event thread or the writer, and what of
 * them is done elsewhere.
 *
 * What takes under about 60 microseconds runs inline: handing it to another thread costs
 * as much. Everything slower goes to the crypto lane; making RSA keys, which takes from a
 * tenth of a second to several, has a lane of its own. The measurements are in lane.c.
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

/* Where making material of a spec belongs. */
enum kms_lane kms_lane_generate(enum kms_key_spec spec);

/*
 * An operation's own: where a request belongs, and its slow part. They stand beside its
 * code, and in the table of lane.c.
 */
typedef enum kms_lane kms_lane_fn(const struct kms_call *call, const void *in);
typedef enum kms_rc kms_prepare_fn(struct kms_call *call, const void *in);

kms_lane_fn kms_lane_create_key, kms_lane_get_parameters_for_import,
    kms_lane_import_key_material;
kms_prepare_fn kms_prepare_create_key, kms_prepare_import_key_material;

#endif
