/*
 * pool.h - threads for slow work, behind a bounded queue.
 *
 * A full queue is an answer (ThrottlingException), not a wait: the caller learns it at
 * once and an event thread is never held.
 */
#ifndef KMS_DISPATCH_POOL_H
#define KMS_DISPATCH_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/own.h"

struct kms_task {
    void (*run)(struct kms_task *task); /* in a thread of the pool; may free the task */
    struct kms_task *next;              /* the pool's */
};

struct kms_pool;
KMS_OWNED(pool); /* runs what is queued, then ends its threads */

KMS_RC kms_pool_new(size_t threads, size_t queue_max, struct kms_pool **out);
/* False when the queue is full: the task is not taken. */
bool kms_pool_submit(struct kms_pool *pool, struct kms_task *task);

#endif
