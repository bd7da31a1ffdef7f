/*
 * timestamp.h - moments as the wire, the audit log and SigV4 write them.
 *
 * Inside the daemon a moment is int64_t milliseconds since 1970-01-01 UTC. The years 0001
 * to 9999 can be written; leap seconds do not exist (POSIX time).
 */
#ifndef KMS_WIRE_TIMESTAMP_H
#define KMS_WIRE_TIMESTAMP_H

#include "base/bytes.h"

#define KMS_TIME_MIN_MS INT64_C(-62135596800000)
#define KMS_TIME_MAX_MS INT64_C(253402300799999)

enum {
    KMS_TIME_EPOCH_SIZE = 24, /* "1593622000.191" */
    KMS_TIME_ISO_SIZE = 32,   /* "2026-11-24T02:51:55Z", with or without ".123" */
    KMS_TIME_WORDS_SIZE = 32  /* "Aug 10, 2022, 10:38:27 PM" */
};

/*
 * The JSON number of AWS JSON 1.1: seconds, with up to three digits of fraction and at
 * least one ("1568565290.0"). NUL-terminated.
 */
void kms_time_epoch(int64_t ms, char out[KMS_TIME_EPOCH_SIZE]);
/* ISO 8601 in UTC: to the second, as CloudTrail's eventTime. */
void kms_time_iso(int64_t ms, char out[KMS_TIME_ISO_SIZE]);
/* ISO 8601 in UTC: to the millisecond, for logs. */
void kms_time_iso_ms(int64_t ms, char out[KMS_TIME_ISO_SIZE]);
/* ISO 8601 basic form in UTC: "20261124T025155Z", as SigV4's X-Amz-Date. */
void kms_time_basic(int64_t ms, char out[KMS_TIME_ISO_SIZE]);
/* CloudTrail's form of a date inside requestParameters and responseElements. */
void kms_time_words(int64_t ms, char out[KMS_TIME_WORDS_SIZE]);

/*
 * Parse "2026-11-24T02:51:55Z", "2026-11-24T02:51:55.123Z" (one to nine digits, cut to
 * milliseconds) or "20261124T025155Z". False, *ms untouched, for any other text and for
 * dates that do not exist.
 */
bool kms_time_parse(struct kms_str text, int64_t *ms);

#endif
