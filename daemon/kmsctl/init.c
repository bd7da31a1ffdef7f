/* kmsctl init - make an installation of the server profile. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/address.h"
#include "common/disk.h"
#include "common/home.h"
#include "common/home_pki.h"
#include "kmsctl/cmd.h"
#include "kmsctl/init_identities.h"

enum { NAMES_MAX = 33 };

struct plan {
    const char *data, *account, *region, *listen, *client;
    const char *module, *label, *pin_file;
    const char *dns[NAMES_MAX], *ip[NAMES_MAX];
};

static const char * or (const char *given, const char *by_default)
{
    return given != NULL ? given : by_default;
}

static bool made_of(const char *text, const char *set, size_t min, size_t max)
{
    size_t n = strlen(text);

    return n >= min && n <= max && strspn(text, set) == n;
}

/* Everything that is only a matter of the command line, before anything is made. */
static enum kms_rc check(const struct plan *p)
{
    struct kms_address listen;

    if (!made_of(p->account, "0123456789", 12, 12))
        return kms_err(KMS_E_USAGE, "--account: \"%s\" is not 12 digits", p->account);
    if (!made_of(p->region, "abcdefghijklmnopqrstuvwxyz0123456789-", 1, 64))
        return kms_err(KMS_E_USAGE, "--region: \"%s\" is not a name like us-east-1",
                       p->region);
    if (kms_address_parse(p->listen, &listen) != KMS_OK)
        return kms_err(KMS_E_USAGE, "--listen takes an address like 127.0.0.1:8443 or "
                                    "[::]:8443");
    if (p->module == NULL && p->label != NULL)
        return kms_err(KMS_E_USAGE, "--label is for a token of --module");
    if (p->module != NULL && p->pin_file == NULL)
        return kms_err(KMS_E_USAGE, "--module needs --pin-file, the token's user PIN");
    return KMS_OK;
}

static enum kms_rc read_plan(const struct kms_opts *o, struct plan *p)
{
    KMS_TRY(kms_cmd_data(o, &p->data));
    p->account = or (kms_opts_get(o, "account"), "111122223333");
    p->region = or (kms_opts_get(o, "region"), "us-east-1");
    p->listen = or (kms_opts_get(o, "listen"), "127.0.0.1:8443");
    p->client = or (kms_opts_get(o, "client"), "client");
    p->module = kms_opts_get(o, "module");
    p->label = kms_opts_get(o, "label");
    p->pin_file = kms_opts_get(o, "pin-file");
    KMS_TRY(kms_opts_all(o, "dns", p->dns, NAMES_MAX));
    KMS_TRY(kms_opts_all(o, "ip", p->ip, NAMES_MAX));
    return check(p);
}

/* A YAML text in single quotes: nothing in it but the quote means anything. */
static void put_text(struct kms_buf *b, const char *key, const char *text)
{
    kms_buf_fmt(b, "%s: '", key);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            kms_buf_byte(b, '\'');
        kms_buf_byte(b, (uint8_t)*text);
    }
    kms_buf_z(b, "'\n");
}

static enum kms_rc absolute(const char *path, char out[PATH_MAX])
{
    if (realpath(path, out) == NULL)
        return kms_err(KMS_E_IO, "%s cannot be resolved", path);
    if (strpbrk(out, "\n\r\t") != NULL)
        return kms_err(KMS_E_CONFIG, "a path with control characters cannot be used");
    return KMS_OK;
}

static enum kms_rc write_config(const struct plan *p, const char *data)
{
    KMS_AUTO_BUF b = {0};
    char path[PATH_MAX + 16], pin[PATH_MAX];

    kms_buf_z(&b, "# Made by kmsctl init; kmsd.yaml(5) has every key.\n"
                  "profile: server\n");
    put_text(&b, "data", data);
    put_text(&b, "account", p->account);
    put_text(&b, "region", p->region);
    kms_buf_z(&b, "https:\n");
    put_text(&b, "  listen", p->listen);
    put_text(&b, "  crl", "pki/crl.pem");
    if (p->module != NULL || p->pin_file != NULL)
        kms_buf_z(&b, "token:\n");
    if (p->module != NULL)
        put_text(&b, "  module", p->module);
    if (p->label != NULL)
        put_text(&b, "  label", p->label);
    if (p->pin_file != NULL) {
        KMS_TRY(absolute(p->pin_file, pin));
        put_text(&b, "  pin_file", pin);
    }
    KMS_TRY(kms_buf_ok(&b));
    snprintf(path, sizeof path, "%s/kmsd.yaml", data);
    return kms_disk_make(path, kms_buf_view(&b), 0600);
}

