/*
 * json.h - JSON from outside, parsed strictly. Source: RFC 8259.
 *
 * Refused: more than KMS_JSON_MAX bytes, more than KMS_JSON_DEPTH levels (looked at
 * before the parser sees a byte), duplicate names, invalid UTF-8, U+0000 anywhere,
 * numbers that fit neither int64_t nor double, text behind the value, and values that
 * are neither object nor array.
 */
#ifndef KMS_WIRE_JSON_H
#define KMS_WIRE_JSON_H

#include <jansson.h>

#include "base/bytes.h"
#include "base/err.h"

enum {
    KMS_JSON_MAX = 1024 * 1024, /* an attestation document is the largest: 350 KiB */
    KMS_JSON_DEPTH = 32
};

/*
 * Once, before the first thread: whatever the parser held is wiped when it is freed, and
 * its hash seed is random.
 */
void kms_json_setup(void);

/*
 * The value of text, to be given to json_decref. KMS_E_SERIALIZATION without words when
 * it is refused. Where and why is in *why if that is not NULL: static text, no input.
 */
KMS_RC kms_json_parse(struct kms_bytes text, json_t **out, const char **why);

/* KMS_AUTO_JSON v = NULL;  gives v back on every way out of the block. */
static inline void kms_json_freep(json_t **v)
{
    json_decref(*v);
}
#define KMS_AUTO_JSON __attribute__((cleanup(kms_json_freep))) json_t *

/* The text of a string value, borrowed from it. */
struct kms_str kms_json_text(const json_t *v);

#endif
