/*
 * workers.h - threads for slow work, behind a bounded queue.
 *
 * A full queue is an answer (ThrottlingException), not a wait: the caller learns it at
 * once and an event thread is never held.
 */
#ifndef KMS_DISPATCH_WORKERS_H
#define KMS_DISPATCH_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/own.h"

/*
 * A piece of work, in the caller's memory until done. Both run in a thread of the
 * workers. While many tasks wait, a thread first runs a few and then ends them all, so
 * that their records go to the disk together: a flush for each costs as much CPU time as
 * everything else about a signature but the signing.
 */
struct kms_task {
    bool (*run)(struct kms_task *task);  /* false when the task has gone elsewhere */
    void (*done)(struct kms_task *task); /* hands on what run made; may free the task */
    struct kms_task *next;               /* the workers' */
};

struct kms_workers;
KMS_OWNED(workers); /* runs what is queued, then ends its threads */

/* together: how many tasks a thread may run before it ends the first; 1: none waits. */
KMS_RC kms_workers_new(size_t threads, size_t queue_max, size_t together,
                       struct kms_workers **out);
/* False when the queue is full: the task is not taken. */
bool kms_workers_submit(struct kms_workers *workers, struct kms_task *task);

#endif
