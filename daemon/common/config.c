#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/config.h"
#include "common/config_yaml.h"

/* What a limit is when nobody says otherwise, and what may be said. */
static const struct limit {
    const char *name;
    size_t raw, out;
    unsigned by_default, min, max;
} limit_rows[] = {
#define LIMIT(name, by_default, min, max)                                                \
    {                                                                                    \
#name, offsetof(struct kms_yaml_limits, name),                                   \
            offsetof(struct kms_limits, name), by_default, min, max                      \
    }
    LIMIT(connections, 1024, 1, 100000),
    LIMIT(connections_per_source, 512, 0, 100000),
    LIMIT(handshakes_per_source_s, 0, 0, 100000),
    LIMIT(header_bytes, 16384, 2048, 65536),
    LIMIT(body_bytes, 262144, 16384, 1048576),
    LIMIT(idle_timeout_s, 60, 1, 3600),
    LIMIT(handshake_timeout_s, 10, 1, 300),
    LIMIT(threads, 0, 0, 256),
#undef LIMIT
};

void kms_config_free(struct kms_config *c)
{
    if (c == NULL)
        return;
    kms_arena_free(c->arena);
    free(c);
}

/* Where a message says the fault is, and what relative paths are relative to. */
struct source {
    struct kms_arena *arena;
    const char *file;
    struct kms_str dir; /* with its "/", or empty */
};

static enum kms_rc keep(const struct source *src, const char *text, const char **out)
{
    struct kms_str s = {NULL, 0};

    KMS_TRY(kms_arena_fmt(src->arena, &s, "%s", text));
    *out = s.p;
    return KMS_OK;
}

static enum kms_rc keep_path(const struct source *src, const char *path, const char **out)
{
    struct kms_str s = {NULL, 0};

    if (path[0] == '/')
        return keep(src, path, out);
    KMS_TRY(kms_arena_fmt(src->arena, &s, "%.*s%s", KMS_FMT(src->dir), path));
    *out = s.p;
    return KMS_OK;
}

/* The path given, else name under the data directory. */
static enum kms_rc path_or(const struct source *src, const char *given, const char *data,
                           const char *name, const char **out)
{
    struct kms_str s = {NULL, 0};

    if (given != NULL)
        return keep_path(src, given, out);
    KMS_TRY(kms_arena_fmt(src->arena, &s, "%s/%s", data, name));
    *out = s.p;
    return KMS_OK;
}

static bool made_of(const char *text, const char *set, size_t min, size_t max)
{
    size_t n = strlen(text);

    return n >= min && n <= max && strspn(text, set) == n;
}

static enum kms_rc check_realm(const struct source *src, const struct kms_config *c)
{
    if (!made_of(c->account, "0123456789", 12, 12))
        return kms_err(KMS_E_CONFIG, "%s: account: \"%s\" is not 12 digits", src->file,
                       c->account);
    if (!made_of(c->region, "abcdefghijklmnopqrstuvwxyz0123456789-", 1, 64))
        return kms_err(KMS_E_CONFIG, "%s: region: \"%s\" is not a name like us-east-1",
                       src->file, c->region);
    if (!made_of(c->partition, "abcdefghijklmnopqrstuvwxyz-", 1, 32))
        return kms_err(KMS_E_CONFIG, "%s: partition: \"%s\" is not a name like aws",
                       src->file, c->partition);
    return KMS_OK;
}

static enum kms_rc read_limits(const struct source *src,
                               const struct kms_yaml_limits *raw, struct kms_limits *out)
{
    for (size_t i = 0; i < sizeof limit_rows / sizeof limit_rows[0]; i++) {
        const struct limit *row = &limit_rows[i];
        unsigned value = row->by_default;
        unsigned *given = NULL;

        if (raw != NULL)
            memcpy(&given, (const char *)raw + row->raw, sizeof given);
        if (given != NULL)
            value = *given;
        if (value < row->min || value > row->max)
            return kms_err(KMS_E_CONFIG, "%s: limits.%s: %u is not within %u to %u",
                           src->file, row->name, value, row->min, row->max);
        memcpy((char *)out + row->out, &value, sizeof value);
    }
    return KMS_OK;
}

