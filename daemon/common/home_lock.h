/* home_lock.h - one process at a time works on an installation. */
#ifndef KMSD_COMMON_HOME_LOCK_H
#define KMSD_COMMON_HOME_LOCK_H

#include "base/err.h"

/*
 * Take DATA/lock (flock; made when it is not there) until *fd is closed or the process
 * dies. KMS_E_BUSY names the process that holds it.
 */
KMS_RC kms_home_lock(const char *data, int *fd);

#endif
