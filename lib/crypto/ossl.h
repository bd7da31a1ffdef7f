/*
 * ossl.h - private to lib/crypto: algorithms fetched once, contexts kept per thread.
 *
 * No other folder may include this file; the public headers show no OpenSSL type. An
 * implicit fetch costs more than the work it is for (0.9 us against 0.4 us for a short
 * AES-GCM message), so nothing on a request's way fetches or allocates.
 */
#ifndef KMS_CRYPTO_OSSL_H
#define KMS_CRYPTO_OSSL_H

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"

/* Random bytes that nobody has had yet: the first n. */
struct kms_ahead {
    size_t n;
    uint8_t bytes[512];
};
/* In protected memory, which a forked child sees zeroed: it draws afresh. */
struct kms_drawn {
    struct kms_ahead secret, shown;
};

/* One thread's contexts. Each is initialised with its algorithm and holds no key. */
struct kms_ossl {
    EVP_MD_CTX *sha256;
    EVP_MAC_CTX *hmac_sha256;
    EVP_CIPHER_CTX *gcm_seal, *gcm_open;
    struct kms_secret *drawn; /* of a struct kms_drawn */
};

/*
 * The calling thread's contexts, made at its first call and freed when it ends.
 * KMS_E_CRYPTO when the library lacks an algorithm, KMS_E_NOMEM.
 */
KMS_RC kms_ossl_get(struct kms_ossl **out);

/* The fetched digest, for contexts that live longer than a call. */
KMS_RC kms_ossl_sha256(const EVP_MD **out);

/* KMS_E_CRYPTO with what failed and the library's own reason; empties its queue. */
enum kms_rc kms_ossl_err(const char *what);

/* KMS_OSSL_AUTO(X509) x = NULL;  frees x on every way out of the block. */
#define KMS_OSSL_AUTO(type) __attribute__((cleanup(kms_ossl_##type##_freep))) type *
#define KMS_OSSL_OWNED(type)                                                             \
    static inline void kms_ossl_##type##_freep(type **p_)                                \
    {                                                                                    \
        type##_free(*p_);                                                                \
    }                                                                                    \
    struct kms_ossl_##type##_owned /* takes the semicolon */

KMS_OSSL_OWNED(EVP_PKEY);

/*
 * OpenSSL takes int lengths. Nothing here is ever near this limit; whatever passes it
 * is refused before it reaches the library.
 */
enum { KMS_OSSL_LEN_MAX = 1 << 24 };

#endif
