#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "token/p11.h"

/* SoftHSM2 reads lines of at most this many bytes, and no path with these characters. */
enum { PATH_LEN_MAX = 900 };
#define UNREADABLE "#=\n\r"

const char *kms_token_default_module(void)
{
    static const char *const places[] = {
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

static KMS_RC io_err(const char *path)
{
    return kms_err(KMS_E_IO, "%s: %s", path, strerror(errno));
}

static KMS_RC join(char out[PATH_MAX], const char *dir, const char *name)
{
    int n = snprintf(out, PATH_MAX, "%s%s", dir, name);

    return n >= 0 && n < PATH_MAX ? KMS_OK
                                  : kms_err(KMS_E_IO, "%s: the path is too long", dir);
}

static KMS_RC make_dir(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? KMS_OK : io_err(path);
}

/* Whole or not at all: a crash must not leave a configuration that points nowhere. */
static KMS_RC write_conf(const char *path, const char *text)
{
    char tmp[PATH_MAX];
    size_t n = strlen(text);
    bool ok;
    int fd;

    KMS_TRY(join(tmp, path, ".tmp"));
    fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_err(tmp);
    ok = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    return ok && rename(tmp, path) == 0 ? KMS_OK : io_err(path);
}

/* True when the file holds exactly this text. */
static bool holds(const char *path, const char *text)
{
    char have[2 * PATH_LEN_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return false;
    n = read(fd, have, sizeof have);
    close(fd);
    return n >= 0 && (size_t)n == strlen(text) && memcmp(have, text, (size_t)n) == 0;
}

enum kms_rc kms_token_softhsm_dir(const char *dir)
{
    char root[PATH_MAX], tokens[PATH_MAX], conf[PATH_MAX], text[2 * PATH_MAX];

    KMS_TRY(make_dir(dir));
    if (realpath(dir, root) == NULL)
        return io_err(dir);
    if (strlen(root) > PATH_LEN_MAX || strpbrk(root, UNREADABLE) != NULL)
        return kms_err(
            KMS_E_CONFIG,
            "%s: SoftHSM2 cannot read this path in its configuration; choose a "
            "shorter one without '#', '=' and line ends",
            root);
    KMS_TRY(join(tokens, root, "/tokens"));
    KMS_TRY(join(conf, root, "/softhsm2.conf"));
    KMS_TRY(make_dir(tokens));
    (void)snprintf(text, sizeof text,
                   "# Written by kmsd at every start.\n"
                   "directories.tokendir = %s\n"
                   "objectstore.backend = file\n"
                   "log.level = ERROR\n"
                   "slots.removable = false\n",
                   tokens);
    /* The path is absolute: a directory that was moved gets its new one. */
    if (!holds(conf, text))
        KMS_TRY(write_conf(conf, text));
    return setenv("SOFTHSM2_CONF", conf, 1) == 0
               ? KMS_OK
               : kms_err(KMS_E_NOMEM, "out of memory for SOFTHSM2_CONF");
}

/* The configuration that SoftHSM2 itself reads: see its SimpleConfigLoader. */
static KMS_RC conf_path(char out[PATH_MAX])
{
    const char *env = getenv("SOFTHSM2_CONF"), *home = getenv("HOME");

    if (env != NULL)
        return join(out, env, "");
    if (home != NULL) {
        KMS_TRY(join(out, home, "/.config/softhsm2/softhsm2.conf"));
        if (access(out, R_OK) == 0)
            return KMS_OK;
    }
    return join(out, "/etc/softhsm/softhsm2.conf", "");
}

/* The value of directories.tokendir; SoftHSM2's own default when it is not there. */
static KMS_RC token_dir(char out[PATH_MAX])
{
    char conf[PATH_MAX], line[1024], value[1024];
    enum kms_rc rc;
    FILE *f;

    KMS_TRY(conf_path(conf));
    f = fopen(conf, "re");
    if (f == NULL)
        return io_err(conf);
    rc = join(out, "/var/lib/softhsm/tokens", "");
    while (rc == KMS_OK && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "#\n\r")] = '\0';
        if (sscanf(line, " directories.tokendir = %1023[^\n]", value) != 1)
            continue;
        for (size_t n = strlen(value); n > 0 && value[n - 1] == ' '; n--)
            value[n - 1] = '\0';
        rc = join(out, value, "");
    }
    (void)fclose(f);
    return rc;
}

static int sync_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    int fd, err;

    (void)st;
    (void)ftw;
    if (type != FTW_F && type != FTW_D)
        return 0;
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno;
    err = fsync(fd) != 0 ? errno : 0;
    close(fd);
    return err;
}

enum kms_rc kms_token_sync(struct kms_token *t)
{
    char dir[PATH_MAX], *slash;
    CK_INFO info;
    CK_RV rv = t->p11.fn->C_GetInfo(&info);
    int err;

    if (rv != CKR_OK)
        return kms_p11_err("C_GetInfo", rv);
    if (!kms_str_is(kms_p11_text(info.manufacturerID, sizeof info.manufacturerID),
                    "SoftHSM"))
        return KMS_OK;
    KMS_TRY(token_dir(dir));
    err = nftw(dir, sync_one, 8, FTW_PHYS);
    /* The names leading here may be as new as what they lead to: two levels are ours. */
    for (int up = 0; err == 0 && up < 2 && (slash = strrchr(dir, '/')) != NULL; up++) {
        *slash = '\0';
        err = sync_one(dir[0] != '\0' ? dir : "/", NULL, FTW_D, NULL);
    }
    errno = err < 0 ? errno : err;
    return err == 0 ? KMS_OK : io_err(dir);
}
