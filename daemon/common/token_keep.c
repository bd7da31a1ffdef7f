#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "common/disk.h"
#include "common/token_keep.h"

enum {
    FILE_MAX = 1024 * 1024,
    GENERATION_LEN = 8 /* a file opens with the number of times it was written */
};

/* One file in both places; rel is "<token>/<file>". */
typedef enum kms_rc file_fn(const char *rel, const char *live, const char *kept);

static bool is_wanted(const char *name)
{
    size_t n = strlen(name);

    return name[0] != '.' && !(n > 5 && strcmp(name + n - 5, ".lock") == 0) &&
           !(n > 4 && strcmp(name + n - 4, ".tmp") == 0);
}

static enum kms_rc io_err(const char *path)
{
    return kms_err(KMS_E_IO, "%s: %s", path, strerror(errno));
}

/* Calls each for the files of one token's directory. */
static enum kms_rc each_file(struct kms_arena *a, const char *from, const char *root,
                             const char *token, file_fn *each)
{
    struct kms_str dir, live, kept, rel;
    enum kms_rc rc = KMS_OK;
    struct dirent *e;
    DIR *d;

    KMS_TRY(kms_arena_fmt(a, &dir, "%s/%s/%s", root, from, token));
    d = opendir(dir.p);
    if (d == NULL)
        return errno == ENOTDIR ? KMS_OK : io_err(dir.p);
    while (rc == KMS_OK && (e = readdir(d)) != NULL) {
        if (!is_wanted(e->d_name))
            continue;
        rc = kms_arena_fmt(a, &rel, "%s/%s", token, e->d_name);
        if (rc == KMS_OK)
            rc = kms_arena_fmt(a, &live, "%s/tokens/%s", root, rel.p);
        if (rc == KMS_OK)
            rc = kms_arena_fmt(a, &kept, "%s/kept/%s", root, rel.p);
        if (rc == KMS_OK)
            rc = each(rel.p, live.p, kept.p);
    }
    closedir(d);
    return rc;
}

/* The same for every token under root/from. */
static enum kms_rc each_token(struct kms_arena *a, const char *from, const char *root,
                              file_fn *each)
{
    enum kms_rc rc = KMS_OK;
    struct kms_str dir, kept;
    struct dirent *e;
    DIR *d;

    KMS_TRY(kms_arena_fmt(a, &dir, "%s/%s", root, from));
    d = opendir(dir.p);
    if (d == NULL)
        return errno == ENOENT ? KMS_OK : io_err(dir.p);
    while (rc == KMS_OK && (e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        rc = kms_arena_fmt(a, &kept, "%s/kept/%s", root, e->d_name);
        if (rc == KMS_OK)
            rc = kms_disk_make_dir(kept.p);
        if (rc == KMS_OK)
            rc = each_file(a, from, root, e->d_name, each);
    }
    closedir(d);
    return rc;
}

static enum kms_rc mend_one(const char *rel, const char *live, const char *kept)
{
    KMS_AUTO_BUF copy = {.max = FILE_MAX};
    struct stat is, was;

    /* One that is gone altogether was removed by somebody: no crash does that. */
    if (stat(live, &is) != 0 || stat(kept, &was) != 0 || is.st_size >= was.st_size)
        return KMS_OK;
    KMS_TRY(kms_disk_read(kept, FILE_MAX, &copy));
    KMS_TRY(kms_disk_replace(live, kms_buf_view(&copy), 0600));
    kms_log_say(KMS_LOG_WARN, "token",
                "%s was cut short by a crash and has been put back from its copy", rel);
    return KMS_OK;
}

/* The same but for how often it was written. */
static bool is_same(struct kms_bytes a, struct kms_bytes b)
{
    return a.n == b.n && (a.n <= GENERATION_LEN ||
                          memcmp(a.p + GENERATION_LEN, b.p + GENERATION_LEN,
                                 a.n - GENERATION_LEN) == 0);
}

static enum kms_rc save_one(const char *rel, const char *live, const char *kept)
{
    KMS_AUTO_BUF now = {.max = FILE_MAX}, copy = {.max = FILE_MAX};

    (void)rel;
    KMS_TRY(kms_disk_read(live, FILE_MAX, &now));
    if (kms_disk_exists(kept)) {
        KMS_TRY(kms_disk_read(kept, FILE_MAX, &copy));
        if (is_same(kms_buf_view(&now), kms_buf_view(&copy)))
            return KMS_OK;
    }
    return kms_disk_replace(kept, kms_buf_view(&now), 0600);
}

enum kms_rc kms_token_keep_mend(const char *data, struct kms_arena *a)
{
    struct kms_str root;

    KMS_TRY(kms_arena_fmt(a, &root, "%s/token", data));
    return each_token(a, "kept", root.p, mend_one);
}

enum kms_rc kms_token_keep_save(const char *data, struct kms_arena *a)
{
    struct kms_str root, kept;

    KMS_TRY(kms_arena_fmt(a, &root, "%s/token", data));
    KMS_TRY(kms_arena_fmt(a, &kept, "%s/kept", root.p));
    KMS_TRY(kms_disk_make_dir(kept.p));
    return each_token(a, "tokens", root.p, save_one);
}
