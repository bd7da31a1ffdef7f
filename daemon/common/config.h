/*
 * config.h - the configuration of a daemon: one YAML file, checked as a whole.
 *
 * Unknown keys are errors and every value is validated here, with words that say what to
 * write instead. deploy/conf/kmsd.yaml documents every key. What comes out is immutable;
 * relative paths have been made relative to the file's directory.
 */
#ifndef KMSD_COMMON_CONFIG_H
#define KMSD_COMMON_CONFIG_H

#include "authn/principal.h"
#include "base/arena.h"
#include "base/log.h"
#include "common/address.h"

/* Paths of the TLS material; re-read on SIGHUP. */
struct kms_tls_files {
    const char *certificate; /* PEM: the server's certificate, then its intermediates */
    const char *key;         /* PEM: its private key */
    const char *client_ca;   /* PEM: the CAs whose client certificates are accepted */
    const char *crl;         /* PEM: revocation lists of those CAs, or NULL */
    const char *ocsp;        /* DER: an OCSP response to staple, or NULL */
};

struct kms_limits {
    unsigned connections;             /* all together, a listener */
    unsigned connections_per_source;  /* one IP address; 0: no such limit */
    unsigned handshakes_per_source_s; /* one IP address, a second; 0: no such limit */
    unsigned header_bytes, body_bytes;
    unsigned idle_timeout_s, handshake_timeout_s;
    unsigned threads; /* event threads; 0: one for each core */
};

struct kms_config {
    struct kms_arena *arena; /* holds all texts */
    bool dev;                /* the profile */
    const char *data;        /* directory */
    const char *account, *region, *partition;
    enum kms_log_level log_level;
    struct kms_address https;
    enum kms_proof proof; /* what clients of the TLS listener show */
    bool tls12;           /* TLS 1.2 (ECDHE with AEAD) besides 1.3 */
    struct kms_tls_files tls;
    bool has_http; /* dev only */
    struct kms_address http;
    struct kms_limits limits;
    const char *token_module, *token_label, *token_pin_file; /* NULL: the default */
    const char *identities; /* identities.yaml */
    bool identities_named;  /* by the configuration; else it need not be there */
    bool no_authz;          /* dev: whoever is somebody may do everything */
    const char *admin_socket;
    const char *attestation_roots; /* PEM: where attestations may end, or NULL */
};
KMS_OWNED(config);

/* Read and check a file. KMS_E_CONFIG with "file: near line N: what is wrong". */
KMS_RC kms_config_load(const char *path, struct kms_config **out);

/* What the command line of kmsd --dev gives; NULL takes the default. */
struct kms_dev_opts {
    const char *data;    /* must be given */
    const char *http;    /* 127.0.0.1:8080; "off" for none */
    const char *https;   /* 127.0.0.1:8443 */
    const char *account; /* 111122223333 */
    const char *region;  /* us-east-1 */
    const char
        *identities; /* identities.yaml; default: the one in data, if it is there */
    bool no_authz;
};

/* The preset of the dev profile; its messages name the option that is wrong. */
KMS_RC kms_config_dev(const struct kms_dev_opts *opts, struct kms_config **out);

#endif