/* The file named, else the one beside the data. */
static enum kms_rc read_identities(const struct source *src, const struct kms_yaml *raw,
                                   struct kms_config *c)
{
    c->identities_named = raw->identities != NULL;
    return path_or(src, raw->identities, c->data, "identities.yaml", &c->identities);
}

static enum kms_rc read_proof(const struct source *src, const char *text,
                              struct kms_config *c)
{
    static const char *const words[] = {[KMS_PROOF_CERTIFICATE] = "certificate",
                                        [KMS_PROOF_SIGNATURE] = "signature",
                                        [KMS_PROOF_BOTH] = "both",
                                        [KMS_PROOF_EITHER] = "either"};

    for (size_t i = 0; text != NULL && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(text, words[i]) == 0) {
            c->proof = (enum kms_proof)i;
            return KMS_OK;
        }
    return text == NULL ? KMS_OK
                        : kms_err(KMS_E_CONFIG,
                                  "%s: https.proof: \"%s\" is none of certificate, "
                                  "signature, both, either",
                                  src->file, text);
}

static enum kms_rc read_profile(const struct source *src, const struct kms_yaml *raw,
                                struct kms_config *c)
{
    if (raw->profile == NULL ||
        (strcmp(raw->profile, "server") != 0 && strcmp(raw->profile, "dev") != 0))
        return kms_err(KMS_E_CONFIG, "%s: profile: write server, or dev for tests",
                       src->file);
    c->dev = strcmp(raw->profile, "dev") == 0;
    c->log_level = KMS_LOG_INFO;
    if (raw->log_level != NULL &&
        !kms_log_level_parse(kms_str_of(raw->log_level), &c->log_level))
        return kms_err(KMS_E_CONFIG,
                       "%s: log_level: \"%s\" is none of debug, info, warn, error",
                       src->file, raw->log_level);
    return KMS_OK;
}

static enum kms_rc read_address(const struct source *src, const char *key,
                                const char *text, struct kms_address *out)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_str why = {NULL, 0};
    enum kms_rc rc = kms_address_parse(text, out);

    if (rc == KMS_OK)
        return KMS_OK;
    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_arena_fmt(a, &why, "%s", kms_err_note(rc)));
    return kms_err(rc, "%s: %s: %.*s", src->file, key, KMS_FMT(why));
}

/* Which addresses a profile may be bound to. */
static enum kms_rc check_listeners(const struct source *src, const struct kms_config *c)
{
    if (c->dev && !kms_address_is_loopback(&c->https))
        return kms_err(KMS_E_CONFIG,
                       "%s: https.listen: the dev profile binds to loopback only; make a "
                       "server with kmsctl init",
                       src->file);
    if (c->has_http && !c->dev)
        return kms_err(KMS_E_CONFIG,
                       "%s: http: only the dev profile has a plain listener; remove it",
                       src->file);
    if (c->has_http && !kms_address_is_loopback(&c->http))
        return kms_err(KMS_E_CONFIG,
                       "%s: http.listen: the plain listener binds to loopback only",
                       src->file);
    return KMS_OK;
}

static enum kms_rc read_https(const struct source *src, const struct kms_yaml *raw,
                              struct kms_config *c)
{
    static const struct kms_yaml_https nothing = {0};
    const struct kms_yaml_https *h = raw->https != NULL ? raw->https : &nothing;
    struct kms_tls_files *tls = &c->tls;

    if (h->listen == NULL)
        return kms_err(KMS_E_CONFIG, "%s: https.listen: write an address and a port",
                       src->file);
    KMS_TRY(read_address(src, "https.listen", h->listen, &c->https));
    KMS_TRY(path_or(src, h->certificate, c->data, "pki/server.pem", &tls->certificate));
    KMS_TRY(path_or(src, h->key, c->data, "pki/server.key", &tls->key));
    KMS_TRY(path_or(src, h->client_ca, c->data, "pki/ca.pem", &tls->client_ca));
    if (h->crl != NULL)
        KMS_TRY(keep_path(src, h->crl, &tls->crl));
    if (h->ocsp != NULL)
        KMS_TRY(keep_path(src, h->ocsp, &tls->ocsp));
    if (h->tls_min != NULL && strcmp(h->tls_min, "1.3") != 0 &&
        strcmp(h->tls_min, "1.2") != 0)
        return kms_err(KMS_E_CONFIG, "%s: https.tls_min: \"%s\" is neither 1.3 nor 1.2",
                       src->file, h->tls_min);
    KMS_TRY(read_proof(src, h->proof, c));
    c->tls12 = h->tls_min != NULL && strcmp(h->tls_min, "1.2") == 0;
    if (raw->http != NULL && raw->http->listen != NULL) {
        KMS_TRY(read_address(src, "http.listen", raw->http->listen, &c->http));
        c->has_http = true;
    }
    return check_listeners(src, c);
}

