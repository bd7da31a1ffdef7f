#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/thread.h"

enum kms_rc kms_thread_start(pthread_t *thread, const char *name, void *(*body)(void *),
                             void *arg)
{
    sigset_t all, before;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(thread, NULL, body, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r != 0)
        return kms_err(KMS_E_NOMEM, "cannot start a thread: %s", strerror(r));
    pthread_setname_np(*thread, name);
    return KMS_OK;
}

void kms_thread_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}
