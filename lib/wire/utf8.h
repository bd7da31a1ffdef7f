/* utf8.h - text as code points. Source: RFC 3629. */
#ifndef KMS_WIRE_UTF8_H
#define KMS_WIRE_UTF8_H

#include "base/bytes.h"

/*
 * Take the first code point off text (text->n > 0). False when the bytes are not valid
 * UTF-8 there (overlong forms, surrogates and numbers above U+10FFFF are not); text is
 * then untouched.
 */
bool kms_utf8_next(struct kms_str *text, uint32_t *code);

/* Code points in text; a byte that is not valid UTF-8 counts as one. */
size_t kms_utf8_count(struct kms_str text);

/* The longest prefix of text of at most max bytes that does not split a code point. */
struct kms_str kms_utf8_cut(struct kms_str text, size_t max);

#endif
