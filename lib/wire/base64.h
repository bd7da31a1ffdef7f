/*
 * base64.h - the standard alphabet with padding. Source: RFC 4648, section 4.
 *
 * Decoding is strict: no line breaks, no missing padding, and the bits behind the last
 * byte must be zero (RFC 4648, section 3.5), so every value has exactly one text.
 */
#ifndef KMS_WIRE_BASE64_H
#define KMS_WIRE_BASE64_H

#include "base/buf.h"
#include "base/bytes.h"

/* Bytes that text decodes to, if it is valid; at most 3/4 of its length. */
size_t kms_base64_size(struct kms_str text);
/* Decode into out of kms_base64_size(text) bytes; false when text is invalid. */
bool kms_base64_decode(struct kms_str text, uint8_t *out);
void kms_base64_encode(struct kms_bytes bytes, struct kms_buf *out);

#endif
