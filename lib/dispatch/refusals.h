/*
 * refusals.h - callers who were never let in, counted.
 *
 * One record per (source, reason, minute) with a count, so that a stranger can neither
 * hide nor fill the disk. The table is bounded; past its bound sources are counted
 * together under "other".
 */
#ifndef KMS_DISPATCH_REFUSALS_H
#define KMS_DISPATCH_REFUSALS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/own.h"

struct kms_refusals;
KMS_OWNED(refusals);

KMS_RC kms_refusals_new(struct kms_refusals **out);

/* Count one. Thread-safe, never blocks for long, never fails. */
void kms_refusals_count(struct kms_refusals *r, struct kms_str source, const char *reason,
                        int64_t now_ms);

struct kms_refusal {
    struct kms_str source, reason;
    int64_t minute_ms; /* start of the minute */
    uint64_t count;
};

/*
 * Take out those whose minute has passed at now_ms (all: whatever there is), oldest
 * first, into the arena.
 */
KMS_RC kms_refusals_take(struct kms_refusals *r, int64_t now_ms, bool all,
                         struct kms_arena *a, const struct kms_refusal **out, size_t *n);
bool kms_refusals_any(struct kms_refusals *r);

#endif
