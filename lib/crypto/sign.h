/*
 * sign.h - signatures: RSASSA-PKCS1-v1_5 and -PSS (RFC 8017), ECDSA (FIPS 186-5),
 * Ed25519 and Ed25519ph (RFC 8032), ML-DSA (FIPS 204), SM2 (GB/T 32918.2).
 *
 *   RAW          the message itself; hashed here by the algorithm's hash
 *   DIGEST       that hash, made by the caller: the same signature. For Ed25519ph the
 *                64 bytes are the message and are hashed once more, as the service does.
 *                For SM2DSA it is SM3(Z | message), so the caller chooses the identity.
 *   EXTERNAL_MU  ML-DSA's mu (FIPS 204 section 6.2), with an empty context
 *
 * PSS salts are exactly as long as the hash, on verifying too. SM2DSA over RAW uses the
 * identity 1234567812345678. ECDSA, SM2DSA and ML-DSA signatures are randomised.
 */
#ifndef KMS_CRYPTO_SIGN_H
#define KMS_CRYPTO_SIGN_H

#include "base/arena.h"
#include "crypto/pkey.h"

/* What is signed, and how. */
struct kms_tbs {
    enum kms_signing_algorithm_spec alg;
    enum kms_message_type type;
    struct kms_bytes message;
};

/*
 * Sign with a private key; the signature comes from arena. Algorithm and message are
 * checked by key/spec.h, with its errors; KMS_E_CRYPTO when the library refuses.
 */
KMS_RC kms_sign_make(const struct kms_pkey *key, const struct kms_tbs *tbs,
                     struct kms_arena *arena, struct kms_bytes *out);

/*
 * Verify with a key of either half. KMS_E_INVALID_SIGNATURE without words for anything
 * that is not the signature; the other errors as above.
 */
KMS_RC kms_sign_check(const struct kms_pkey *key, const struct kms_tbs *tbs,
                      struct kms_bytes signature);

#endif
