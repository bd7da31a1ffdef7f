/*
 * veil.h - answers that may not tell whether there is a key, not even by their time.
 *
 * A refusal in the text that also speaks of keys that are not there (policy/decide.h)
 * goes out when whole steps of KMS_VEIL_US have passed since its request came: a key that
 * is found and decided about, in memory or on the disk, under a short policy or a long
 * one, then takes as long as one that is missing. The time of the commit is part of it.
 */
#ifndef KMS_DISPATCH_VEIL_H
#define KMS_DISPATCH_VEIL_H

#include <stdint.h>

#include "base/err.h"
#include "base/own.h"

enum { KMS_VEIL_US = 2000 };

/* An answer that is held, in the caller's memory until it runs. */
struct kms_veiled {
    void (*run)(struct kms_veiled *v); /* in the veil's thread; may free it */
    struct kms_veiled *next;           /* these two are the veil's */
    int64_t at_us;
};

struct kms_veil;
KMS_OWNED(veil); /* runs what it holds at once, then ends its thread */

KMS_RC kms_veil_new(struct kms_veil **out);
/* When a request that came at begun_us may be answered, now that it could be. */
int64_t kms_veil_end_us(int64_t begun_us, int64_t now_us);
/*
 * Run it in the veil's thread, no earlier than at_us on the monotonic clock
 * (kms_clock_mono_us), in the order in which they were given.
 */
void kms_veil_hold(struct kms_veil *veil, struct kms_veiled *held, int64_t at_us);

#endif
