/*
 * arena.h - memory of one request: allocated in order, wiped and freed as a whole.
 *
 * Whatever a request produces, plaintexts included, lives here until its reply has
 * gone. An arena belongs to one thread at a time.
 */
#ifndef KMS_BASE_ARENA_H
#define KMS_BASE_ARENA_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"

struct kms_arena;
KMS_OWNED(arena); /* wipes everything */

/* For a request: blocks hold a usual one as a whole. */
KMS_RC kms_arena_new(struct kms_arena **out);
/* For a record that is kept: blocks of at least block bytes. */
KMS_RC kms_arena_new_of(size_t block, struct kms_arena **out);

/* n zeroed bytes aligned for any type, or NULL when memory ran out. n may be 0. */
void *kms_arena_alloc(struct kms_arena *a, size_t n);
/* A copy; absent stays absent. On failure KMS_E_NOMEM and *out untouched. */
KMS_RC kms_arena_str(struct kms_arena *a, struct kms_str s, struct kms_str *out);
KMS_RC kms_arena_bytes(struct kms_arena *a, struct kms_bytes b, struct kms_bytes *out);
/* Formatted text, NUL-terminated after its n bytes. */
__attribute__((format(printf, 3, 4))) KMS_RC kms_arena_fmt(struct kms_arena *a,
                                                           struct kms_str *out,
                                                           const char *fmt, ...);
/* Wipe all, keep the first block for the next request. */
void kms_arena_reset(struct kms_arena *a);

#endif
