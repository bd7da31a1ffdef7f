/* kmsctl server-cert - what the server shows, anew. */
#include "common/home_pki.h"
#include "kmsctl/site.h"

enum { NAMES_MAX = 33 };

static enum kms_rc run(const struct kms_opts *o)
{
    const char *dns[NAMES_MAX], *ip[NAMES_MAX], *data;

    KMS_TRY(kms_cmd_data(o, &data));
    KMS_TRY(kms_opts_all(o, "dns", dns, NAMES_MAX));
    KMS_TRY(kms_opts_all(o, "ip", ip, NAMES_MAX));
    KMS_TRY(kms_home_issue_server(data, &(struct kms_home_names){.dns = dns, .ip = ip}));
    printf("made %s/pki/server.pem and server.key, valid for %d days\n"
           "a running kmsd takes them on SIGHUP\n",
           data, KMS_LEAF_DAYS);
    return KMS_OK;
}

static const struct kms_opt opts[] = {
    KMS_SITE_OPT,
    {"dns", "NAME", "a name under which clients reach the server; again for more",
     KMS_OPT_MANY},
    {"ip", "ADDR", "an address likewise; localhost, 127.0.0.1 and ::1 are always there",
     KMS_OPT_MANY},
};

const struct kms_cmd kms_cmd_server_cert = {
    .name = "server-cert",
    .operands = "",
    .summary = "replace the server's certificate and key",
    .about = "Makes a new key and certificate for the server, DIR/pki/server.pem and\n"
             "server.key, signed by the CA of the installation (DIR/pki/ca.key), in the\n"
             "place of the old ones. Give every name again.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .run = run,
};
