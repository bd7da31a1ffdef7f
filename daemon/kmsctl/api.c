/* kmsctl api - any operation of the service, over mutual TLS. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "kmsctl/api.h"
#include "kmsctl/cmd.h"
#include "kmsctl/http.h"
#include "kmsctl/sigv4.h"
#include "kmsctl/site.h"
#include "wire/timestamp.h"

/* Whom to talk to and as whom; texts of the command line, environment or arena. */
struct target {
    const char *endpoint, *ca, *cert, *key;
    const char *region, *access_key_id, *secret, *session_token;
};

/* The first that is there and not empty. */
static const char *first(const char *a, const char *b, const char *c)
{
    if (a != NULL && a[0] != '\0')
        return a;
    return b != NULL && b[0] != '\0' ? b : c;
}

/* https://localhost:PORT for a listener that localhost reaches, else its address. */
static enum kms_rc site_endpoint(const struct kms_config *c, struct kms_arena *a,
                                 const char **out)
{
    static const char any4[] = "0.0.0.0", any6[] = "::";
    char ip[KMS_ADDRESS_IP_MAX], address[KMS_ADDRESS_TEXT_MAX];
    uint16_t port = kms_address_port(&c->https);
    struct kms_str text;

    if (port == 0)
        return kms_err(KMS_E_USAGE, "kmsd.yaml leaves the port open; give --endpoint as "
                                    "kmsd's ready line says");
    kms_address_ip(&c->https.sa.any, ip);
    kms_address_text(&c->https, address);
    if (kms_address_is_loopback(&c->https) || strcmp(ip, any4) == 0 ||
        strcmp(ip, any6) == 0)
        KMS_TRY(kms_arena_fmt(a, &text, "https://localhost:%u", port));
    else
        KMS_TRY(kms_arena_fmt(a, &text, "https://%s", address));
    *out = text.p;
    return KMS_OK;
}

static enum kms_rc pki_file(const struct kms_opts *o, const char *option,
                            const struct kms_site *site, const char *name,
                            struct kms_arena *a, const char **out)
{
    struct kms_str path;

    *out = kms_opts_get(o, option);
    if (*out != NULL)
        return KMS_OK;
    if (site == NULL)
        return kms_err(KMS_E_USAGE,
                       "--%s is missing; --data DIR or KMSCTL_DATA would "
                       "give it",
                       option);
    KMS_TRY(kms_arena_fmt(a, &path, "%s/pki/%s", site->data, name));
    *out = path.p;
    return KMS_OK;
}

static enum kms_rc find_endpoint(const struct kms_opts *o, const struct kms_site *site,
                                 struct kms_arena *a, struct target *t)
{
    const struct kms_config *c = site != NULL ? site->config : NULL;

    t->endpoint = first(kms_opts_get(o, "endpoint"), getenv("KMSCTL_ENDPOINT"), NULL);
    if (t->endpoint == NULL && c != NULL)
        KMS_TRY(site_endpoint(c, a, &t->endpoint));
    if (t->endpoint == NULL)
        t->endpoint = "https://localhost:8443";
    if (strncmp(t->endpoint, "https:", 6) != 0)
        return KMS_OK;
    KMS_TRY(pki_file(o, "ca", site, "ca.pem", a, &t->ca));
    KMS_TRY(pki_file(o, "cert", site, "client.pem", a, &t->cert));
    return pki_file(o, "key", site, "client.key", a, &t->key);
}

/*
 * The credential. With none in the environment a name stands for key id and secret: its
 * scope says which Region is meant, and it proves nothing.
 */
static void find_credential(const struct kms_opts *o, const struct kms_site *site,
                            struct target *t)
{
    const struct kms_config *c = site != NULL ? site->config : NULL;

    t->region = first(kms_opts_get(o, "region"), getenv("AWS_REGION"),
                      getenv("AWS_DEFAULT_REGION"));
    t->region = first(t->region, c != NULL ? c->region : NULL, "us-east-1");
    t->access_key_id =
        first(kms_opts_get(o, "account"), getenv("AWS_ACCESS_KEY_ID"), "kmsctl");
    t->secret = first(getenv("AWS_SECRET_ACCESS_KEY"), t->access_key_id, NULL);
    t->session_token = first(getenv("AWS_SESSION_TOKEN"), NULL, NULL);
}

static enum kms_rc header(struct kms_arena *a, const char **list, size_t i,
                          const char *name, const char *value)
{
    struct kms_str text;

    KMS_TRY(kms_arena_fmt(a, &text, "%s: %s", name, value));
    list[i] = text.p;
    return KMS_OK;
}

