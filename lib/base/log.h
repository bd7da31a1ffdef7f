/*
 * log.h - one structured JSON line an event on standard error.
 *
 * Library code does not log: it returns an error with a note. The edge (dispatch, the
 * daemon's loops) logs once. Values are written as given: never pass a secret.
 */
#ifndef KMS_BASE_LOG_H
#define KMS_BASE_LOG_H

#include <stdint.h>

#include "base/bytes.h"

enum kms_log_level { KMS_LOG_DEBUG, KMS_LOG_INFO, KMS_LOG_WARN, KMS_LOG_ERROR };

/* Lines below level are not written. Default KMS_LOG_INFO. */
void kms_log_level_set(enum kms_log_level level);
bool kms_log_level_parse(struct kms_str name, enum kms_log_level *out);
bool kms_log_wanted(enum kms_log_level level);

struct kms_log_field {
    const char *name;
    struct kms_str text; /* text.p != NULL: a string; otherwise number */
    int64_t number;
};

#define KMS_LOG_TEXT(name, value) {(name), (value), 0}
#define KMS_LOG_NUM(name, value) {(name), {NULL, 0}, (value)}

/* event is a short fixed word; fields follow in order. One write(2) a line. */
void kms_log(enum kms_log_level level, const char *event,
             const struct kms_log_field *fields, size_t n);

/* For start-up and shutdown, where a sentence says it best. */
__attribute__((format(printf, 3, 4))) void kms_log_say(enum kms_log_level level,
                                                       const char *event, const char *fmt,
                                                       ...);

#endif
