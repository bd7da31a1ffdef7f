#include "common/config_yaml.h"
#include "common/yaml_file.h"

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
    TEXT(kms_yaml_https, listen),
    TEXT(kms_yaml_https, certificate),
    TEXT(kms_yaml_https, key),
    TEXT(kms_yaml_https, client_ca),
    TEXT(kms_yaml_https, crl),
    TEXT(kms_yaml_https, ocsp),
    TEXT(kms_yaml_https, tls_min),
    TEXT(kms_yaml_https, proof),
    CYAML_FIELD_END,
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

static const cyaml_schema_field_t fields[] = {
    TEXT(kms_yaml, profile),
    TEXT(kms_yaml, data),
    TEXT(kms_yaml, account),
    TEXT(kms_yaml, region),
    TEXT(kms_yaml, partition),
    TEXT(kms_yaml, log_level),
    TEXT(kms_yaml, admin_socket),
    TEXT(kms_yaml, identities),
    TEXT(kms_yaml, attestation_roots),
    GROUP(https),
    GROUP(http),
    GROUP(limits),
    GROUP(token),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct kms_yaml, fields),
};

void kms_yaml_free(struct kms_yaml *y)
{
    kms_yaml_file_free(&schema, y);
}

enum kms_rc kms_yaml_load(const char *path, struct kms_yaml **out)
{
    void *data = NULL;

    KMS_TRY(
        kms_yaml_file_load(path, &schema, "kmsctl init makes a configuration", &data));
    *out = data;
    return KMS_OK;
}
