/* kmsctl crl - take a client's certificate back. */
#include "base/clock.h"
#include "common/disk.h"
#include "common/home_pki.h"
#include "kmsctl/site.h"

enum { CERT_MAX = 64 * 1024, CRL_MAX = 8 * 1024 * 1024 };

static enum kms_rc run(const struct kms_opts *o)
{
    KMS_AUTO(ca) ca = NULL;
    KMS_AUTO_BUF cert = {0};
    KMS_AUTO_BUF list = {0};
    KMS_AUTO_BUF fresh = {0};
    const char *data, *file = kms_opts_get(o, "revoke");
    char path[4096];
    int n;

    KMS_TRY(kms_cmd_data(o, &data));
    if (file == NULL)
        return kms_err(KMS_E_USAGE, "which certificate? --revoke FILE");
    n = snprintf(path, sizeof path, "%s/pki/crl.pem", data);
    if (n < 0 || (size_t)n >= sizeof path)
        return kms_err(KMS_E_USAGE, "%s: the path is too long", data);
    KMS_TRY(kms_home_ca(data, &ca));
    KMS_TRY(kms_disk_read(file, CERT_MAX, &cert));
    KMS_TRY(kms_disk_read(path, CRL_MAX, &list));
    KMS_TRY(kms_ca_revoke(ca, kms_clock_now_ms(), kms_buf_view(&cert),
                          kms_buf_view(&list), &fresh));
    KMS_TRY(kms_disk_replace(path, kms_buf_view(&fresh), 0644));
    printf("revoked %s in %s\n"
           "a running kmsd refuses it after SIGHUP; connections that are open go on\n",
           file, path);
    return KMS_OK;
}

static const struct kms_opt opts[] = {
    KMS_SITE_OPT,
    {"revoke", "FILE", "PEM, the client certificate to revoke", KMS_OPT_ONCE},
};

const struct kms_cmd kms_cmd_crl = {
    .name = "crl",
    .operands = "",
    .summary = "revoke a client certificate",
    .about =
        "Adds a certificate to the list of revoked ones, DIR/pki/crl.pem, signed by\n"
        "the CA of the installation (DIR/pki/ca.key). The list is read by kmsd when\n"
        "kmsd.yaml names it (https.crl), as kmsctl init writes it.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .run = run,
};
