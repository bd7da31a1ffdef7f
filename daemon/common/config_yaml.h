/* config_yaml.h - the configuration file as it is written: texts and numbers, unchecked.
 */
#ifndef KMSD_COMMON_CONFIG_YAML_H
#define KMSD_COMMON_CONFIG_YAML_H

#include <stddef.h>

#include "base/err.h"
#include "base/own.h"

/* NULL is an absent key, everywhere. */
struct kms_yaml_https {
    const char *listen, *certificate, *key, *client_ca, *crl, *ocsp, *tls_min, *proof;
};

struct kms_yaml_http {
    const char *listen;
};

struct kms_yaml_limits {
    unsigned *connections, *connections_per_source, *handshakes_per_source_s;
    unsigned *header_bytes, *body_bytes;
    unsigned *idle_timeout_s, *handshake_timeout_s, *threads;
};

struct kms_yaml_token {
    const char *module, *label, *pin_file;
};

struct kms_yaml {
    const char *profile, *data, *account, *region, *partition, *log_level, *admin_socket;
    const char *identities;
    const char *attestation_roots;
    struct kms_yaml_https *https;
    struct kms_yaml_http *http;
    struct kms_yaml_limits *limits;
    struct kms_yaml_token *token;
};
KMS_OWNED(yaml);

/* KMS_E_CONFIG names file and line of an unknown key, a wrong type or broken YAML. */
KMS_RC kms_yaml_load(const char *path, struct kms_yaml **out);

#endif
