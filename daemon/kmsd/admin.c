#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/thread.h"
#include "kmsd/admin.h"

enum { TALK_TIMEOUT_S = 2, LINE_MAX_BYTES = 65536 };

struct kms_admin {
    struct kms_admin_opts opts;
    int fd, stop_fd;
    bool bound, running;
    pthread_t thread;
    char line[LINE_MAX_BYTES]; /* of the one who is talked to */
};

void kms_admin_free(struct kms_admin *a)
{
    const uint64_t one = 1;

    if (a == NULL)
        return;
    if (a->running && write(a->stop_fd, &one, sizeof one) == (ssize_t)sizeof one)
        pthread_join(a->thread, NULL);
    if (a->bound)
        unlink(a->opts.path);
    if (a->fd >= 0)
        close(a->fd);
    if (a->stop_fd >= 0)
        close(a->stop_fd);
    free(a);
}

static bool may_ask(int fd)
{
    struct ucred who;
    socklen_t n = sizeof who;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 || n != sizeof who)
        return false;
    return who.uid == 0 || who.uid == geteuid();
}

/* A line without its end; false when none came in time or it is too long. */
static bool read_line(int fd, char line[LINE_MAX_BYTES])
{
    size_t n = 0;

    while (n < LINE_MAX_BYTES) {
        ssize_t got = recv(fd, line + n, LINE_MAX_BYTES - n, 0);
        char *end;

        if (got <= 0)
            return false;
        end = memchr(line + n, '\n', (size_t)got);
        if (end != NULL) {
            *end = '\0';
            return true;
        }
        n += (size_t)got;
    }
    return false;
}

static void send_all(int fd, struct kms_bytes data)
{
    while (data.n != 0) {
        ssize_t sent = send(fd, data.p, data.n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        data = (struct kms_bytes){data.p + sent, data.n - (size_t)sent};
    }
}

static void answer(struct kms_admin *a, const char *line, struct kms_buf *reply)
{
    const char *space = strchr(line, ' ');
    struct kms_str name = kms_str_of(line), json = {NULL, 0};

    if (space != NULL) {
        name.n = (size_t)(space - line);
        json = kms_str_of(space + 1);
    }
    if (!a->opts.command(a->opts.arg, name, json, reply))
        kms_buf_z(reply, "{\"error\":\"unknown command\"}");
    kms_buf_byte(reply, '\n');
}

static void talk(struct kms_admin *a, int fd)
{
    const struct timeval timeout = {.tv_sec = TALK_TIMEOUT_S};
    KMS_AUTO_BUF reply = {0};

    if (!may_ask(fd)) {
        kms_log_say(KMS_LOG_WARN, "admin", "refused: another user's process");
        return;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (!read_line(fd, a->line))
        return;
    answer(a, a->line, &reply);
    kms_wipe(a->line, sizeof a->line);
    if (!reply.bad)
        send_all(fd, kms_buf_view(&reply));
}

static void *serve(void *arg)
{
    struct kms_admin *a = arg;
    struct pollfd fds[2] = {{.fd = a->fd, .events = POLLIN},
                            {.fd = a->stop_fd, .events = POLLIN}};

    for (;;) {
        int fd;

        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (fds[1].revents != 0)
            return NULL;
        if ((fds[0].revents & POLLIN) == 0)
            continue;
        fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            talk(a, fd);
            close(fd);
        }
    }
}

/* Only a socket is removed: whatever else lies there is somebody's. */
static enum kms_rc clear_place(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? KMS_OK
                               : kms_err(KMS_E_CONFIG, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return kms_err(KMS_E_CONFIG, "%s: is there and no socket; set admin_socket",
                       path);
    return unlink(path) == 0 ? KMS_OK
                             : kms_err(KMS_E_CONFIG, "%s: %s", path, strerror(errno));
}

static enum kms_rc bind_socket(struct kms_admin *a)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t n = strlen(a->opts.path);

    if (n >= sizeof at.sun_path)
        return kms_err(KMS_E_CONFIG,
                       "%s: longer than a socket's name may be; set admin_socket or a "
                       "shorter data directory",
                       a->opts.path);
    memcpy(at.sun_path, a->opts.path, n + 1);
    KMS_TRY(clear_place(a->opts.path));
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (a->fd < 0 || bind(a->fd, (const struct sockaddr *)&at, sizeof at) != 0)
        return kms_err(KMS_E_CONFIG, "%s: %s", a->opts.path, strerror(errno));
    a->bound = true;
    /* The umask has made it 0700 already; say so in case somebody changes that. */
    if (chmod(a->opts.path, 0600) != 0 || listen(a->fd, 8) != 0)
        return kms_err(KMS_E_IO, "%s: %s", a->opts.path, strerror(errno));
    return KMS_OK;
}

enum kms_rc kms_admin_open(const struct kms_admin_opts *opts, struct kms_admin **out)
{
    KMS_AUTO(admin) a = calloc(1, sizeof *a);

    if (a == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for the admin socket");
    a->opts = *opts;
    a->fd = -1;
    a->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (a->stop_fd < 0)
        return kms_err(KMS_E_IO, "no eventfd: %s", strerror(errno));
    KMS_TRY(bind_socket(a));
    KMS_TRY(kms_thread_start(&a->thread, "kms-admin", serve, a));
    a->running = true;
    *out = KMS_TAKE(a);
    return KMS_OK;
}
