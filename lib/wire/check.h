/* check.h - the constraints of the model, with the service's texts; used by decode. */
#ifndef KMS_WIRE_CHECK_H
#define KMS_WIRE_CHECK_H

#include "wire/json.h"
#include "wire/shape.h"

/*
 * Check body, an object whose members have the JSON types of the shape. Every broken
 * constraint is a clause of one KMS_E_VALIDATION text; printed values and the text as a
 * whole are bounded, the count of violations is exact.
 */
KMS_RC kms_check(const struct kms_shape *shape, const json_t *body);

#endif
