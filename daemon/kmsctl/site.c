#include <stdlib.h>

#include "common/disk.h"
#include "kmsctl/site.h"

void kms_site_free(struct kms_site *s)
{
    if (s == NULL)
        return;
    kms_config_free(s->config);
    free(s);
}

enum kms_rc kms_site_open(const struct kms_opts *o, struct kms_site **out)
{
    KMS_AUTO(site) s = calloc(1, sizeof *s);
    char path[4096];
    int n;

    if (s == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    KMS_TRY(kms_cmd_data(o, &s->data));
    s->home = (struct kms_home_opts){.data = s->data, .profile = "dev"};
    n = snprintf(path, sizeof path, "%s/kmsd.yaml", s->data);
    if (n < 0 || (size_t)n >= sizeof path)
        return kms_err(KMS_E_USAGE, "%s: the path is too long", s->data);
    if (kms_disk_exists(path)) {
        KMS_TRY(kms_config_load(path, &s->config));
        s->home.profile = s->config->dev ? "dev" : "server";
        s->home.module = s->config->token_module;
        s->home.label = s->config->token_label;
        s->home.pin_file = s->config->token_pin_file;
    }
    *out = KMS_TAKE(s);
    return KMS_OK;
}
