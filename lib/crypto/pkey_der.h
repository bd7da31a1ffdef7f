/*
 * pkey_der.h - private to lib/crypto: the little DER (ITU-T X.690) that keys are wrapped
 * in. Writes exact lengths into a buffer; reads strictly.
 */
#ifndef KMS_CRYPTO_PKEY_DER_H
#define KMS_CRYPTO_PKEY_DER_H

#include "base/buf.h"

enum {
    KMS_DER_INTEGER = 0x02,
    KMS_DER_BIT_STRING = 0x03,
    KMS_DER_OCTET_STRING = 0x04,
    KMS_DER_SEQUENCE = 0x30,
    KMS_DER_CONTEXT_0 = 0xa0,
    KMS_DER_CONTEXT_1 = 0xa1,
    KMS_DER_PRIMITIVE_1 = 0x81
};

/* The length of a value's tag and length octets when it has n bytes of content. */
size_t kms_der_head_len(size_t n);
/* The length of a whole value of n bytes of content. */
size_t kms_der_len(size_t n);
/* The length of a whole INTEGER that holds the unsigned number of n big-endian bytes. */
size_t kms_der_uint_len(const uint8_t *be, size_t n);

/* Write tag and length; the n bytes of content follow. */
void kms_der_head(struct kms_buf *b, uint8_t tag, size_t n);
void kms_der_uint(struct kms_buf *b, const uint8_t *be, size_t n);

/*
 * Take the first value off the front of rest, if its tag is tag and its length is whole
 * and minimal; value gets the content. False, with both untouched, otherwise.
 */
bool kms_der_take(struct kms_bytes *rest, uint8_t tag, struct kms_bytes *value);
/*
 * The same for an INTEGER that is not negative and minimal; value gets the magnitude
 * without a leading zero (none for zero).
 */
bool kms_der_take_uint(struct kms_bytes *rest, struct kms_bytes *value);

/* A SubjectPublicKeyInfo: the algorithm's content and the key's bits. */
void kms_der_spki(struct kms_buf *b, struct kms_bytes algorithm, struct kms_bytes key);
/*
 * Strictly that: der is what kms_der_spki writes for this algorithm, and key gets the
 * bits (borrowed from der).
 */
bool kms_der_take_spki(struct kms_bytes der, struct kms_bytes algorithm,
                       struct kms_bytes *key);

/*
 * A PrivateKeyInfo up to the content of privateKey, whose inner_len bytes follow
 * (RFC 5208 section 5, version 0).
 */
void kms_der_pkcs8_head(struct kms_buf *b, struct kms_bytes algorithm, size_t inner_len);

/* What a PKCS#8 container holds; all borrowed. */
struct kms_der_pkcs8 {
    struct kms_bytes algorithm;   /* content of AlgorithmIdentifier */
    struct kms_bytes private_key; /* content of the OCTET STRING */
    struct kms_bytes public_bits; /* version 2's public key, or absent */
};

/* Read a PKCS#8 container, version 1 or 2, strictly; attributes are passed over. */
bool kms_der_take_pkcs8(struct kms_bytes der, struct kms_der_pkcs8 *out);

#endif
