/*
 * checkpoint.h - folding the write-ahead log into the database, off the commit path.
 *
 * When the log has grown, a thread of its own copies what is committed into the
 * database (PASSIVE: it blocks nobody) until little is left. What is left the writer
 * copies between two groups, and its next commit starts the log over. Were the thread
 * alone, a busy writer would always be ahead of it and the log would grow for ever.
 */
#ifndef KMS_STORE_CHECKPOINT_H
#define KMS_STORE_CHECKPOINT_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/stmt.h"

struct kms_checkpointer {
    pthread_t thread;
    bool running;
    struct kms_conn *conn; /* the thread's */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool due, stopping;  /* under lock */
    atomic_int frames;   /* pages in the log, as of the last commit */
    atomic_bool settled; /* the thread is done, the rest is the writer's */
    int next_at;         /* the writer's: frames at which the thread is woken */
};

KMS_RC kms_checkpointer_start(struct kms_checkpointer *c, const char *path,
                              struct kms_conn *writer);
/* Ends the thread. abandon: see kms_conn_abandon. Fine when it was never started. */
void kms_checkpointer_stop(struct kms_checkpointer *c, bool abandon);

/* The writer's, between two groups. Failing is harmless: the log stays longer. */
void kms_checkpointer_tend(struct kms_checkpointer *c, struct kms_conn *writer);
/*
 * The writer's, between two groups: fold everything and truncate the log. KMS_E_BUSY
 * when a reader still needs the log.
 */
KMS_RC kms_checkpointer_truncate(struct kms_checkpointer *c, struct kms_conn *writer,
                                 int wait_ms);

#endif
