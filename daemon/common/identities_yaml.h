/* identities_yaml.h - identities.yaml as it is written: texts, unchecked. */
#ifndef KMSD_COMMON_IDENTITIES_YAML_H
#define KMSD_COMMON_IDENTITIES_YAML_H

#include <stddef.h>

#include "base/err.h"
#include "base/own.h"

/* NULL is an absent key, everywhere. */
struct kms_yaml_policy {
    const char *name, *document, *file;
};

struct kms_yaml_tag {
    const char *key, *value;
};

/* A user, a role, or (id for arn) an account. */
struct kms_yaml_principal {
    const char *arn, *id, *boundary;
    const char **policies;
    unsigned policies_count;
    struct kms_yaml_tag *tags;
    unsigned tags_count;
};

struct kms_yaml_certificate {
    const char *uri, *uri_prefix, *spiffe, *subject, *spki;
    const char *issuer, *listener, *principal, *signs_for;
};

struct kms_yaml_credential {
    const char *access_key_id, *principal;
};

struct kms_yaml_identities {
    struct kms_yaml_policy *policies;
    unsigned policies_count;
    struct kms_yaml_principal *accounts, *users, *roles;
    unsigned accounts_count, users_count, roles_count;
    struct kms_yaml_certificate *certificates;
    unsigned certificates_count;
    struct kms_yaml_credential *credentials;
    unsigned credentials_count;
};
KMS_OWNED(yaml_identities);

/* KMS_E_CONFIG names file and line of an unknown key, a wrong type or broken YAML. */
KMS_RC kms_yaml_identities_load(const char *path, struct kms_yaml_identities **out);

#endif
