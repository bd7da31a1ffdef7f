#include <stdio.h>

#include "common/disk.h"
#include "kmsd/roots.h"

enum { FILE_MAX = 256 * 1024 };

/* The file to read; false when there is none. */
static bool path_of(const struct kms_config *c, char *path, size_t n)
{
    if (c->attestation_roots != NULL)
        return (size_t)snprintf(path, n, "%s", c->attestation_roots) < n;
    if (!c->dev)
        return false;
    return (size_t)snprintf(path, n, "%s/pki/attestation-root.pem", c->data) < n &&
           kms_disk_exists(path);
}

enum kms_rc kms_roots_load(const struct kms_config *config, struct kms_attest_roots **out)
{
    KMS_AUTO_BUF pem = {0};
    KMS_AUTO(arena) a = NULL;
    struct kms_str why = {NULL, 0};
    char path[4096];
    enum kms_rc rc;

    *out = NULL;
    if (!path_of(config, path, sizeof path))
        return KMS_OK;
    KMS_TRY(kms_disk_read(path, FILE_MAX, &pem));
    rc = kms_attest_roots_load(kms_buf_view(&pem), out);
    if (rc != KMS_E_CONFIG)
        return rc;
    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_arena_fmt(a, &why, "%s", kms_err_note(rc)));
    return kms_err(rc, "%s: %.*s", path, KMS_FMT(why));
}
