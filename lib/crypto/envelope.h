/*
 * envelope.h - the symmetric ciphertext, version 1: 126 bytes and the plaintext.
 *
 *   hdr  = ver(01) | suite(01) | key_uuid[16] | key_material_id[32]
 *   blob = hdr | N[16] | IV[12] | C[32] | GCM(ct | tag16)
 *   AAD  = hdr | EC         Ctx = N | SHA-256(AAD)
 *   Kenc = KBKDF(K, "kmsd-enc-v1", Ctx)    C = KBKDF(K, "kmsd-commit-v1", Ctx)
 *
 * EC is the encryption context in canonical form (key/context.h). Every message has a
 * key of its own, so there is no message budget to manage; the commitment C binds key,
 * header and context, which a GCM tag alone does not. N and IV are drawn here: no way
 * exists for a caller to choose them.
 */
#ifndef KMS_CRYPTO_ENVELOPE_H
#define KMS_CRYPTO_ENVELOPE_H

#include "base/bytes.h"
#include "base/err.h"
#include "key/key.h"

enum {
    KMS_ENVELOPE_KEY_LEN = 32,  /* K: exactly this, since HMAC pads shorter keys */
    KMS_ENVELOPE_HEAD_LEN = 50, /* hdr */
    KMS_ENVELOPE_OVERHEAD = 126 /* all but the ciphertext proper */
};

/* The key of an envelope; borrowed for the call. */
struct kms_envelope_key {
    struct kms_bytes material; /* K, KMS_ENVELOPE_KEY_LEN bytes */
    const uint8_t *uuid;       /* KMS_UUID_LEN bytes */
    const uint8_t *kmid;       /* KMS_KMID_LEN bytes */
};

/*
 * Seal plain (which may be empty) with its context. blob gets KMS_ENVELOPE_OVERHEAD +
 * plain.n bytes and may not overlap plain.
 */
KMS_RC kms_envelope_seal(const struct kms_envelope_key *key, struct kms_bytes context,
                         struct kms_bytes plain, uint8_t *blob);

/*
 * Open a blob: plain gets blob.n - KMS_ENVELOPE_OVERHEAD bytes. Whatever is wrong with
 * the blob, the key or the context is one and the same KMS_E_INVALID_CIPHERTEXT, without
 * words and with plain zeroed; the commitment is compared first, in constant time.
 */
KMS_RC kms_envelope_open(const struct kms_envelope_key *key, struct kms_bytes context,
                         struct kms_bytes blob, uint8_t *plain);

/*
 * The key a blob names, before anything about it is known to be true.
 * KMS_E_INVALID_CIPHERTEXT (no words) when it is not of this form.
 */
KMS_RC kms_envelope_names(struct kms_bytes blob, uint8_t uuid[KMS_UUID_LEN],
                          uint8_t kmid[KMS_KMID_LEN]);

#endif
