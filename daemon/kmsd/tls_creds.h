/*
 * tls_creds.h - what the TLS listener shows and whom it trusts: one immutable snapshot.
 *
 * A snapshot is counted: a connection keeps the one it began with until it ends, so files
 * can be read again at any time without a dropped request.
 */
#ifndef KMSD_TLS_CREDS_H
#define KMSD_TLS_CREDS_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>

#include "common/config.h"

/* When a revocation list counts: the library itself does not look. */
struct kms_tls_crl {
    gnutls_datum_t issuer; /* raw name */
    int64_t from_ms, until_ms;
};

struct kms_tls_creds {
    atomic_uint refs;
    gnutls_certificate_credentials_t
        cred;                       /* certificate, key, names of the CAs, staple */
    gnutls_x509_trust_list_t trust; /* the client CAs and their revocation lists */
    struct kms_tls_crl *crls;
    unsigned n_crls;
    bool has_crl;       /* revocation lists are configured */
    int64_t expires_ms; /* of the server's certificate */
};
/* Gives one count back. */
KMS_OWNED(tls_creds);

/*
 * Read and check all files. Refused with KMS_E_CONFIG and words about what to do: a key
 * that is not the certificate's or that everybody may read, a client CA that is no CA, a
 * revocation list that none of the client CAs has signed.
 */
KMS_RC kms_tls_creds_load(const struct kms_tls_files *files, struct kms_tls_creds **out);
struct kms_tls_creds *kms_tls_creds_ref(struct kms_tls_creds *c);

#endif
