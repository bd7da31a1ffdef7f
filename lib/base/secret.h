/*
 * secret.h - key bytes: locked in memory, kept out of core dumps, zero in a forked
 * child, wiped on free, and never given to memcmp or a log.
 */
#ifndef KMS_BASE_SECRET_H
#define KMS_BASE_SECRET_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"

struct kms_secret;
KMS_OWNED(secret); /* wipes; NULL is fine */

/* len zeroed bytes, 1 to 65536. Thread-safe. */
KMS_RC kms_secret_new(size_t len, struct kms_secret **out);
/* A secret holding a copy of b; the caller still wipes its own. */
KMS_RC kms_secret_copy(struct kms_bytes b, struct kms_secret **out);

/* The one way to see the bytes: grep for exposures. Lives as long as s. */
struct kms_bytes kms_secret_view(const struct kms_secret *s);
/* For the one who fills a new secret. */
uint8_t *kms_secret_fill(struct kms_secret *s);

/* Constant time in the contents; the lengths may differ and are not secret. */
bool kms_secret_equal(const struct kms_secret *a, const struct kms_secret *b);
/* Constant-time comparison of n bytes. */
bool kms_ct_equal(const void *a, const void *b, size_t n);

/* False once the kernel refused to lock a page (RLIMIT_MEMLOCK): shown by status. */
bool kms_secret_locked(void);

#endif
