/* thread.h - threads of the daemon, and the clock they wait by. */
#ifndef KMS_BASE_THREAD_H
#define KMS_BASE_THREAD_H

#include <pthread.h>

#include "base/err.h"

/*
 * Start a thread that takes no signals: those are the main thread's. name, at most 15
 * bytes, is what top and debuggers show. KMS_E_NOMEM when the system has no more.
 */
KMS_RC kms_thread_start(pthread_t *thread, const char *name, void *(*body)(void *),
                        void *arg);

/* A condition whose timed waits are by the monotonic clock, as kms_clock_mono_us. */
void kms_thread_cond_init(pthread_cond_t *cond);

#endif
