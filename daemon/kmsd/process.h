/* process.h - what kmsd does to its own process before it holds a secret, and at its end.
 */
#ifndef KMSD_PROCESS_H
#define KMSD_PROCESS_H

#include "base/err.h"

/*
 * No core dumps, no ptrace and no other readers of /proc/self/mem, umask 077, SIGPIPE
 * ignored, as many locked pages and files as the hard limits allow. Standard input,
 * output and error are open afterwards.
 */
KMS_RC kms_process_harden(void);

/* Block SIGTERM, SIGINT, SIGHUP in this thread and all made later; *fd tells them. */
KMS_RC kms_process_signals(int *fd);

/*
 * Tell the service manager "READY=1", "RELOADING=1", "STOPPING=1" (sd_notify(3)); nothing
 * happens without $NOTIFY_SOCKET.
 */
void kms_process_notify(const char *state);

/* A new directory for dev data, mode 0700, under $TMPDIR or /tmp; free() it. */
KMS_RC kms_process_temp_dir(char **out);
/* Remove such a directory with all that is in it; symbolic links are not followed. */
void kms_process_remove_dir(const char *path);

#endif
