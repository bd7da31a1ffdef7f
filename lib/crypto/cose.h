/*
 * cose.h - COSE_Sign1 messages (RFC 9052 section 4.2) signed with ES384 (RFC 9053 section
 * 2.1: ECDSA on P-384 with SHA-384).
 */
#ifndef KMS_CRYPTO_COSE_H
#define KMS_CRYPTO_COSE_H

#include "base/bytes.h"
#include "base/err.h"

enum { KMS_COSE_ES384_LEN = 96 /* r | s, 48 bytes each */ };

/* The parts of a message; borrowed. */
struct kms_cose_sign1 {
    struct kms_bytes protected_header; /* encoded, as it was signed */
    struct kms_bytes payload;
    struct kms_bytes signature; /* KMS_COSE_ES384_LEN bytes */
};

/*
 * Split a message, tagged (18) or not, that is nothing else to its last byte: a protected
 * header that says ES384 and no more, an empty unprotected one, a payload that is there.
 * False otherwise.
 */
bool kms_cose_parse(struct kms_bytes message, struct kms_cose_sign1 *out);

/*
 * Whether the key behind this DER certificate signed it. KMS_E_VALIDATION without words
 * when it did not, or when it is no key on P-384.
 */
KMS_RC kms_cose_verify(const struct kms_cose_sign1 *m, struct kms_bytes certificate);

#endif
