/*
 * recipient.h - answers that only an attested recipient can read.
 *
 * The way for operations to lib/crypto's attestation and CMS; no key of the keyring takes
 * part.
 */
#ifndef KMS_KEYRING_RECIPIENT_H
#define KMS_KEYRING_RECIPIENT_H

#include "base/arena.h"
#include "base/err.h"
#include "policy/attested.h"

struct kms_attest_roots;

/*
 * Verify a document (crypto/attest.h), and that answers can be encrypted to its key.
 * KMS_E_VALIDATION with words for the client. *out is in the arena and borrows from
 * document.
 */
KMS_RC kms_keyring_attest(const struct kms_attest_roots *roots, struct kms_bytes document,
                          int64_t now_ms, struct kms_arena *a,
                          const struct kms_attested **out);

/* CMS EnvelopedData of plain for the key of a verified document, in the arena. */
KMS_RC kms_keyring_envelop(const struct kms_attested *to, struct kms_bytes plain,
                           struct kms_arena *a, struct kms_bytes *out);

#endif
