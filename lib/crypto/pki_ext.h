/* pki_ext.h - private to lib/crypto: the parts that certificates are made of. */
#ifndef KMS_CRYPTO_PKI_EXT_H
#define KMS_CRYPTO_PKI_EXT_H

#include <openssl/x509v3.h>

#include "crypto/ossl.h"
#include "crypto/pki.h"

/* Peers whose clocks are a little slow accept what was just signed at once. */
enum { KMS_PKI_BACKDATE_S = 300 };

struct kms_ca {
    EVP_PKEY *key;
    X509 *cert;
};

KMS_OSSL_OWNED(BIO);
KMS_OSSL_OWNED(X509);
KMS_OSSL_OWNED(X509_CRL);
KMS_OSSL_OWNED(X509_NAME);
KMS_OSSL_OWNED(X509_EXTENSION);

/* An extension by its number, with its value in the library's configuration syntax. */
struct kms_ext {
    int nid;
    const char *value;
};

/* Add the n extensions to a certificate of this issuer (itself for a CA). */
KMS_RC kms_ext_add(X509 *x, X509 *issuer, const struct kms_ext *exts, size_t n);
/* Add authority key identifier and CRL number to a revocation list of this issuer. */
KMS_RC kms_ext_add_crl(X509_CRL *crl, X509 *issuer, long number);

/* Append what was written to a memory BIO; such BIOs wipe their memory when freed. */
KMS_RC kms_ext_take_text(BIO *bio, struct kms_buf *out);

/*
 * Add subjectAltName. Names go in as they are and never through the configuration
 * syntax, where a comma would begin another name. KMS_E_CONFIG names the bad one.
 */
KMS_RC kms_ext_add_names(X509 *x, const struct kms_leaf *leaf);

/* CN=name, O=kmsd. Free with X509_NAME_free. */
KMS_RC kms_ext_subject(const char *name, X509_NAME **out);

/* A fresh positive serial number of 127 bits. */
KMS_RC kms_ext_serial(ASN1_INTEGER *out);

#endif
