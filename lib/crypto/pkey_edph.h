/*
 * pkey_edph.h - private to lib/crypto: Ed25519ph (RFC 8032 section 5.1) for libraries
 * that do not have it, OpenSSL before 3.2. Later ones do it themselves and never come
 * here.
 *
 * Ed25519ph cannot be had through Ed25519: the two differ in what is hashed before the
 * message. It can be had from the library's other parts, since the edwards25519 group is
 * also the group of a short Weierstrass curve over the same field: EC_GROUP and
 * EC_POINT_mul do the arithmetic on that curve, the same code that serves secp256k1.
 */
#ifndef KMS_CRYPTO_PKEY_EDPH_H
#define KMS_CRYPTO_PKEY_EDPH_H

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/err.h"

enum { KMS_EDPH_LEN = 64 };

/* Sign message (which is hashed here) with a whole Ed25519 key. KMS_E_CRYPTO. */
KMS_RC kms_pkey_edph_sign(const EVP_PKEY *key, struct kms_bytes message,
                          uint8_t out[KMS_EDPH_LEN]);
/* Whether signature is one of message, by the equation without the cofactor. */
KMS_RC kms_pkey_edph_check(const EVP_PKEY *key, struct kms_bytes message,
                           struct kms_bytes signature, bool *good);

#endif
