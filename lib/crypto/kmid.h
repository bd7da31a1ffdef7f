/*
 * kmid.h - the key material id: a one-way name of key and material, and the check value
 * that is recomputed after every unseal.
 */
#ifndef KMS_CRYPTO_KMID_H
#define KMS_CRYPTO_KMID_H

#include "base/bytes.h"
#include "base/err.h"
#include "key/key.h"

/* Symmetric and HMAC material: KBKDF(material, "kmsd-kmid-v1", uuid). */
KMS_RC kms_kmid_of_secret(struct kms_bytes material, const uint8_t uuid[KMS_UUID_LEN],
                          uint8_t out[KMS_KMID_LEN]);
/* Asymmetric material: SHA-256("kmsd-kmid-v1" | uuid | spki), spki being its DER. */
KMS_RC kms_kmid_of_public(struct kms_bytes spki, const uint8_t uuid[KMS_UUID_LEN],
                          uint8_t out[KMS_KMID_LEN]);

#endif
