#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "kmsd/process.h"

static void raise_limit(__rlimit_resource_t what)
{
    struct rlimit limit;

    /* Locked pages and files are wanted, not needed: status tells when there are too few.
     */
    if (getrlimit(what, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(what, &limit);
    }
}

/* A file opened later must not become standard output by taking its place. */
static enum kms_rc fill_standard_files(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return kms_err(KMS_E_IO, "/dev/null: %s", strerror(errno));
    close(fd);
    return KMS_OK;
}

enum kms_rc kms_process_harden(void)
{
    const struct rlimit none = {0, 0};

    umask(077);
    KMS_TRY(fill_standard_files());
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return kms_err(KMS_E_IO, "cannot turn core dumps off: %s", strerror(errno));
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return kms_err(KMS_E_IO, "cannot ignore SIGPIPE: %s", strerror(errno));
    raise_limit(RLIMIT_MEMLOCK);
    raise_limit(RLIMIT_NOFILE);
    return KMS_OK;
}

enum kms_rc kms_process_signals(int *fd)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
        (*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
        return kms_err(KMS_E_IO, "cannot take signals: %s", strerror(errno));
    return KMS_OK;
}

void kms_process_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = path != NULL ? strlen(path) : 0;
    int fd;

    if (n == 0 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@')
        to.sun_path[0] = '\0'; /* the abstract name space */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(fd);
}

/*
 * Data that ends with the process is better kept in memory than on a disk: it starts
 * faster, and leaves nothing behind after a power cut. Where there is little room, as in
 * many containers, it is not.
 */
static const char *temp_base(void)
{
    static const char memory[] = "/dev/shm";
    const uint64_t enough = UINT64_C(512) * 1024 * 1024;
    const char *base = getenv("TMPDIR");
    struct statvfs st;

    if (base != NULL && base[0] == '/')
        return base;
    if (statvfs(memory, &st) == 0 && (uint64_t)st.f_bavail * st.f_frsize >= enough &&
        access(memory, W_OK) == 0)
        return memory;
    return "/tmp";
}

enum kms_rc kms_process_temp_dir(char **out)
{
    const char *base = temp_base();
    char path[256];
    int n;

    n = snprintf(path, sizeof path, "%s/kmsd-XXXXXX", base);
    if (n < 0 || (size_t)n >= sizeof path)
        return kms_err(KMS_E_CONFIG, "TMPDIR is too long; give --data DIR");
    if (mkdtemp(path) == NULL)
        return kms_err(KMS_E_CONFIG, "%s: %s; give --data DIR", path, strerror(errno));
    *out = strdup(path);
    return *out != NULL ? KMS_OK : kms_err(KMS_E_NOMEM, "out of memory at start");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void kms_process_remove_dir(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
