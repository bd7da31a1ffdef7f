/*
 * jw.h - writes JSON text into a buffer: answers, audit records, log lines.
 *
 *     struct kms_jw w = kms_jw_start(&buf);
 *     kms_jw_object(&w);
 *     kms_jw_key(&w, "seq");
 *     kms_jw_int(&w, 7);
 *     kms_jw_end(&w);          {"seq":7}
 *
 * No spaces, members in the order they are written; the writer sets the commas. Errors
 * stay in the buffer (kms_buf_ok). Misuse (a value without a key, an end too many, more
 * than KMS_JW_DEPTH levels) is an assertion. Source: RFC 8259.
 */
#ifndef KMS_WIRE_JW_H
#define KMS_WIRE_JW_H

#include "base/buf.h"
#include "base/bytes.h"

enum { KMS_JW_DEPTH = 32 };

struct kms_jw {
    struct kms_buf *out;
    unsigned depth;
    uint32_t in_object; /* bit d: the container at depth d is an object */
    uint32_t filled;    /* bit d: it has a member already */
    bool after_key;
};

struct kms_jw kms_jw_start(struct kms_buf *out);
/* Inside an object whose braces somebody else writes: members only, no end. */
struct kms_jw kms_jw_start_members(struct kms_buf *out);

void kms_jw_object(struct kms_jw *w);
void kms_jw_array(struct kms_jw *w);
/* Ends the innermost object or array. */
void kms_jw_end(struct kms_jw *w);
/* The name of the member whose value comes next. */
void kms_jw_key(struct kms_jw *w, const char *name);
void kms_jw_key_str(struct kms_jw *w, struct kms_str name);

/*
 * A string. Control characters, quotes and backslashes are escaped; bytes that are not
 * valid UTF-8 become U+FFFD. An absent string is written as null.
 */
void kms_jw_str(struct kms_jw *w, struct kms_str text);
void kms_jw_z(struct kms_jw *w, const char *text);
void kms_jw_int(struct kms_jw *w, int64_t value);
void kms_jw_bool(struct kms_jw *w, bool value);
void kms_jw_null(struct kms_jw *w);
/* Base64 text. */
void kms_jw_blob(struct kms_jw *w, struct kms_bytes bytes);
/* Seconds since 1970 with a fraction, a number. */
void kms_jw_time(struct kms_jw *w, int64_t ms);
/* A value that is JSON text already. */
void kms_jw_raw(struct kms_jw *w, struct kms_str json);

/* key and value at once; the string is left out when absent. */
void kms_jw_member(struct kms_jw *w, const char *name, struct kms_str text);

#endif
