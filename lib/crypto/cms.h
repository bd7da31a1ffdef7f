/*
 * cms.h - CMS EnvelopedData (RFC 5652 section 6) for one recipient who has an RSA key.
 *
 * Laid out to the byte as the service's CiphertextForRecipient: the recipient is named by
 * the SHA-256 of its SubjectPublicKeyInfo, the content key is encrypted by RSAES-OAEP
 * with SHA-256 (RFC 8017 section 7.1), the content by AES-256-CBC (RFC 3565), and the
 * outer structures have indefinite lengths (BER), which aws-nitro-enclaves-sdk-c insists
 * on.
 */
#ifndef KMS_CRYPTO_CMS_H
#define KMS_CRYPTO_CMS_H

#include "base/buf.h"

/*
 * Whether answers can be encrypted to this key: SubjectPublicKeyInfo, DER, of an RSA key
 * of 2048, 3072 or 4096 bits. KMS_E_VALIDATION without words when not.
 */
KMS_RC kms_cms_check_key(struct kms_bytes spki);

/* Append the EnvelopedData of plain for this key. Errors as above; KMS_E_CRYPTO. */
KMS_RC kms_cms_envelop(struct kms_bytes spki, struct kms_bytes plain,
                       struct kms_buf *out);

#endif
