/*
 * unwrap.h - opens key material that a client wrapped under the public key of
 * GetParametersForImport. The wrapping key is a pkey like any other, of RSA_2048,
 * RSA_3072, RSA_4096 or SM2.
 *
 *   RSAES_OAEP_SHA_n        the material itself, by oaep.h
 *   RSA_AES_KEY_WRAP_SHA_n  OAEP of an AES-256 key, and then the material under that key,
 *                           wrapped by RFC 5649 (PKCS#11 CKM_RSA_AES_KEY_WRAP)
 *   SM2PKE                  the material itself
 */
#ifndef KMS_CRYPTO_UNWRAP_H
#define KMS_CRYPTO_UNWRAP_H

#include "crypto/pkey.h"

/*
 * The material inside wrapped; what it should be is for the caller to check (raw bytes by
 * kms_spec_material_fits, PKCS#8 by kms_pkey_import_pkcs8). Everything wrong with wrapped
 * is KMS_E_INVALID_CIPHERTEXT without words. Whether alg and wrapping key are a pair, and
 * one for the spec to be imported, key/spec.h says (kms_spec_wraps); here a wrong pair is
 * KMS_E_CRYPTO.
 */
KMS_RC kms_unwrap(const struct kms_pkey *wrapping, enum kms_algorithm_spec alg,
                  struct kms_bytes wrapped, struct kms_secret **out);

#endif
