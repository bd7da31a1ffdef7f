/* listen.h - a bound, listening TCP socket. */
#ifndef KMSD_LISTEN_H
#define KMSD_LISTEN_H

#include "common/address.h"

/*
 * Bind and listen; the socket is non-blocking and closed on exec. *bound is *wanted with
 * port 0 resolved. KMS_E_CONFIG with what to do when the address is taken or not ours.
 */
KMS_RC kms_listen_open(const struct kms_address *wanted, int *fd,
                       struct kms_address *bound);

#endif
