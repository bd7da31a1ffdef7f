/*
 * typed.h - values of condition operators that are no plain text. RULES.md 5.
 *
 * The same readers take what a policy lists and what a request has. Each gives false for
 * a text that is not of the type, *out untouched.
 */
#ifndef KMS_POLICY_TYPED_H
#define KMS_POLICY_TYPED_H

#include "base/bytes.h"

/* A decimal number, exactly: digits without zeros that say nothing, borrowed. */
struct kms_number {
    const char *whole, *fraction;
    uint8_t n_whole, n_fraction;
    bool negative; /* never of zero */
};

bool kms_number_parse(struct kms_str text, struct kms_number *out);
int kms_number_cmp(const struct kms_number *a, const struct kms_number *b);

/* Milliseconds since 1970 of an ISO 8601 date or of seconds. */
bool kms_date_parse(struct kms_str text, int64_t *out_ms);

/* "true" or "false" in any case. */
bool kms_truth_parse(struct kms_str text, bool *out);

/* The addresses that share the first bits of one; IPv4 in IPv6 is IPv4. */
struct kms_network {
    uint8_t address[16]; /* the bits behind the prefix are zero */
    uint8_t bits;        /* 32 or 128: the family */
    uint8_t prefix;
};

/* An address, or address "/" prefix. */
bool kms_network_parse(struct kms_str text, struct kms_network *out);
/* Is a inside b? */
bool kms_network_within(const struct kms_network *a, const struct kms_network *b);

#endif
