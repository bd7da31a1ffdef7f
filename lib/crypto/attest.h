/*
 * attest.h - attestation documents of AWS Nitro enclaves and of NitroTPM: read, and
 * verified up to a root that was configured.
 *
 * A document is a COSE_Sign1 message over a CBOR map that says which image runs where
 * (platform configuration registers), and to which key answers may be encrypted. Source:
 * aws-nitro-enclaves-nsm-api, "Nitro Enclaves Attestation Process", sections 2.2 and 3;
 * Amazon EC2 User Guide, "NitroTPM attestation document".
 *
 * What is wrong with a document is KMS_E_VALIDATION, with words for the client.
 */
#ifndef KMS_CRYPTO_ATTEST_H
#define KMS_CRYPTO_ATTEST_H

#include "base/own.h"
#include "crypto/cose.h"
#include "policy/attested.h"

enum {
    KMS_ATTEST_PAYLOAD_MAX = 16384,
    KMS_ATTEST_CERT_MAX = 1024,
    KMS_ATTEST_BUNDLE_MAX = 8, /* certificates; AWS sends four */
    KMS_ATTEST_KEY_MAX = 1024,
    KMS_ATTEST_DATA_MAX = 1024, /* user_data and nonce */
    /* A document may be this much from the future, or older than its certificate. */
    KMS_ATTEST_SKEW_MS = 5 * 60 * 1000
};

/* A document taken apart; everything is borrowed from its bytes. */
struct kms_attest_doc {
    struct kms_attested says; /* worth nothing before it is verified */
    struct kms_cose_sign1 message;
    struct kms_bytes certificate;
    struct kms_bytes bundle[KMS_ATTEST_BUNDLE_MAX]; /* from the root on */
    size_t n_bundle;
};

/* Read a document: form and limits only. */
KMS_RC kms_attest_parse(struct kms_bytes document, struct kms_attest_doc *out);

/* The certificates at which chains may end. Read-only: may be shared by threads. */
struct kms_attest_roots;
KMS_OWNED(attest_roots);

/* From PEM: self-signed CA certificates, at least one. KMS_E_CONFIG says what is wrong.
 */
KMS_RC kms_attest_roots_load(struct kms_bytes pem, struct kms_attest_roots **out);

/*
 * The document's certificate leads to one of the roots by its bundle, every certificate
 * of the chain is valid at now_ms and for what it is used for, the document was signed by
 * it (ECDSA P-384 with SHA-384), not in the future and not before the certificate. Takes
 * milliseconds: P-384, once a certificate and once more.
 */
KMS_RC kms_attest_verify(const struct kms_attest_roots *roots,
                         const struct kms_attest_doc *doc, int64_t now_ms);

#endif
