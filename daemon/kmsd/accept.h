/*
 * accept.h - a thread that accepts for a listener.
 *
 * When event threads wait for new connections themselves, whichever wakes first takes all
 * that are there, and keeps them: one thread may have most of the work and another none.
 * One thread that accepts can deal them out.
 */
#ifndef KMSD_ACCEPT_H
#define KMSD_ACCEPT_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/own.h"

struct kms_acceptor;
/* No connection is taken once this has returned. */
KMS_OWNED(acceptor);

struct kms_acceptor_opts {
    int fd; /* listening and non-blocking; borrowed until the acceptor is freed */
    /* While false clients wait in the system's queue. */
    bool (*has_room)(void *arg);
    /* A new connection, non-blocking and closed on exec; fd is the taker's. */
    void (*take)(void *arg, int fd, const struct sockaddr *addr, socklen_t len);
    void *arg;
};

KMS_RC kms_acceptor_new(const struct kms_acceptor_opts *opts, struct kms_acceptor **out);

#endif
