/* due.h - the work of the schedule: what is due now, done and recorded. */
#ifndef KMS_DISPATCH_DUE_H
#define KMS_DISPATCH_DUE_H

#include "dispatch/service.h"

/*
 * Do everything that is due, in the order it was due, and write the records of refused
 * strangers whose minute is over (all: of every minute). Waits for the commits; never
 * call from the writer or an event thread. After a deletion the write-ahead log is
 * folded in, so that the destroyed bytes are gone from the disk.
 */
KMS_RC kms_due_run(struct kms_service *s, bool all_refusals);

/*
 * Run one job and wait until it is durable or lost. Never from the writer or an event
 * thread.
 */
KMS_RC kms_service_run(struct kms_service *s,
                       KMS_RC (*run)(struct kms_service *s, struct kms_tx *tx, void *arg),
                       void *arg);

#endif
