#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/thread.h"
#include "kmsd/accept.h"

/* Until there may be room again, for a connection or for a file descriptor. */
enum { FULL_MS = 5, EXHAUSTED_MS = 100 };

struct kms_acceptor {
    struct kms_acceptor_opts opts;
    int stop_fd;
    bool running;
    bool exhausted; /* the thread's: the last try found no file descriptor, or the like */
    pthread_t thread;
};

void kms_acceptor_free(struct kms_acceptor *a)
{
    const uint64_t one = 1;

    if (a == NULL)
        return;
    if (a->running && write(a->stop_fd, &one, sizeof one) == (ssize_t)sizeof one)
        pthread_join(a->thread, NULL);
    if (a->stop_fd >= 0)
        close(a->stop_fd);
    free(a);
}

/* False when it is time to stop. */
static bool wait_for_clients(const struct kms_acceptor *a)
{
    struct pollfd fds[] = {{.fd = a->stop_fd, .events = POLLIN},
                           {.fd = a->opts.fd, .events = POLLIN}};

    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return fds[0].revents == 0;
}

/* False when it is time to stop before that. */
static bool pause_for(const struct kms_acceptor *a, int ms)
{
    struct pollfd stop = {.fd = a->stop_fd, .events = POLLIN};

    return poll(&stop, 1, ms) == 0;
}

/* Everybody who waits now; the milliseconds to pause before looking again. */
static int take_all(struct kms_acceptor *a)
{
    struct sockaddr_storage addr;
    struct sockaddr *sa = (struct sockaddr *)&addr;
    socklen_t len;
    int fd;

    for (;;) {
        if (!a->opts.has_room(a->opts.arg))
            return FULL_MS;
        len = sizeof addr;
        fd = accept4(a->opts.fd, sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            a->exhausted = false;
            a->opts.take(a->opts.arg, fd, sa, len);
        } else if (errno == EAGAIN)
            return 0;
        else if (errno != EINTR && errno != ECONNABORTED)
            break;
    }
    /* Once, and not ten times a second for as long as it lasts. */
    if (!a->exhausted)
        kms_log_say(KMS_LOG_WARN, "accept", "connections have to wait: %s",
                    strerror(errno));
    a->exhausted = true;
    return EXHAUSTED_MS;
}

static void *body(void *arg)
{
    struct kms_acceptor *a = arg;
    int pause_ms;

    while (wait_for_clients(a)) {
        pause_ms = take_all(a);
        if (pause_ms != 0 && !pause_for(a, pause_ms))
            break;
    }
    return NULL;
}

enum kms_rc kms_acceptor_new(const struct kms_acceptor_opts *opts,
                             struct kms_acceptor **out)
{
    KMS_AUTO(acceptor) a = calloc(1, sizeof *a);

    if (a == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a listener");
    a->opts = *opts;
    a->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (a->stop_fd < 0)
        return kms_err(KMS_E_IO, "no eventfd: %s", strerror(errno));
    KMS_TRY(kms_thread_start(&a->thread, "kms-accept", body, a));
    a->running = true;
    *out = KMS_TAKE(a);
    return KMS_OK;
}
