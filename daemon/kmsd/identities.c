#include <unistd.h>

#include "base/log.h"
#include "common/identities.h"
#include "dispatch/admin.h"
#include "kmsd/daemon.h"

/* The file to read; NULL where nobody named one and there is none. */
static const char *path_of(const struct kms_config *c)
{
    return c->identities_named || access(c->identities, F_OK) == 0 ? c->identities : NULL;
}

enum kms_rc kms_daemon_identities(const struct kms_daemon *d, struct kms_directory **out)
{
    const char *path = path_of(d->config);

    if (path == NULL && !d->config->dev)
        kms_log_say(
            KMS_LOG_WARN, "identities",
            "there is no identities.yaml: only key policies and grants that name a "
            "caller let it do anything");
    return kms_identities_load(path, d->config->dev, out);
}

/* Nothing new: the same file, or still none. A file that is gone is no change but a
 * fault. */
static bool is_old(const struct kms_directory *now, const struct kms_directory *fresh)
{
    return kms_str_eq(kms_directory_digest(now), kms_directory_digest(fresh));
}

static enum kms_rc adopt(struct kms_daemon *d, const char *path, bool *changed)
{
    KMS_AUTO(directory) now = kms_service_directory(d->service);
    KMS_AUTO(directory) fresh = NULL;

    KMS_TRY(kms_identities_load(path, d->config->dev, &fresh));
    *changed = !is_old(now, fresh);
    return *changed ? kms_service_adopt(d->service, KMS_TAKE(fresh)) : KMS_OK;
}

void kms_daemon_reload_identities(struct kms_daemon *d)
{
    KMS_AUTO(directory) now = kms_service_directory(d->service);
    const char *path = path_of(d->config);
    bool changed = false;
    enum kms_rc rc;

    if (path == NULL && kms_directory_digest(now).p == NULL)
        return;
    rc = adopt(d, d->config->identities, &changed);
    if (rc != KMS_OK)
        kms_log_say(KMS_LOG_ERROR, "reload", "the identities stay as they were: %s",
                    kms_err_note(rc));
    else if (changed)
        kms_log_say(KMS_LOG_INFO, "reload", "identities were read again");
}
