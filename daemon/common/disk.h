/*
 * disk.h - files and directories that are either wholly there or not at all.
 *
 * A file is written beside its place, synced, renamed into it, and its directory is
 * synced: after a crash at any moment the old content, the new one, or no file is found,
 * and what these functions reported done is on stable storage. What a crash may leave is
 * a file named "<path>.<random>.tmp", which nothing reads.
 *
 * Every error is KMS_E_IO with the path and the system's word, unless said otherwise.
 */
#ifndef KMSD_COMMON_DISK_H
#define KMSD_COMMON_DISK_H

#include <sys/types.h>

#include "base/buf.h"

/* A new file of this mode, whatever the umask; fails when path is there already. */
KMS_RC kms_disk_make(const char *path, struct kms_bytes data, mode_t mode);
/* The same, in the place of whatever file is there. */
KMS_RC kms_disk_replace(const char *path, struct kms_bytes data, mode_t mode);
/*
 * A new file in a directory that has not its name yet: synced, but neither renamed nor is
 * the directory; kms_disk_sync_dir does that once for all, before the directory is moved
 * into its place.
 */
KMS_RC kms_disk_fill(const char *path, struct kms_bytes data, mode_t mode);
/* Appends the content of a file of at most max bytes to out (its error is kept there). */
KMS_RC kms_disk_read(const char *path, size_t max, struct kms_buf *out);
bool kms_disk_exists(const char *path);

/* A directory of mode 0700. One that is there already is fine and keeps its mode. */
KMS_RC kms_disk_make_dir(const char *path);
/* Make the names in a directory durable. */
KMS_RC kms_disk_sync_dir(const char *path);
/* Move a directory to a free name beside it, durably. */
KMS_RC kms_disk_move_dir(const char *from, const char *to);

#endif
