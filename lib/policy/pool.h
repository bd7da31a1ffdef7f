/*
 * pool.h - the one block of memory that a compiled policy is.
 *
 * A document is compiled twice: into scratch memory, to see that it is one and how much
 * it takes, and then into a block of just that size. The second run cannot fail.
 */
#ifndef KMS_POLICY_POOL_H
#define KMS_POLICY_POOL_H

#include "base/bytes.h"

struct kms_pool {
    char *base;
    size_t used, cap;
    bool full; /* something did not fit: what was handed out is of no use */
};

/* n zeroed elements of size bytes, or NULL (pool full). n may be 0. */
void *kms_pool_alloc(struct kms_pool *pool, size_t n, size_t size);
/* A copy of s; absent when it did not fit. */
struct kms_str kms_pool_str(struct kms_pool *pool, struct kms_str s);
/* A copy with ASCII letters in lower case. */
struct kms_str kms_pool_lower(struct kms_pool *pool, struct kms_str s);

#endif
