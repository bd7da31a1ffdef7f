/*
 * admin.h - the socket that kmsctl talks to.
 *
 * One line in, a command and perhaps a JSON object behind a space; one line of JSON out,
 * then the end. Whoever is neither root nor the user the daemon runs as (SO_PEERCRED) is
 * not answered.
 */
#ifndef KMSD_ADMIN_H
#define KMSD_ADMIN_H

#include "base/buf.h"
#include "base/own.h"

struct kms_admin;
KMS_OWNED(admin); /* ends the thread, removes the socket */

struct kms_admin_opts {
    const char *path; /* a socket left by a daemon before is replaced */
    /* Called in the admin thread; writes one JSON value, or is false: no such command. */
    bool (*command)(void *arg, struct kms_str name, struct kms_str json,
                    struct kms_buf *out);
    void *arg;
};

KMS_RC kms_admin_open(const struct kms_admin_opts *opts, struct kms_admin **out);

#endif
