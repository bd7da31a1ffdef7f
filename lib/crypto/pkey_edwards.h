/*
 * pkey_edwards.h - private to lib/crypto: edwards25519 (RFC 8032 section 5.1) as the
 * library's EC_GROUP can hold it, in short Weierstrass form, and the way between a point
 * there and its 32 bytes in EdDSA.
 *
 * With A = 486662 and c the smaller square root of -(A + 2), a point (x, y) of
 * -x^2 + y^2 = 1 + d x^2 y^2 goes through Montgomery's u = (1 + y) / (1 - y),
 * v = c u / x (RFC 7748 section 4.1) to X = u + A/3, Y = v.
 */
#ifndef KMS_CRYPTO_PKEY_EDWARDS_H
#define KMS_CRYPTO_PKEY_EDWARDS_H

#include <openssl/ec.h>

#include "base/err.h"
#include "crypto/pkey_impl.h"

KMS_OSSL_OWNED(EC_POINT);

/* Made once; read-only afterwards. */
struct kms_edwards {
    EC_GROUP *group; /* its generator is RFC 8032's B */
    BIGNUM *p;       /* the field, 2^255 - 19 */
    BIGNUM *l;       /* the order of B */
    BIGNUM *d, *c, *a3;
};

enum { KMS_EDWARDS_LEN = 32 };

KMS_RC kms_edwards_get(const struct kms_edwards **out);

/* The encoding of a point that is neither the neutral element nor of order two. */
bool kms_edwards_encode(const struct kms_edwards *e, const EC_POINT *point,
                        uint8_t out[KMS_EDWARDS_LEN], BN_CTX *ctx);
/* The point of an encoding, in variable time: for public points; else false. */
bool kms_edwards_decode(const struct kms_edwards *e, const uint8_t in[KMS_EDWARDS_LEN],
                        EC_POINT *out, BN_CTX *ctx);

#endif
