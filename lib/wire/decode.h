/*
 * decode.h - a request body becomes the C struct of its shape.
 *
 * Order and texts are the service's: first the syntax and the JSON type of every member
 * (KMS_E_SERIALIZATION), then the constraints of the model, all of them at once
 * (KMS_E_VALIDATION: "2 validation errors detected: ...; ..."). Unknown members are
 * ignored, null is the same as absent, a fraction of an integer is cut off. Values of
 * blobs and secret members are never repeated in a text.
 *
 * Source: AWS KMS API Reference, "Common Errors"; answers recorded from the service.
 */
#ifndef KMS_WIRE_DECODE_H
#define KMS_WIRE_DECODE_H

#include "base/arena.h"
#include "base/err.h"
#include "wire/shape.h"

/*
 * *out is a struct of the shape in the arena; nothing in it points into body. Members
 * with a default that are absent have it.
 */
KMS_RC kms_decode(const struct kms_shape *shape, struct kms_bytes body,
                  struct kms_arena *arena, const void **out);

#endif
