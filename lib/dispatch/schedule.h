/*
 * schedule.h - time makes things happen: rotations, deletions, records of refusals.
 *
 * What is due is found in the database, never in timers, so it survives a restart and
 * is caught up in the order it was due. One thread waits for the next due moment; each
 * act and its record are one mark of the writer's transaction, so it happens once.
 */
#ifndef KMS_DISPATCH_SCHEDULE_H
#define KMS_DISPATCH_SCHEDULE_H

#include "dispatch/service.h"

struct kms_schedule;
KMS_OWNED(schedule); /* finishes the act at hand, then stops the thread */

KMS_RC kms_schedule_new(struct kms_service *s, struct kms_schedule **out);

/* Something may have become due: a change was committed or the clock was moved. */
void kms_schedule_poke(struct kms_schedule *sch);
/* Poke, and have done(arg) called from the schedule's thread once nothing is due. */
void kms_schedule_settle(struct kms_schedule *sch, void (*done)(void *arg), void *arg);

#endif