static void say(const struct plan *p, const char *data)
{
    printf("made %s for account %s, Region %s:\n", data, p->account, p->region);
    if (p->module == NULL)
        printf("  token/               SoftHSM2 token with the sealing key\n");
    else
        printf("  (a sealing key in the token \"%s\" of %s)\n", or (p->label, "kmsd"),
               p->module);
    if (p->pin_file == NULL)
        printf("  pin                  its PIN; who has this, token/ and kmsd.db has "
               "every key\n");
    printf("  kmsd.db              keys and audit log; what is secret is sealed\n"
           "  pki/ca.pem, ca.key   the CA; clients trust ca.pem, ca.key may go offline\n"
           "  pki/server.pem .key  what kmsd shows\n"
           "  pki/client.pem .key  for arn:aws:iam::%s:user/%s\n"
           "  pki/crl.pem          certificates revoked: none yet\n"
           "  identities.yaml      who may do what: that client may do everything\n"
           "  kmsd.yaml            the configuration\n\nnext:\n"
           "  kmsd --config %s/kmsd.yaml\n"
           "  kmsctl api create-key --data %s\n",
           p->account, p->client, data, data);
}

/* A database from a run that failed after it: good when it opens as a server's. */
static enum kms_rc prove(const struct kms_home_opts *opts)
{
    KMS_AUTO(home) home = NULL;

    return kms_home_open(opts, &home);
}

/*
 * A second run after a failed one goes on where that one stopped: each part appears
 * whole or not at all, and the configuration, written last, says that all are there.
 */
static enum kms_rc make(const struct plan *p)
{
    const struct kms_home_opts opts = {.data = p->data,
                                       .profile = "server",
                                       .module = p->module,
                                       .label = p->label,
                                       .pin_file = p->pin_file};
    const struct kms_home_names names = {
        .dns = p->dns, .ip = p->ip, .account = p->account, .client = p->client};
    char data[PATH_MAX], path[PATH_MAX + 16];

    KMS_TRY(kms_disk_make_dir(p->data));
    KMS_TRY(absolute(p->data, data));
    if (strlen(data) + strlen("/admin.sock") >= sizeof((struct sockaddr_un *)0)->sun_path)
        return kms_err(KMS_E_CONFIG,
                       "%s: too long for the name of a socket in it; "
                       "choose a shorter path",
                       data);
    snprintf(path, sizeof path, "%s/kmsd.yaml", data);
    if (kms_disk_exists(path))
        return kms_err(KMS_E_CONFIG, "%s is there already; nothing was changed", path);
    snprintf(path, sizeof path, "%s/pki", data);
    if (!kms_disk_exists(path))
        KMS_TRY(kms_home_make_pki(p->data, &names));
    KMS_TRY(kms_home_exists(data) ? prove(&opts) : kms_home_make(&opts));
    KMS_TRY(kms_init_identities(data, p->account, p->client));
    KMS_TRY(write_config(p, data));
    say(p, data);
    return KMS_OK;
}

static enum kms_rc run(const struct kms_opts *o)
{
    struct plan p = {0};

    KMS_TRY(read_plan(o, &p));
    return make(&p);
}

static const struct kms_opt opts[] = {
    {"data", "DIR", "where to make it (mode 0700); its parent must exist", KMS_OPT_ONCE},
    {"account", "ID", "12 digits, in every ARN; default 111122223333", KMS_OPT_ONCE},
    {"region", "NAME", "Region of requests that name none; default us-east-1",
     KMS_OPT_ONCE},
    {"dns", "NAME", "a name under which clients reach the server; again for more",
     KMS_OPT_MANY},
    {"ip", "ADDR", "an address likewise; localhost, 127.0.0.1 and ::1 are always there",
     KMS_OPT_MANY},
    {"listen", "ADDR:PORT", "where kmsd will listen; default 127.0.0.1:8443",
     KMS_OPT_ONCE},
    {"client", "NAME", "user name of the first client; default client", KMS_OPT_ONCE},
    {"module", "PATH",
     "a PKCS#11 module instead of a SoftHSM2 token in DIR; its token\n"
     "must be initialised",
     KMS_OPT_ONCE},
    {"label", "L", "label of that token; default kmsd", KMS_OPT_ONCE},
    {"pin-file", "FILE",
     "holds the user PIN (mode 0600); without --module it is made\n"
     "when it is not there; default DIR/pin",
     KMS_OPT_ONCE},
};

const struct kms_cmd kms_cmd_init = {
    .name = "init",
    .operands = "",
    .summary = "make an installation: token, database, certificates, configuration",
    .about =
        "Makes all that a server needs in one directory: a SoftHSM2 token with a random\n"
        "256-bit PIN and a sealing key that cannot leave it, the database, a private CA\n"
        "with a server and a client certificate, identities.yaml that lets that client do\n"
        "everything, and kmsd.yaml. The sealing key is proven\n"
        "from a fresh process before anything real is sealed. Nothing that is there is\n"
        "touched.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .run = run,
};
