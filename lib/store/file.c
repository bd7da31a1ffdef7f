#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/file.h"

enum { PRIVATE = S_IRUSR | S_IWUSR };

static const char *const companions[] = {"", "-wal", "-shm", "-journal"};

static bool beside(const char *path, const char *suffix, char out[PATH_MAX])
{
    return snprintf(out, PATH_MAX, "%s%s", path, suffix) < PATH_MAX;
}

static KMS_RC fail(const char *doing, const char *path)
{
    return kms_err(KMS_E_IO, "cannot %s %s: %s", doing, path, strerror(errno));
}

static KMS_RC sync_fd(int fd, const char *path)
{
    int r = fd < 0 ? -1 : fsync(fd);
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
    return r == 0 ? KMS_OK : fail("sync", path);
}

static KMS_RC sync_dir(const char *path)
{
    char copy[PATH_MAX];

    if (!beside(path, "", copy))
        return kms_err(KMS_E_IO, "the path %s is too long", path);
    return sync_fd(open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC), path);
}

enum kms_rc kms_file_create(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, PRIVATE);

    if (fd < 0 && errno == EEXIST)
        return kms_err(KMS_E_ALREADY_EXISTS, "%s exists already", path);
    if (fd < 0)
        return fail("create", path);
    /* The umask may have taken bits of the owner. */
    if (fchmod(fd, PRIVATE) != 0) {
        close(fd);
        return fail("set the mode of", path);
    }
    close(fd);
    return sync_dir(path);
}

/* Loosened by hand or by a restore: nobody else has a reason to read any of them. */
static KMS_RC make_private(const char *path)
{
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++) {
        char name[PATH_MAX];
        struct stat st;

        if (!beside(path, companions[i], name))
            return kms_err(KMS_E_IO, "the path %s is too long", path);
        if (lstat(name, &st) != 0)
            continue;
        if (!S_ISREG(st.st_mode))
            return kms_err(KMS_E_IO, "%s is not a regular file", name);
        if ((st.st_mode & 07777) != PRIVATE && chmod(name, PRIVATE) != 0)
            return fail("set the mode of", name);
    }
    return KMS_OK;
}

enum kms_rc kms_file_claim(const char *path, int *fd)
{
    int f = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    enum kms_rc rc;

    if (f < 0)
        return fail("open", path);
    rc = flock(f, LOCK_EX | LOCK_NB) == 0 ? make_private(path)
         : errno == EWOULDBLOCK
             ? kms_err(KMS_E_BUSY, "%s is in use by another kmsd", path)
             : fail("lock", path);
    if (rc != KMS_OK) {
        close(f);
        return rc;
    }
    *fd = f;
    return KMS_OK;
}

void kms_file_remove(const char *path)
{
    char name[PATH_MAX];

    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
        if (beside(path, companions[i], name))
            unlink(name);
}

enum kms_rc kms_file_sync(const char *path)
{
    KMS_TRY(sync_fd(open(path, O_RDONLY | O_CLOEXEC), path));
    return sync_dir(path);
}