static enum kms_rc read_paths(const struct source *src, const struct kms_yaml *raw,
                              struct kms_config *c)
{
    const struct kms_yaml_token *t = raw->token;

    if (raw->data == NULL)
        return kms_err(KMS_E_CONFIG,
                       "%s: data: write the directory that kmsctl init made", src->file);
    KMS_TRY(keep_path(src, raw->data, &c->data));
    KMS_TRY(path_or(src, raw->admin_socket, c->data, "admin.sock", &c->admin_socket));
    if (strlen(c->admin_socket) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return kms_err(KMS_E_CONFIG,
                       "%s: admin_socket: \"%s\" is longer than a socket's name may be; "
                       "write a shorter path",
                       src->file, c->admin_socket);
    if (raw->attestation_roots != NULL)
        KMS_TRY(keep_path(src, raw->attestation_roots, &c->attestation_roots));
    /* A module may be a bare name that the loader finds; it is no path of ours. */
    if (t != NULL && t->module != NULL)
        KMS_TRY(keep(src, t->module, &c->token_module));
    if (t != NULL && t->label != NULL)
        KMS_TRY(keep(src, t->label, &c->token_label));
    if (t != NULL && t->pin_file != NULL)
        KMS_TRY(keep_path(src, t->pin_file, &c->token_pin_file));
    return KMS_OK;
}

static enum kms_rc build(const char *file, const struct kms_yaml *raw,
                         struct kms_config **out)
{
    KMS_AUTO(config) c = calloc(1, sizeof *c);
    const char *slash = strrchr(file, '/');
    struct source src = {.file = file};

    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for the configuration");
    KMS_TRY(kms_arena_new(&c->arena));
    src.arena = c->arena;
    if (slash != NULL)
        src.dir = (struct kms_str){file, (size_t)(slash - file) + 1};
    KMS_TRY(read_profile(&src, raw, c));
    KMS_TRY(read_paths(&src, raw, c));
    KMS_TRY(
        keep(&src, raw->account != NULL ? raw->account : "111122223333", &c->account));
    KMS_TRY(keep(&src, raw->region != NULL ? raw->region : "us-east-1", &c->region));
    KMS_TRY(keep(&src, raw->partition != NULL ? raw->partition : "aws", &c->partition));
    KMS_TRY(check_realm(&src, c));
    KMS_TRY(read_https(&src, raw, c));
    KMS_TRY(read_limits(&src, raw->limits, &c->limits));
    KMS_TRY(read_identities(&src, raw, c));
    *out = KMS_TAKE(c);
    return KMS_OK;
}

enum kms_rc kms_config_load(const char *path, struct kms_config **out)
{
    KMS_AUTO(yaml) raw = NULL;

    KMS_TRY(kms_yaml_load(path, &raw));
    return build(path, raw, out);
}

/* The dev profile is the same settings, given by options instead of a file. */
enum kms_rc kms_config_dev(const struct kms_dev_opts *opts, struct kms_config **out)
{
    unsigned connections = 4096, from_one_source = 0;
    struct kms_yaml_limits limits = {
        .connections = &connections,
        .connections_per_source = &from_one_source, /* everybody is 127.0.0.1 */
    };
    struct kms_yaml_https https = {
        .listen = opts->https != NULL ? opts->https : "127.0.0.1:8443",
    };
    struct kms_yaml_http http = {
        .listen = opts->http != NULL ? opts->http : "127.0.0.1:8080",
    };
    struct kms_yaml raw = {
        .profile = "dev",
        .data = opts->data,
        .account = opts->account,
        .region = opts->region,
        .https = &https,
        .http = strcmp(http.listen, "off") != 0 ? &http : NULL,
        .limits = &limits,
        .identities = opts->identities,
    };

    KMS_TRY(build("kmsd --dev", &raw, out));
    (*out)->no_authz = opts->no_authz;
    return KMS_OK;
}
