#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/disk.h"

enum { PATH_BYTES = 4096 };

static enum kms_rc fail(const char *path)
{
    return kms_err(KMS_E_IO, "%s: %s", path, strerror(errno));
}

/* The directory of path into dir[PATH_BYTES]. */
static enum kms_rc parent_of(const char *path, char *dir)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == path ? 1 : slash != NULL ? (size_t)(slash - path) : 1;

    if (n >= PATH_BYTES)
        return kms_err(KMS_E_IO, "%s: the path is too long", path);
    memcpy(dir, slash != NULL ? path : ".", n);
    dir[n] = '\0';
    return KMS_OK;
}

enum kms_rc kms_disk_sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err;

    if (fd < 0)
        return fail(path);
    err = fsync(fd) != 0 ? errno : 0;
    close(fd);
    errno = err;
    return err == 0 ? KMS_OK : fail(path);
}

static enum kms_rc sync_parent(const char *path)
{
    char dir[PATH_BYTES];

    KMS_TRY(parent_of(path, dir));
    return kms_disk_sync_dir(dir);
}

static bool write_all(int fd, struct kms_bytes data)
{
    while (data.n != 0) {
        ssize_t n = write(fd, data.p, data.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data.p += n;
        data.n -= (size_t)n;
    }
    return true;
}

/* Writes path whole; removes it again when that fails, and keeps the first errno. */
enum kms_rc kms_disk_fill(const char *path, struct kms_bytes data, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int err = 0;

    if (fd < 0)
        return fail(path);
    if (!write_all(fd, data) || fchmod(fd, mode) != 0 || fsync(fd) != 0)
        err = errno;
    if (close(fd) != 0 && err == 0)
        err = errno;
    if (err == 0)
        return KMS_OK;
    unlink(path);
    errno = err;
    return fail(path);
}

/* A rename that refuses to replace; a link where the file system knows no such thing. */
static bool rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return link(from, to) == 0 && unlink(from) == 0;
}

static enum kms_rc put(const char *path, struct kms_bytes data, mode_t mode, bool fresh)
{
    char tmp[PATH_BYTES];
    uint64_t r;
    int n, err;

    if (getrandom(&r, sizeof r, 0) != sizeof r)
        return fail(path);
    n = snprintf(tmp, sizeof tmp, "%s.%016llx.tmp", path, (unsigned long long)r);
    if (n < 0 || (size_t)n >= sizeof tmp)
        return kms_err(KMS_E_IO, "%s: the path is too long", path);
    KMS_TRY(kms_disk_fill(tmp, data, mode));
    if (!(fresh ? rename_new(tmp, path) : rename(tmp, path) == 0)) {
        err = errno;
        unlink(tmp);
        errno = err;
        return fail(path);
    }
    return sync_parent(path);
}

enum kms_rc kms_disk_make(const char *path, struct kms_bytes data, mode_t mode)
{
    return put(path, data, mode, true);
}

enum kms_rc kms_disk_replace(const char *path, struct kms_bytes data, mode_t mode)
{
    return put(path, data, mode, false);
}

enum kms_rc kms_disk_read(const char *path, size_t max, struct kms_buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t total = 0;

    if (fd < 0)
        return fail(path);
    for (;;) {
        uint8_t part[4096];
        ssize_t n = read(fd, part, sizeof part);

        if (n < 0 && errno == EINTR)
            continue;
        if (n > 0) {
            kms_buf_add(out, part, (size_t)n);
            kms_wipe(part, sizeof part);
            total += (size_t)n;
        }
        if (n <= 0 || total > max) {
            int err = n < 0 ? errno : 0;

            close(fd);
            errno = err;
            if (n < 0)
                return fail(path);
            break;
        }
    }
    if (total > max)
        return kms_err(KMS_E_IO, "%s: longer than %zu bytes", path, max);
    return kms_buf_ok(out);
}

bool kms_disk_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

enum kms_rc kms_disk_make_dir(const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) == 0)
        return sync_parent(path);
    if (errno != EEXIST)
        return fail(path);
    if (stat(path, &st) != 0)
        return fail(path);
    if (!S_ISDIR(st.st_mode))
        return kms_err(KMS_E_IO, "%s: is there, but not a directory", path);
    return KMS_OK;
}

enum kms_rc kms_disk_move_dir(const char *from, const char *to)
{
    bool moved = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0;

    if (!moved && (errno == EINVAL || errno == ENOSYS) && !kms_disk_exists(to))
        moved = rename(from, to) == 0;
    if (!moved)
        return fail(to);
    return sync_parent(to);
}
