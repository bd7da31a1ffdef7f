/*
 * clock.h - the one clock of the daemon.
 *
 * All schedules, windows, expiries, validity and skew checks read time here, so a test
 * (dev profile only) can set, advance or freeze it. Latency measurements use the
 * monotonic clock and are not moved.
 */
#ifndef KMS_BASE_CLOCK_H
#define KMS_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds since 1970-01-01 UTC as the daemon sees it. Thread-safe. */
int64_t kms_clock_now_ms(void);
/* Monotonic microseconds, for durations only. */
int64_t kms_clock_mono_us(void);

/* Test seam: move the daemon's time. Each returns the new time. */
int64_t kms_clock_set_ms(int64_t now_ms);
int64_t kms_clock_advance_ms(int64_t by_ms);
int64_t kms_clock_freeze(bool frozen);
bool kms_clock_frozen(void);

#endif
