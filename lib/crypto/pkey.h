/*
 * pkey.h - live asymmetric keys: made, loaded from stored material, imported, exported.
 *
 * A live key is immutable once made: any number of threads may use it at once, and it
 * lives until its last holder frees it. What the store seals is not the live key but its
 * material: a short list of components of fixed lengths, which load in microseconds
 * where a DER decoder takes hundreds. The material of each spec, byte by byte (integers
 * unsigned, big-endian, padded with zeros on the left):
 *
 *   RSA_n (k = 256, 384, 512; 9 + 4.5 k bytes)
 *     01 | n[k] | e[8] | d[k] | p[k/2] | q[k/2] | d mod p-1 [k/2] | d mod q-1 [k/2] |
 *     q^-1 mod p [k/2]
 *   ECC_NIST_P256, P384, P521, ECC_SECG_P256K1, SM2 (w = 32, 48, 66, 32, 32)
 *     01 | scalar[w] | 04 | x[w] | y[w]
 *   ECC_NIST_EDWARDS25519
 *     01 | seed[32]               (RFC 8032 section 5.1.5: the private key)
 *   ML_DSA_44, 65, 87
 *     01 | seed[32]               (FIPS 204 section 6.1: xi)
 *
 * The first byte is the format. Asymmetric specs only; SYMMETRIC_DEFAULT and HMAC
 * material is bytes as they are and needs no key object.
 */
#ifndef KMS_CRYPTO_PKEY_H
#define KMS_CRYPTO_PKEY_H

#include "base/own.h"
#include "base/secret.h"
#include "key/key.h"

struct kms_pkey;
KMS_OWNED(pkey); /* gives up one reference; NULL is fine */

/* One more reference to the same key, to be given up with kms_pkey_free. */
struct kms_pkey *kms_pkey_ref(struct kms_pkey *key);

enum kms_key_spec kms_pkey_spec(const struct kms_pkey *key);
/* False for a key that came from kms_pkey_from_spki: it verifies and encrypts only. */
bool kms_pkey_private(const struct kms_pkey *key);
/* Its SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7); lives as long as key. */
struct kms_bytes kms_pkey_spki(const struct kms_pkey *key);

/*
 * KMS_E_UNSUPPORTED_OPERATION with words for the client when the OpenSSL that this
 * process runs with lacks the spec (ML-DSA before 3.5), or when the spec has no key
 * object. All functions below answer so, too.
 */
KMS_RC kms_pkey_supported(enum kms_key_spec spec);

/*
 * A new key: its material and the live key. The key is loaded from the material it
 * returns and has signed and verified once (FIPS 140-3, pairwise consistency) before
 * anybody sees it. RSA (two primes, e = 65537) takes from 0.1 to several seconds.
 */
KMS_RC kms_pkey_generate(enum kms_key_spec spec, struct kms_secret **material,
                         struct kms_pkey **out);

/*
 * The live key of stored material. The material is trusted to be whole, as the seal
 * around it proves; KMS_E_CRYPTO when its form is not that of the spec.
 */
KMS_RC kms_pkey_load(enum kms_key_spec spec, struct kms_bytes material,
                     struct kms_pkey **out);

/*
 * A stranger's public key. DER in its one encoding: named curve (explicit parameters
 * are refused), point on the curve and not at infinity, compressed or not; for RSA the
 * exact modulus length and an odd exponent, 3 or more and of at most 64 bits. Anything
 * else is KMS_E_VALIDATION without words, as the service answers.
 */
KMS_RC kms_pkey_from_spki(enum kms_key_spec spec, struct kms_bytes der,
                          struct kms_pkey **out);

/* The PrivateKeyInfo in DER (RFC 5208, RFC 5915, RFC 8410) of stored material. */
KMS_RC kms_pkey_pkcs8(enum kms_key_spec spec, struct kms_bytes material,
                      struct kms_secret **out);

/*
 * A private key made elsewhere: PKCS#8, version 1 or 2 (RFC 5208, RFC 5958), of exactly
 * this spec. RSA: rsaEncryption, two primes of half the modulus length each, an odd
 * exponent from 17 to 64 bits, primality and all relations checked. Curves: the named
 * curve, scalar in range, public key (if it is there) belonging to it. BER is read for
 * RSA and curves; Ed25519 has to be DER (RFC 8410 section 7). The material comes out in
 * the form above whatever the container was. KMS_E_INVALID_CIPHERTEXT with words for
 * the log. ML-DSA cannot be imported: KMS_E_UNSUPPORTED_OPERATION.
 */
KMS_RC kms_pkey_import_pkcs8(enum kms_key_spec spec, struct kms_bytes der,
                             struct kms_secret **material, struct kms_pkey **out);

#endif
