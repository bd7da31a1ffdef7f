#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kmsd/listen.h"

static enum kms_rc complain(const struct kms_address *wanted, int err)
{
    char text[KMS_ADDRESS_TEXT_MAX];
    const char *advice = "";

    kms_address_text(wanted, text);
    if (err == EADDRINUSE)
        advice =
            "; another process listens there: choose another port, or 0 for a free one";
    else if (err == EADDRNOTAVAIL)
        advice = "; this machine does not have that address";
    else if (err == EACCES)
        advice = "; ports below 1024 need CAP_NET_BIND_SERVICE";
    return kms_err(KMS_E_CONFIG, "cannot listen on %s: %s%s", text, strerror(err),
                   advice);
}

/* 0, or the system's error number. */
static int bind_to(int fd, const struct kms_address *wanted, struct kms_address *bound)
{
    const int on = 1;
    struct kms_address got = {.len = sizeof got.sa};

    /* A restart must not wait for the connections of the process before. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return errno;
    /* [::] is IPv6 alone, whatever the system prefers: what is written is what is bound.
     */
    if (wanted->sa.any.sa_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return errno;
    if (bind(fd, &wanted->sa.any, wanted->len) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, &got.sa.any, &got.len) != 0)
        return errno;
    *bound = got;
    return 0;
}

enum kms_rc kms_listen_open(const struct kms_address *wanted, int *fd,
                            struct kms_address *bound)
{
    int s =
        socket(wanted->sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int err = s < 0 ? errno : bind_to(s, wanted, bound);

    if (err != 0) {
        if (s >= 0)
            close(s);
        return complain(wanted, err);
    }
    *fd = s;
    return KMS_OK;
}
