/*
 * buf.h - a growing byte buffer that keeps its first error.
 *
 * Appends never fail at the call: when memory runs out or the hard maximum is passed
 * the buffer is marked bad and later appends do nothing, so ten appends need one check
 * (kms_buf_ok). Everything it ever held is wiped when it grows or is freed.
 */
#ifndef KMS_BASE_BUF_H
#define KMS_BASE_BUF_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"

struct kms_buf {
    uint8_t *p;
    size_t n, cap;
    size_t max; /* hard maximum in bytes; 0 means KMS_BUF_MAX */
    bool bad;
};

enum { KMS_BUF_MAX = 16 * 1024 * 1024 };

/* struct kms_buf b = {0}; is a valid empty buffer. */
#define KMS_AUTO_BUF __attribute__((cleanup(kms_buf_clear))) struct kms_buf

void kms_buf_add(struct kms_buf *b, const void *p, size_t n);
void kms_buf_byte(struct kms_buf *b, uint8_t c);
void kms_buf_str(struct kms_buf *b, struct kms_str s);
void kms_buf_z(struct kms_buf *b, const char *z);
__attribute__((format(printf, 2, 3))) void kms_buf_fmt(struct kms_buf *b, const char *fmt,
                                                       ...);
/* Room for n more bytes to be written by the caller, or NULL (buffer bad). Counted. */
uint8_t *kms_buf_room(struct kms_buf *b, size_t n);

/* KMS_OK, or KMS_E_NOMEM when any append was lost. */
KMS_RC kms_buf_ok(const struct kms_buf *b);
struct kms_bytes kms_buf_view(const struct kms_buf *b);
struct kms_str kms_buf_text(const struct kms_buf *b);
/* Wipe the contents and keep the memory. */
void kms_buf_reset(struct kms_buf *b);
/* Wipe and free; the buffer is empty and usable again. */
void kms_buf_clear(struct kms_buf *b);

#endif
