/* aead.h - AES-256-GCM (SP 800-38D) with a 96-bit IV and a 128-bit tag. */
#ifndef KMS_CRYPTO_AEAD_H
#define KMS_CRYPTO_AEAD_H

#include "base/bytes.h"
#include "base/err.h"

enum { KMS_GCM_KEY_LEN = 32, KMS_GCM_IV_LEN = 12, KMS_GCM_TAG_LEN = 16 };

/* What a message is sealed under; everything is borrowed for the call. */
struct kms_gcm {
    const uint8_t *key; /* KMS_GCM_KEY_LEN bytes; not kept by the thread's context */
    const uint8_t *iv;  /* KMS_GCM_IV_LEN bytes, never twice under one key */
    const struct kms_bytes *aad; /* n_aad parts one after the other */
    size_t n_aad;
};

/* out gets plain.n bytes of ciphertext and the tag. It may not overlap plain. */
KMS_RC kms_gcm_seal(const struct kms_gcm *g, struct kms_bytes plain, uint8_t *out);

/*
 * out gets sealed.n - KMS_GCM_TAG_LEN bytes. KMS_E_INVALID_CIPHERTEXT without words, and
 * out zeroed, when the tag does not fit key, IV, AAD and ciphertext.
 */
KMS_RC kms_gcm_open(const struct kms_gcm *g, struct kms_bytes sealed, uint8_t *out);

#endif
