#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/home_lock.h"

/* The pid in the file is for people; the lock itself is the kernel's. */
static enum kms_rc busy(int fd, const char *data)
{
    char pid[16] = "unknown";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

    if (n > 0)
        pid[strspn(pid, "0123456789")] = '\0';
    return kms_err(KMS_E_BUSY, "%s is in use by process %s; stop it first", data, pid);
}

static enum kms_rc take(int fd, const char *data)
{
    char pid[16];
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());

    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? busy(fd, data)
                   : kms_err(KMS_E_IO, "%s/lock: %s", data, strerror(errno));
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n)
        return kms_err(KMS_E_IO, "%s/lock: %s", data, strerror(errno));
    return KMS_OK;
}

enum kms_rc kms_home_lock(const char *data, int *fd)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/lock", data);
    int lock;
    enum kms_rc rc;

    if (n < 0 || (size_t)n >= sizeof path)
        return kms_err(KMS_E_IO, "%s: the path is too long", data);
    lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0)
        return kms_err(KMS_E_IO, "%s: %s", path, strerror(errno));
    rc = take(lock, data);
    if (rc == KMS_OK)
        *fd = lock;
    else
        close(lock);
    return rc;
}
