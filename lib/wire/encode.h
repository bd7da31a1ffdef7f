/* encode.h - a C struct of a shape becomes the JSON body of an answer. */
#ifndef KMS_WIRE_ENCODE_H
#define KMS_WIRE_ENCODE_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/shape.h"

/*
 * Append s to out: members in the order of the model, absent ones left out, never null.
 * An operation whose answer has no body has shape NULL: no byte is written. KMS_E_NOMEM
 * as kms_buf_ok.
 */
KMS_RC kms_encode(const struct kms_shape *shape, const void *s, struct kms_buf *out);

#endif
