/* params.h - a decoded structure as an audit record shows it: without secrets. */
#ifndef KMS_AUDIT_PARAMS_H
#define KMS_AUDIT_PARAMS_H

#include "wire/jw.h"
#include "wire/shape.h"

/*
 * Write s, a structure of this shape, as an object with CloudTrail's member names. Left
 * out: absent members, members marked secret, and blobs (ciphertexts, signatures, keys).
 * Dates are words. A text longer than 16 KiB is replaced by its length and SHA-256.
 */
KMS_RC kms_audit_params(struct kms_jw *w, const struct kms_shape *shape, const void *s);

#endif
