/* pkey_der.h - containers around the bare keys of published vectors. */
#ifndef KMS_TESTS_SUPPORT_PKEY_DER_H
#define KMS_TESTS_SUPPORT_PKEY_DER_H

#include "base/buf.h"
#include "key/key.h"

/*
 * PKCS#8 of a NIST curve with the scalar of private, whatever number of zeros it has in
 * front, and no public key.
 */
void der_ec_pkcs8(struct kms_buf *out, enum kms_key_spec spec, struct kms_bytes private);
/* SubjectPublicKeyInfo of an ML-DSA public key of any length. */
void der_ml_dsa_spki(struct kms_buf *out, enum kms_key_spec spec,
                     struct kms_bytes public);
/* The spec with this name in ASCII; fails the test when there is none. */
enum kms_key_spec der_spec(struct kms_bytes name);

#endif
