/*
 * sandbox.h - what the process gives up once it serves: seccomp(2).
 *
 * Not a list of what is needed: a PKCS#11 module may be anybody's code. It is a list of
 * what nothing in here has reason to do and an intruder has: run programs, fork, trace or
 * read other processes, mount, load modules, open sockets of other families.
 */
#ifndef KMSD_SANDBOX_H
#define KMSD_SANDBOX_H

#include "base/err.h"

/*
 * For all threads, now and later; there is no way back. The refused calls fail with
 * EPERM. KMS_E_IO when the kernel or a container forbids filters: the caller may go on.
 */
KMS_RC kms_sandbox_enter(void);

#endif
