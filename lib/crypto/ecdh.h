/*
 * ecdh.h - elliptic-curve Diffie-Hellman, cofactor 1 (SP 800-56A section 5.7.1.2): the
 * raw x coordinate, left-padded to the width of the curve, with no key derivation
 * applied.
 */
#ifndef KMS_CRYPTO_ECDH_H
#define KMS_CRYPTO_ECDH_H

#include "base/arena.h"
#include "crypto/pkey.h"

/*
 * The shared secret of key and the stranger's public key, its SubjectPublicKeyInfo in
 * DER (kms_pkey_from_spki says how strictly), into arena; its length is kms_spec_width.
 * The key's own public key is a good peer. KMS_E_VALIDATION without words for a peer that
 * is not on the key's curve, KMS_E_INVALID_KEY_USAGE for a spec that does not agree.
 */
KMS_RC kms_ecdh_derive(const struct kms_pkey *key, struct kms_bytes peer_spki,
                       struct kms_arena *arena, struct kms_bytes *out);

#endif
