#include <getopt.h>
#include <string.h>

#include "kmsd/options.h"

enum opt {
    OPT_CONFIG = 1,
    OPT_DEV,
    OPT_DATA,
    OPT_HTTP,
    OPT_HTTPS,
    OPT_ACCOUNT,
    OPT_REGION,
    OPT_IDENTITIES,
    OPT_NO_AUTHZ,
    OPT_HELP,
    OPT_VERSION
};

static const struct option table[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"dev", no_argument, NULL, OPT_DEV},
    {"data", required_argument, NULL, OPT_DATA},
    {"http", required_argument, NULL, OPT_HTTP},
    {"https", required_argument, NULL, OPT_HTTPS},
    {"account", required_argument, NULL, OPT_ACCOUNT},
    {"region", required_argument, NULL, OPT_REGION},
    {"identities", required_argument, NULL, OPT_IDENTITIES},
    {"no-authz", no_argument, NULL, OPT_NO_AUTHZ},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

/* A line of the text is a line here. */
/* clang-format off */
static const char help[] =
    "usage: kmsd --config FILE\n"
    "       kmsd --dev [--data DIR] [--http ADDR:PORT] [--https ADDR:PORT]\n"
    "            [--account ID] [--region NAME] [--identities FILE] [--no-authz]\n"
    "\n"
    "  --config FILE      serve the installation that FILE describes; kmsctl init\n"
    "                     makes one\n"
    "  --dev              serve on loopback for tests: any credential, test hooks,\n"
    "                     a plain listener besides the one with mutual TLS\n"
    "  --data DIR         keep the dev data here, made when it is not there;\n"
    "                     default: a temporary directory, removed at exit\n"
    "  --http ADDR:PORT   default 127.0.0.1:8080; port 0 takes a free one, off none\n"
    "  --https ADDR:PORT  default 127.0.0.1:8443\n"
    "  --account ID       of callers that name none; default 111122223333\n"
    "  --region NAME      of requests without a credential scope; default us-east-1\n"
    "  --identities FILE  users, roles and their policies; who is not in it may do\n"
    "                     everything as far as IAM goes; default: identities.yaml of\n"
    "                     the data directory, if it is there\n"
    "  --no-authz         let every caller do everything: key policies, grants and\n"
    "                     identities are not looked at\n"
    "  --help, --version\n"
    "\n"
    "When it serves, kmsd prints one line of JSON on standard output; its log goes\n"
    "to standard error. SIGTERM stops it, SIGHUP makes it read its certificates\n"
    "and identities again. Exit status: 0 stopped as asked, 1 failed while serving,\n"
    "2 usage, 78 configuration or installation not usable.\n";
/* clang-format on */

const char *kms_options_help(void)
{
    return help;
}

static enum kms_rc put(const char **slot, const char *name)
{
    if (*slot != NULL)
        return kms_err(KMS_E_USAGE, "--%s is given twice", name);
    if (optarg[0] == '\0')
        return kms_err(KMS_E_USAGE, "--%s needs a value", name);
    *slot = optarg;
    return KMS_OK;
}

static enum kms_rc take(struct kms_options *o, bool *dev, int opt, const char *name)
{
    switch (opt) {
    case OPT_CONFIG:
        return put(&o->config, name);
    case OPT_DEV:
        *dev = true;
        return KMS_OK;
    case OPT_DATA:
        return put(&o->dev.data, name);
    case OPT_HTTP:
        return put(&o->dev.http, name);
    case OPT_HTTPS:
        return put(&o->dev.https, name);
    case OPT_ACCOUNT:
        return put(&o->dev.account, name);
    case OPT_REGION:
        return put(&o->dev.region, name);
    case OPT_IDENTITIES:
        return put(&o->dev.identities, name);
    case OPT_NO_AUTHZ:
        o->dev.no_authz = true;
        return KMS_OK;
    case OPT_HELP:
        o->mode = KMS_MODE_HELP;
        return KMS_OK;
    case OPT_VERSION:
        o->mode = KMS_MODE_VERSION;
        return KMS_OK;
    default:
        return kms_err(KMS_E_USAGE, "%s: unknown, or without its value", name);
    }
}

enum kms_rc kms_options_parse(int argc, char **argv, struct kms_options *out)
{
    struct kms_options o = {.mode = KMS_MODE_FILE};
    const struct kms_dev_opts none = {0};
    bool dev = false;
    int opt, at = 0;

    opterr = 0;
    while ((opt = getopt_long(argc, argv, "", table, &at)) != -1)
        KMS_TRY(take(&o, &dev, opt, opt == '?' ? argv[optind - 1] : table[at].name));
    if (o.mode != KMS_MODE_FILE) {
        *out = o;
        return KMS_OK;
    }
    if (optind < argc)
        return kms_err(KMS_E_USAGE, "\"%s\" is no option", argv[optind]);
    if (dev == (o.config != NULL))
        return kms_err(KMS_E_USAGE, "give one of --config FILE and --dev");
    if (!dev && memcmp(&o.dev, &none, sizeof none) != 0)
        return kms_err(KMS_E_USAGE, "only --dev takes other options; write them into %s",
                       o.config);
    if (dev)
        o.mode = KMS_MODE_DEV;
    *out = o;
    return KMS_OK;
}
