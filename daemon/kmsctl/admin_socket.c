#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "kmsctl/admin_socket.h"

enum { REPLY_MAX = 16 * 1024 * 1024, TIMEOUT_S = 30 };

static enum kms_rc connect_to(const char *path, int *out)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int fd, err;

    if (strlen(path) >= sizeof to.sun_path)
        return kms_err(KMS_E_USAGE, "%s: too long for the name of a socket", path);
    memcpy(to.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return kms_err(KMS_E_IO, "no socket: %s", strerror(errno));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        err = errno;
        close(fd);
        if (err == ENOENT || err == ECONNREFUSED)
            return kms_err(KMS_E_IO, "no kmsd runs here: nobody listens at %s", path);
        return kms_err(KMS_E_IO, "%s: %s", path, strerror(err));
    }
    *out = fd;
    return KMS_OK;
}

/* All of the line, whatever the socket takes at a time. */
static enum kms_rc send_all(int fd, const char *path, struct kms_bytes line)
{
    while (line.n != 0) {
        ssize_t n = send(fd, line.p, line.n, MSG_NOSIGNAL);

        if (n <= 0)
            return kms_err(KMS_E_IO, "%s: %s", path, strerror(errno));
        line = (struct kms_bytes){line.p + n, line.n - (size_t)n};
    }
    return KMS_OK;
}

static enum kms_rc exchange(int fd, const char *path, struct kms_bytes line,
                            struct kms_buf *reply)
{
    ssize_t n;

    KMS_TRY(send_all(fd, path, line));
    do {
        uint8_t part[4096];

        n = recv(fd, part, sizeof part, 0);
        if (n > 0)
            kms_buf_add(reply, part, (size_t)n);
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (n < 0)
        return kms_err(KMS_E_IO, "%s: %s", path,
                       errno == EAGAIN ? "no answer in time" : strerror(errno));
    if (reply->n == 0)
        return kms_err(KMS_E_IO, "%s: kmsd answers root and its own user only", path);
    return kms_buf_ok(reply);
}

static enum kms_rc ask(const char *path, struct kms_bytes line, struct kms_buf *reply)
{
    enum kms_rc rc;
    int fd = -1;

    KMS_TRY(connect_to(path, &fd));
    rc = exchange(fd, path, line, reply);
    close(fd);
    return rc;
}

static enum kms_rc socket_path(const struct kms_opts *o, char *path, size_t max)
{
    KMS_AUTO(site) site = NULL;
    int n;

    if (kms_opts_get(o, "socket") != NULL) {
        n = snprintf(path, max, "%s", kms_opts_get(o, "socket"));
    } else {
        KMS_TRY(kms_site_open(o, &site));
        if (site->config != NULL)
            n = snprintf(path, max, "%s", site->config->admin_socket);
        else
            n = snprintf(path, max, "%s/admin.sock", site->data);
    }
    if (n < 0 || (size_t)n >= max)
        return kms_err(KMS_E_USAGE, "the path of the socket is too long");
    return KMS_OK;
}

/* One line: whatever could break it is escaped. */
static enum kms_rc line_of(const char *command, json_t *with, struct kms_buf *out)
{
    char *text = with != NULL ? json_dumps(with, JSON_COMPACT) : NULL;

    if (with != NULL && text == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    kms_buf_z(out, command);
    if (text != NULL) {
        kms_buf_byte(out, ' ');
        kms_buf_z(out, text);
    }
    kms_buf_byte(out, '\n');
    free(text);
    return kms_buf_ok(out);
}

enum kms_rc kms_admin_ask(const struct kms_opts *o, const char *command, json_t *with,
                          struct kms_buf *reply, json_t **json)
{
    KMS_AUTO_BUF line = {0};
    KMS_AUTO_JSON answer = NULL;
    struct kms_str text;
    char path[4096];

    reply->max = REPLY_MAX;
    KMS_TRY(socket_path(o, path, sizeof path));
    KMS_TRY(line_of(command, with, &line));
    KMS_TRY(ask(path, kms_buf_view(&line), reply));
    text = kms_buf_text(reply);
    answer = json_loadb(text.p, text.n, 0, NULL);
    if (!json_is_object(answer))
        return kms_err(KMS_E_IO, "%s: the answer is no JSON: %.*s", path,
                       (int)(text.n < 256 ? text.n : 256), text.p);
    if (json_is_string(json_object_get(answer, "error")))
        return kms_err(KMS_E_IO, "%s",
                       json_string_value(json_object_get(answer, "error")));
    *json = KMS_TAKE(answer);
    return KMS_OK;
}
