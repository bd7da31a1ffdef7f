/*
 * pkey_impl.h - private to lib/crypto: what a live key is made of, and what each family
 * of keys fills in.
 */
#ifndef KMS_CRYPTO_PKEY_IMPL_H
#define KMS_CRYPTO_PKEY_IMPL_H

#include <openssl/bn.h>

#include "base/buf.h"
#include "crypto/ossl.h"
#include "crypto/pkey.h"
#include "key/spec.h"

struct kms_pkey {
    int refs; /* atomic */
    enum kms_key_spec spec;
    bool has_private;
    EVP_PKEY *evp;
    struct kms_buf spki;
};

enum { KMS_PKEY_FORMAT = 1 }; /* first byte of all material */

/*
 * One family of keys. Results are untouched on failure. load, generate and pkcs8 report
 * KMS_E_CRYPTO, from_spki KMS_E_VALIDATION without words, import
 * KMS_E_INVALID_CIPHERTEXT with words for the log.
 */
struct kms_pkey_family {
    KMS_RC (*generate)(enum kms_key_spec spec, struct kms_secret **material);
    /* The material has the format byte and the length material_len gives. */
    KMS_RC (*load)
    (enum kms_key_spec spec, const uint8_t *material, EVP_PKEY **out,
     struct kms_buf *spki);
    KMS_RC (*from_spki)(enum kms_key_spec spec, struct kms_bytes der, EVP_PKEY **out);
    KMS_RC (*pkcs8)(enum kms_key_spec spec, const uint8_t *material, struct kms_buf *out);
    /* NULL: cannot be imported. */
    KMS_RC (*import)
    (enum kms_key_spec spec, struct kms_bytes der, struct kms_secret **material);
    size_t (*material_len)(enum kms_key_spec spec);
};

extern const struct kms_pkey_family kms_pkey_rsa, kms_pkey_ec, kms_pkey_ed,
    kms_pkey_mldsa;

KMS_OSSL_OWNED(EVP_PKEY_CTX);
KMS_OSSL_OWNED(EVP_MD_CTX);
KMS_OSSL_OWNED(BN_CTX);
/* Numbers are wiped when freed, whether secret or not. */
static inline void kms_ossl_BIGNUM_freep(BIGNUM **p)
{
    BN_clear_free(*p);
}

/* KMS_E_INVALID_CIPHERTEXT with words for the log; empties the library's queue. */
__attribute__((format(printf, 1, 2))) enum kms_rc kms_pkey_refuse(const char *fmt, ...);
/* The same as KMS_E_VALIDATION without words. */
enum kms_rc kms_pkey_refuse_public(void);

/*
 * Parse PKCS#8 (DER of version 1 or 2, else BER of version 1) into a key of the library,
 * if the content of its AlgorithmIdentifier is algorithm. public_bits gets the public
 * key that version 2 may carry, borrowed from der, or absent.
 */
KMS_RC kms_pkey_decode(struct kms_bytes der, struct kms_bytes algorithm, EVP_PKEY **out,
                       struct kms_bytes *public_bits);

/* A component of a key as width big-endian bytes; false when absent or longer. */
bool kms_pkey_component(const EVP_PKEY *key, const char *name, uint8_t *out,
                        size_t width);

/* EVP_PKEY_fromdata: a key of the library's type from components. */
KMS_RC kms_pkey_make(const char *type, bool has_private, OSSL_PARAM *params,
                     EVP_PKEY **out);
/* Big-endian bytes as the library wants its integers: in the machine's order. */
void kms_pkey_native(uint8_t *out, const uint8_t *be, size_t n);

#endif
