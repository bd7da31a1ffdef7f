/*
 * encode.h - a C struct of a shape becomes JSON: the body of an answer, or what an audit
 * record may show of a request.
 */
#ifndef KMS_WIRE_ENCODE_H
#define KMS_WIRE_ENCODE_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/jw.h"
#include "wire/shape.h"

/*
 * Append the body of an answer to out: members in the order of the model, absent ones
 * left out, never null. An operation without an answer has shape NULL: no byte is
 * written. KMS_E_NOMEM as kms_buf_ok.
 */
KMS_RC kms_encode(const struct kms_shape *shape, const void *s, struct kms_buf *out);

/*
 * Write s as one object in the manner of CloudTrail's requestParameters and
 * responseElements: names begin in lower case, dates are words, and blobs and secret
 * members do not appear.
 */
void kms_encode_record(const struct kms_shape *shape, const void *s, struct kms_jw *w);

/*
 * The body of an error: {"__type":"NotFoundException","message":"..."}. The message is
 * left out when words are absent or empty, or when the code is not visible.
 */
KMS_RC kms_encode_error(enum kms_rc rc, struct kms_str words, struct kms_buf *out);

#endif
