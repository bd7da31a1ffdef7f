#include "common/identities_yaml.h"
#include "common/yaml_file.h"

enum { TEXT_MAX = 4096, DOCUMENT_MAX = 65536, LIST_MAX = 100000 };

#define SIZED(type, name, max)                                                           \
    CYAML_FIELD_STRING_PTR(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct type, \
                           name, 0, max)
#define TEXT(type, name) SIZED(type, name, TEXT_MAX)
#define LIST(type, name, schema)                                                         \
    CYAML_FIELD_SEQUENCE(#name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct type,   \
                         name, schema, 0, LIST_MAX)

static const cyaml_schema_field_t policy_fields[] = {
    TEXT(kms_yaml_policy, name),
    SIZED(kms_yaml_policy, document, DOCUMENT_MAX),
    TEXT(kms_yaml_policy, file),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t policy_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct kms_yaml_policy, policy_fields),
};

static const cyaml_schema_field_t tag_fields[] = {
    TEXT(kms_yaml_tag, key),
    TEXT(kms_yaml_tag, value),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t tag_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct kms_yaml_tag, tag_fields),
};

static const cyaml_schema_value_t name_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, const char *, 0, TEXT_MAX),
};

static const cyaml_schema_field_t principal_fields[] = {
    TEXT(kms_yaml_principal, arn),
    TEXT(kms_yaml_principal, id),
    TEXT(kms_yaml_principal, boundary),
    LIST(kms_yaml_principal, policies, &name_schema),
    LIST(kms_yaml_principal, tags, &tag_schema),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t principal_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct kms_yaml_principal, principal_fields),
};

static const cyaml_schema_field_t certificate_fields[] = {
    TEXT(kms_yaml_certificate, uri),       TEXT(kms_yaml_certificate, uri_prefix),
    TEXT(kms_yaml_certificate, spiffe),    TEXT(kms_yaml_certificate, subject),
    TEXT(kms_yaml_certificate, spki),      TEXT(kms_yaml_certificate, issuer),
    TEXT(kms_yaml_certificate, listener),  TEXT(kms_yaml_certificate, principal),
    TEXT(kms_yaml_certificate, signs_for), CYAML_FIELD_END,
};
static const cyaml_schema_value_t certificate_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct kms_yaml_certificate,
                        certificate_fields),
};

static const cyaml_schema_field_t credential_fields[] = {
    TEXT(kms_yaml_credential, access_key_id),
    TEXT(kms_yaml_credential, principal),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t credential_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct kms_yaml_credential,
                        credential_fields),
};

static const cyaml_schema_field_t fields[] = {
    LIST(kms_yaml_identities, policies, &policy_schema),
    LIST(kms_yaml_identities, accounts, &principal_schema),
    LIST(kms_yaml_identities, users, &principal_schema),
    LIST(kms_yaml_identities, roles, &principal_schema),
    LIST(kms_yaml_identities, certificates, &certificate_schema),
    LIST(kms_yaml_identities, credentials, &credential_schema),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct kms_yaml_identities, fields),
};

void kms_yaml_identities_free(struct kms_yaml_identities *y)
{
    kms_yaml_file_free(&schema, y);
}

enum kms_rc kms_yaml_identities_load(const char *path, struct kms_yaml_identities **out)
{
    void *data = NULL;

    KMS_TRY(kms_yaml_file_load(path, &schema, "kmsctl init makes one", &data));
    *out = data;
    return KMS_OK;
}