static enum kms_rc sign(const struct target *t, const struct kms_api_op *op,
                        struct kms_bytes body, struct kms_arena *a, const char **headers)
{
    char time[KMS_TIME_ISO_SIZE], host[KMS_HTTP_HOST_MAX];
    KMS_AUTO_BUF authorization = {0};
    struct kms_str target, signature;

    kms_time_basic(kms_clock_now_ms(), time);
    KMS_TRY(kms_http_host(t->endpoint, host));
    KMS_TRY(kms_arena_fmt(a, &target, "TrentService.%s", op->op->name));
    KMS_TRY(kms_sigv4_authorization(&(struct kms_sigv4){.access_key_id = t->access_key_id,
                                                        .secret = t->secret,
                                                        .session_token = t->session_token,
                                                        .region = t->region,
                                                        .host = host,
                                                        .target = target.p,
                                                        .time = time,
                                                        .body = body},
                                    &authorization));
    KMS_TRY(kms_arena_fmt(a, &signature, "%.*s", KMS_FMT(kms_buf_text(&authorization))));
    KMS_TRY(header(a, headers, 0, "Content-Type", "application/x-amz-json-1.1"));
    KMS_TRY(header(a, headers, 1, "X-Amz-Target", target.p));
    KMS_TRY(header(a, headers, 2, "X-Amz-Date", time));
    KMS_TRY(header(a, headers, 3, "Authorization", signature.p));
    if (t->session_token != NULL)
        KMS_TRY(header(a, headers, 4, "X-Amz-Security-Token", t->session_token));
    return KMS_OK;
}

static enum kms_rc call(const struct kms_api_op *op, const struct kms_opts *o,
                        struct kms_arena *a)
{
    KMS_AUTO(site) site = NULL;
    KMS_AUTO_BUF body = {0};
    KMS_AUTO_BUF reply = {0};
    const char *headers[6] = {NULL};
    struct target t = {0};
    const char *data;
    long status = 0, timeout_s;

    if (kms_cmd_data(o, &data) == KMS_OK)
        KMS_TRY(kms_site_open(o, &site));
    KMS_TRY(kms_opts_number(o, "timeout", 1, 3600, 30, &timeout_s));
    KMS_TRY(kms_api_body(op, o, &body));
    KMS_TRY(find_endpoint(o, site, a, &t));
    find_credential(o, site, &t);
    KMS_TRY(sign(&t, op, kms_buf_view(&body), a, headers));
    KMS_TRY(kms_http_post(&(struct kms_http_post){.url = t.endpoint,
                                                  .ca = t.ca,
                                                  .cert = t.cert,
                                                  .key = t.key,
                                                  .headers = headers,
                                                  .body = kms_buf_view(&body),
                                                  .timeout_s = timeout_s},
                          &status, &reply));
    return kms_api_print(o, status, kms_buf_view(&reply));
}

static enum kms_rc run_op(const struct kms_api_op *op, int argc, char **argv)
{
    KMS_AUTO(arena) a = NULL;
    KMS_AUTO(opts) o = NULL;
    const struct kms_opt *rows;
    size_t n;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_api_opts(op, a, &rows, &n));
    KMS_TRY(kms_opts_parse(rows, n, argc, argv, &o));
    if (kms_opts_get(o, "help") != NULL)
        return kms_api_op_help(op, stdout);
    if (kms_opts_operand(o, 0) != NULL)
        return kms_err(KMS_E_USAGE, "%s is too much", kms_opts_operand(o, 0));
    return call(op, o, a);
}

static int run(int argc, char **argv)
{
    const struct kms_api_op *op;
    enum kms_rc rc;
    char name[160];

    kms_json_setup();
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        kms_api_help(stdout);
        return kms_cmd_end("api", kms_cmd_flush());
    }
    if (argc < 2 || argv[1][0] == '-')
        return kms_cmd_end("api", kms_err(KMS_E_USAGE, "which operation? kmsctl api "
                                                       "OPERATION [OPTION]..."));
    op = kms_api_find(kms_str_of(argv[1]));
    if (op == NULL)
        return kms_cmd_end("api", kms_err(KMS_E_USAGE, "no operation \"%s\"", argv[1]));
    snprintf(name, sizeof name, "api %s", op->command);
    rc = run_op(op, argc - 1, argv + 1);
    return kms_cmd_end(name, rc == KMS_OK ? kms_cmd_flush() : rc);
}

const struct kms_cmd kms_cmd_api = {
    .name = "api",
    .operands = "OPERATION",
    .summary = "send any request of the API and print the answer",
    .about = "",
    .opts = kms_api_own_opts,
    .n_opts = KMS_API_OWN_OPTS,
    .raw = run,
};
