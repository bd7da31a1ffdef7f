/*
 * daemon.h - a running kmsd: what it is made of, and its life from start to stop.
 */
#ifndef KMSD_DAEMON_H
#define KMSD_DAEMON_H

#include <stdatomic.h>

#include "common/config.h"
#include "common/home.h"
#include "kmsd/admin.h"
#include "kmsd/front.h"

struct kms_daemon {
    const struct kms_config *config;
    struct kms_home *home;
    struct kms_attest_roots *roots; /* NULL: none is configured */
    struct kms_service *service;
    struct kms_front *front;
    struct kms_front
        *_Atomic serving; /* front, for the thread that sees the store fail */
    struct kms_admin *admin;
    char data[4096];    /* absolute */
    int64_t started_us; /* monotonic */
    int signal_fd;
    int fatal_fd; /* readable once the store has failed */
    atomic_bool sandboxed;
};

/*
 * Serve config until a signal or a failure of the store ends it. The ready line goes to
 * standard output, after which *served is true. KMS_OK: stopped as asked. Afterwards the
 * process has to leave by _exit: the token's library races exit handlers.
 */
KMS_RC kms_daemon_run(const struct kms_config *config, int signal_fd, bool *served);

/*
 * commands.c: the answer to a line of kmsctl, one JSON object or array; errors are
 * {"error":"..."}. arg is the daemon. False: there is no such command.
 */
bool kms_daemon_command(void *arg, struct kms_str name, struct kms_str json,
                        struct kms_buf *out);
/* status.c: one JSON object about the daemon, for kmsctl status. */
void kms_daemon_status(const struct kms_daemon *d, struct kms_buf *out);
/* identities.c: who is who at the start ... */
KMS_RC kms_daemon_identities(const struct kms_daemon *d, struct kms_directory **out);
/*
 * ... and from now on: the file as a whole, or what was before. A change is recorded before
 * it counts; what is wrong is in the log.
 */
void kms_daemon_reload_identities(struct kms_daemon *d);
/* ready.c: the line that says where the daemon serves, with its newline. */
KMS_RC kms_daemon_ready(const struct kms_daemon *d, struct kms_buf *out);
/* "https://localhost:8443": how a client on this machine reaches the listener. */
void kms_daemon_url(const struct kms_address *at, bool tls, char out[80]);

#endif
