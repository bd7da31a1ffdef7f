#include <signal.h>
#include <string.h>

#include "store/thread.h"

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
