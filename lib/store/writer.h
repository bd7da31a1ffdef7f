/* writer.h - the one thread that writes, group after group. */
#ifndef KMS_STORE_WRITER_H
#define KMS_STORE_WRITER_H

#include <pthread.h>

#include "store/store.h"

struct kms_writer {
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;  /* guards everything below */
    pthread_cond_t wake;   /* work for the writer */
    pthread_cond_t folded; /* `served` moved on, or the writer is gone */
    struct kms_job *head, **tail;
    bool stopping;           /* finish the queue, then end */
    bool gone;               /* takes nothing any more */
    uint64_t wanted, served; /* truncations of the log: asked for, dealt with */
    enum kms_rc served_rc;
};

/* Before anything else, also without a start. */
void kms_writer_init(struct kms_writer *w);
KMS_RC kms_writer_start(struct kms_store *s);
/* Runs what is queued, then ends the thread. */
void kms_writer_stop(struct kms_store *s);
void kms_writer_clear(struct kms_writer *w);

#endif
