/* kmsctl status - what the running daemon says about itself. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "kmsctl/site.h"
#include "wire/json.h"

enum { REPLY_MAX = 1024 * 1024, TIMEOUT_S = 10, LABEL = 26 };

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

static enum kms_rc exchange(int fd, const char *path, struct kms_buf *reply)
{
    static const char ask[] = "status\n";
    ssize_t n;

    if (send(fd, ask, sizeof ask - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof ask - 1))
        return kms_err(KMS_E_IO, "%s: %s", path, strerror(errno));
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

static enum kms_rc ask(const char *path, struct kms_buf *reply)
{
    enum kms_rc rc;
    int fd = -1;

    KMS_TRY(connect_to(path, &fd));
    rc = exchange(fd, path, reply);
    close(fd);
    return rc;
}

/* One line a member, those of an object inside indented below its name. */
static void print_members(json_t *object, int indent)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (json_is_object(value)) {
            printf("%*s%s\n", indent, "", name);
            print_members(value, indent + 2);
            continue;
        }
        printf("%*s%-*s ", indent, "", LABEL - indent, name);
        if (json_is_string(value))
            printf("%s", json_string_value(value));
        else
            json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
        putchar('\n');
    }
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

static enum kms_rc run(const struct kms_opts *o)
{
    KMS_AUTO_BUF reply = {.max = REPLY_MAX};
    KMS_AUTO_JSON json = NULL;
    struct kms_str text;
    char path[4096];

    KMS_TRY(socket_path(o, path, sizeof path));
    KMS_TRY(ask(path, &reply));
    text = kms_buf_text(&reply);
    if (kms_json_parse(kms_buf_view(&reply), &json, NULL) != KMS_OK)
        return kms_err(KMS_E_IO, "%s: the answer is no JSON: %.*s", path, KMS_FMT(text));
    if (kms_opts_get(o, "json") != NULL)
        printf("%.*s%s", KMS_FMT(text), text.p[text.n - 1] == '\n' ? "" : "\n");
    else
        print_members(json, 0);
    return KMS_OK;
}

static const struct kms_opt opts[] = {
    KMS_SITE_OPT,
    {"socket", "PATH",
     "the admin socket; default: as DIR/kmsd.yaml says, else\n"
     "DIR/admin.sock",
     KMS_OPT_ONCE},
    {"json", NULL, "the answer as it comes, one JSON object", KMS_OPT_ONCE},
};

const struct kms_cmd kms_cmd_status = {
    .name = "status",
    .operands = "",
    .summary = "ask a running kmsd how it is",
    .about =
        "Asks the daemon over its admin socket and prints what it says. Needs to be\n"
        "root or the user kmsd runs as. Exits with 1 when no daemon answers.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .run = run,
};
