/*
 * oaep.h - RSAES-OAEP (RFC 8017 section 7.1): one hash for the label and for MGF1, an
 * empty label. Blinding is the library's, and on.
 */
#ifndef KMS_CRYPTO_OAEP_H
#define KMS_CRYPTO_OAEP_H

#include "crypto/pkey.h"

enum kms_oaep_hash { KMS_OAEP_SHA_1, KMS_OAEP_SHA_256 };

/*
 * Seal plain, which must fit (key/spec.h: kms_spec_plaintext). out gets as many bytes as
 * the modulus has. KMS_E_CRYPTO.
 */
KMS_RC kms_oaep_seal(const struct kms_pkey *key, enum kms_oaep_hash hash,
                     struct kms_bytes plain, uint8_t *out);

/*
 * Open cipher: plain has room for as many bytes as the modulus has, len tells how many
 * came. Whatever is wrong with cipher, its length included, is one and the same
 * KMS_E_INVALID_CIPHERTEXT without words, with plain zeroed: telling the causes apart
 * would be Manger's oracle (CRYPTO 2001).
 */
KMS_RC kms_oaep_open(const struct kms_pkey *key, enum kms_oaep_hash hash,
                     struct kms_bytes cipher, uint8_t *plain, size_t *len);

#endif
