/* admin_socket.h - asks the running daemon over its admin socket. */
#ifndef KMSD_KMSCTL_ADMIN_SOCKET_H
#define KMSD_KMSCTL_ADMIN_SOCKET_H

#include "base/buf.h"
#include "kmsctl/site.h"
#include "wire/json.h"

/* The row of the option that names the socket. */
#define KMS_SOCKET_OPT                                                                   \
    {                                                                                    \
        "socket", "PATH",                                                                \
            "the admin socket; default: as DIR/kmsd.yaml says, else\n"                   \
            "DIR/admin.sock",                                                            \
            KMS_OPT_ONCE                                                                 \
    }

/*
 * Send a command, with an object or NULL, and take the answer: as it came in reply, and
 * parsed. KMS_E_IO with the daemon's words when it refuses.
 */
KMS_RC kms_admin_ask(const struct kms_opts *o, const char *command, json_t *with,
                     struct kms_buf *reply, json_t **json);

#endif
