#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "common/config_yaml.h"

#define TEXT(type, name)                                                                 \
    CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct type, \
                           name, 1, 4096)
#define NUMBER(type, name)                                                               \
    CYAML_FIELD_UINT_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct type,   \
                         name)
#define GROUP(name)                                                                      \
    CYAML_FIELD_MAPPING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,             \
                            struct kms_yaml, name, name##_fields)

static const cyaml_schema_field_t https_fields[] = {
    TEXT(kms_yaml_https, listen),  TEXT(kms_yaml_https, certificate),
    TEXT(kms_yaml_https, key),     TEXT(kms_yaml_https, client_ca),
    TEXT(kms_yaml_https, crl),     TEXT(kms_yaml_https, ocsp),
    TEXT(kms_yaml_https, tls_min), CYAML_FIELD_END,
};

static const cyaml_schema_field_t http_fields[] = {
    TEXT(kms_yaml_http, listen),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t limits_fields[] = {
    NUMBER(kms_yaml_limits, connections),
    NUMBER(kms_yaml_limits, connections_per_source),
    NUMBER(kms_yaml_limits, handshakes_per_source_s),
    NUMBER(kms_yaml_limits, header_bytes),
    NUMBER(kms_yaml_limits, body_bytes),
    NUMBER(kms_yaml_limits, idle_timeout_s),
    NUMBER(kms_yaml_limits, handshake_timeout_s),
    NUMBER(kms_yaml_limits, threads),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t token_fields[] = {
    TEXT(kms_yaml_token, module),
    TEXT(kms_yaml_token, label),
    TEXT(kms_yaml_token, pin_file),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t identity_fields[] = {
    TEXT(kms_yaml_identity, uri),
    TEXT(kms_yaml_identity, subject),
    TEXT(kms_yaml_identity, principal),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t identity_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct kms_yaml_identity, identity_fields),
};

static const cyaml_schema_field_t fields[] = {
    TEXT(kms_yaml, profile),
    TEXT(kms_yaml, data),
    TEXT(kms_yaml, account),
    TEXT(kms_yaml, region),
    TEXT(kms_yaml, partition),
    TEXT(kms_yaml, log_level),
    TEXT(kms_yaml, admin_socket),
    TEXT(kms_yaml, attestation_roots),
    GROUP(https),
    GROUP(http),
    GROUP(limits),
    GROUP(token),
    CYAML_FIELD_SEQUENCE("identities", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct kms_yaml, identities, &identity_schema, 0, 10000),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct kms_yaml, fields),
};

/* The library tells what is wrong and, line by line, where: keep both. */
__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *ctx,
                                                          const char *fmt, va_list args)
{
    struct kms_buf *said = ctx;
    char line[512];

    (void)level;
    vsnprintf(line, sizeof line, fmt, args);
    line[strcspn(line, "\n")] = '\0';
    kms_buf_fmt(said, "%s\n", line);
}

static cyaml_config_t reader(struct kms_buf *said)
{
    return (cyaml_config_t){
        .log_fn = collect,
        .log_ctx = said,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

void kms_yaml_free(struct kms_yaml *y)
{
    KMS_AUTO_BUF said = {.max = 8192};
    cyaml_config_t cfg = reader(&said);

    if (y != NULL)
        (void)cyaml_free(&cfg, &schema, y, 0);
}

/* "Load: Unexpected key: colour" and a trace that starts with the innermost place. */
static enum kms_rc complain(const char *path, cyaml_err_t err, struct kms_buf *said)
{
    const char *text, *what, *place;
    unsigned line = 0;

    kms_buf_byte(said, '\0');
    text = said->bad ? "" : (const char *)said->p;
    place = strstr(text, "line: ");
    if (place != NULL)
        line = (unsigned)strtoul(place + strlen("line: "), NULL, 10);
    what = text;
    if (strncmp(what, "Load: ", 6) == 0)
        what += 6;
    if (*what == '\0')
        what = cyaml_strerror(err);
    if (line == 0)
        return kms_err(KMS_E_CONFIG, "%s: %.*s", path, (int)strcspn(what, "\n"), what);
    return kms_err(KMS_E_CONFIG, "%s: near line %u: %.*s", path, line,
                   (int)strcspn(what, "\n"), what);
}

/* Who may write the configuration decides who calls as whom. */
static enum kms_rc check_mode(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return kms_err(KMS_E_CONFIG, "%s: %s; kmsctl init makes a configuration", path,
                       strerror(errno));
    if ((st.st_mode & 0022) != 0)
        return kms_err(KMS_E_CONFIG, "%s: others may write it (mode %04o); chmod 600 it",
                       path, (unsigned)st.st_mode & 07777);
    return KMS_OK;
}

enum kms_rc kms_yaml_load(const char *path, struct kms_yaml **out)
{
    KMS_AUTO_BUF said = {.max = 8192};
    cyaml_config_t cfg = reader(&said);
    cyaml_data_t *data = NULL;
    cyaml_err_t err;

    KMS_TRY(check_mode(path));
    err = cyaml_load_file(path, &cfg, &schema, &data, NULL);
    if (err != CYAML_OK)
        return complain(path, err, &said);
    if (data == NULL)
        return kms_err(KMS_E_CONFIG, "%s: is empty", path);
    *out = data;
    return KMS_OK;
}
