/* file.h - the database as a file: made private, locked against a second daemon. */
#ifndef KMS_STORE_FILE_H
#define KMS_STORE_FILE_H

#include "base/err.h"

/*
 * Make an empty file at path, mode 0600 whatever the umask, and its directory entry
 * durable. KMS_E_ALREADY_EXISTS when something is there.
 */
KMS_RC kms_file_create(const char *path);
/*
 * Take the database for this process: a lock on the file until *fd is closed, and mode
 * 0600 on it and on the log files beside it. KMS_E_BUSY when another process has it.
 * Open it before SQLite opens the file and close it after, since closing any descriptor
 * of a file drops the locks SQLite holds on it.
 */
KMS_RC kms_file_claim(const char *path, int *fd);
/* Remove the database and the log files beside it. What is not there is fine. */
void kms_file_remove(const char *path);
/* Make the contents of a file and its directory entry durable. */
KMS_RC kms_file_sync(const char *path);

#endif
