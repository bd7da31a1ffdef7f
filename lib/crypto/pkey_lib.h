/*
 * pkey_lib.h - private to lib/crypto: what asymmetric keys and MACs need of the library,
 * fetched once, and what this version of it lacks.
 */
#ifndef KMS_CRYPTO_PKEY_LIB_H
#define KMS_CRYPTO_PKEY_LIB_H

#include <stdbool.h>

#include <openssl/evp.h>

/* Read-only. A member is NULL or false when the library has it not. */
struct kms_pkey_lib {
    EVP_MD *sha256, *sha384, *sha512, *sm3;
    EVP_MAC *hmac;
    EVP_CIPHER *kwp; /* AES-256 key wrap with padding, RFC 5649 */
    bool ml_dsa;     /* since OpenSSL 3.5 */
    bool ed25519ph;  /* since OpenSSL 3.2 */
};

/* Never NULL; thread-safe. */
const struct kms_pkey_lib *kms_pkey_lib(void);

#endif
