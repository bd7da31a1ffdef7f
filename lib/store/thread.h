/* thread.h - the store's own threads. */
#ifndef KMS_STORE_THREAD_H
#define KMS_STORE_THREAD_H

#include <pthread.h>

#include "base/err.h"

/* Start a thread that takes no signals: those are the daemon's main thread's. */
KMS_RC kms_thread_start(pthread_t *thread, const char *name, void *(*body)(void *),
                        void *arg);

#endif
