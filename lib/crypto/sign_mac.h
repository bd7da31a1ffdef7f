/* sign_mac.h - HMAC with SHA-224, SHA-256, SHA-384 and SHA-512 (FIPS 198-1). */
#ifndef KMS_CRYPTO_SIGN_MAC_H
#define KMS_CRYPTO_SIGN_MAC_H

#include "base/arena.h"
#include "key/key.h"

/* The MAC of message under key (1 byte or more), from arena. KMS_E_CRYPTO. */
KMS_RC kms_sign_mac(enum kms_mac_algorithm_spec alg, struct kms_bytes key,
                    struct kms_bytes message, struct kms_arena *arena,
                    struct kms_bytes *out);

/*
 * KMS_E_INVALID_MAC without words when mac is not the MAC of message, whatever its
 * length; compared in constant time.
 */
KMS_RC kms_sign_mac_check(enum kms_mac_algorithm_spec alg, struct kms_bytes key,
                          struct kms_bytes message, struct kms_bytes mac);

#endif
