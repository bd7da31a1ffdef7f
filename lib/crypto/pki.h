/*
 * pki.h - makes the private CA of an installation and what it issues: a server and a
 * client certificate and an empty CRL. RFC 5280, ECDSA P-256 with SHA-256.
 *
 * Keys and certificates are appended to buffers as PEM; keys are PKCS#8, unencrypted
 * (the caller writes them with mode 0600, and buffers are wiped when cleared).
 * KMS_E_CRYPTO when the library refuses, KMS_E_CONFIG for names that cannot be used.
 */
#ifndef KMS_CRYPTO_PKI_H
#define KMS_CRYPTO_PKI_H

#include "base/buf.h"
#include "base/own.h"

enum { KMS_CA_DAYS = 3650, KMS_LEAF_DAYS = 825 };

/* A certificate authority with its key. Read-only once made: may be shared. */
struct kms_ca;
KMS_OWNED(ca);

/*
 * A new CA called name (1 to 64 characters), valid from a little before now_ms: critical
 * basicConstraints CA:TRUE with path length 0, critical keyUsage keyCertSign and
 * cRLSign, subject and authority key identifiers.
 */
KMS_RC kms_ca_new(const char *name, int64_t now_ms, struct kms_ca **out);
/* A CA made earlier. KMS_E_CONFIG when the PEM is not of one CA's key and certificate. */
KMS_RC kms_ca_load(struct kms_bytes key_pem, struct kms_bytes cert_pem,
                   struct kms_ca **out);
KMS_RC kms_ca_pem(const struct kms_ca *ca, struct kms_buf *key_pem,
                  struct kms_buf *cert_pem);

/* What an end entity is for: its extended key usage, serverAuth or clientAuth. */
enum kms_leaf_purpose { KMS_LEAF_SERVER, KMS_LEAF_CLIENT };

struct kms_leaf {
    enum kms_leaf_purpose purpose;
    const char *name;       /* subject common name, 1 to 64 characters */
    const char *const *dns; /* subject alternative names, NULL-terminated, or NULL */
    const char *const *ip;  /* IPv4 and IPv6 in text, likewise */
    const char *uri;        /* one URI, or NULL */
};

/*
 * Make a key and issue its certificate: critical basicConstraints CA:FALSE, critical
 * keyUsage digitalSignature, one extended key usage, the alternative names (at least
 * one), both key identifiers; never outliving the CA.
 */
KMS_RC kms_ca_issue(const struct kms_ca *ca, const struct kms_leaf *leaf, int64_t now_ms,
                    struct kms_buf *key_pem, struct kms_buf *cert_pem);

/* A CRL (version 2, number 1) that revokes nothing and lasts as long as the CA. */
KMS_RC kms_ca_crl(const struct kms_ca *ca, int64_t now_ms, struct kms_buf *crl_pem);

/*
 * The list crl_pem with one more certificate revoked as of now_ms, its number one
 * higher. KMS_E_CONFIG when list or certificate are not this CA's; revoking what is
 * revoked already is fine and keeps its date.
 */
KMS_RC kms_ca_revoke(const struct kms_ca *ca, int64_t now_ms, struct kms_bytes cert_pem,
                     struct kms_bytes crl_pem, struct kms_buf *out);

#endif
