/*
 * spec.h - what each key spec can do: usages, algorithms, sizes. One table.
 *
 * Source: AWS KMS Developer Guide, "Key spec reference" and "Asymmetric key specs". Lists
 * are in the order in which the service shows them. Lengths are in bytes.
 */
#ifndef KMS_KEY_SPEC_H
#define KMS_KEY_SPEC_H

#include "key/key.h"

/* What kind of material a spec has. */
enum kms_spec_family {
    KMS_FAMILY_NONE, /* no spec at all */
    KMS_FAMILY_SYMMETRIC,
    KMS_FAMILY_HMAC,
    KMS_FAMILY_RSA,
    KMS_FAMILY_EC, /* the NIST curves and secp256k1 */
    KMS_FAMILY_ED25519,
    KMS_FAMILY_SM2,
    KMS_FAMILY_ML_DSA,
    KMS_FAMILY_ML_KEM
};

enum kms_spec_family kms_spec_family(enum kms_key_spec spec);
/* True when usage is one of the spec's usages. */
bool kms_spec_allows(enum kms_key_spec spec, enum kms_key_usage_type usage);
/* True for SYMMETRIC_DEFAULT. */
bool kms_spec_symmetric(enum kms_key_spec spec);
/* True for a spec with a public key: neither symmetric nor HMAC. */
bool kms_spec_asymmetric(enum kms_key_spec spec);

/*
 * The algorithms a key of this spec lists when it has the usage they are for:
 * ENCRYPT_DECRYPT, SIGN_VERIFY, GENERATE_VERIFY_MAC, KEY_AGREEMENT. Absent (present is
 * false) when the spec has none.
 */
struct kms_encryption_algorithm_spec_list kms_spec_encryption(enum kms_key_spec spec);
struct kms_signing_algorithm_spec_list kms_spec_signing(enum kms_key_spec spec);
struct kms_mac_algorithm_spec_list kms_spec_mac(enum kms_key_spec spec);
struct kms_key_agreement_algorithm_spec_list kms_spec_agreement(enum kms_key_spec spec);

/*
 * KMS_E_INVALID_KEY_USAGE "Algorithm A is incompatible with key spec S." unless alg is
 * one of them.
 */
KMS_RC kms_spec_encrypts(enum kms_key_spec spec, enum kms_encryption_algorithm_spec alg);
KMS_RC kms_spec_signs(enum kms_key_spec spec, enum kms_signing_algorithm_spec alg);
KMS_RC kms_spec_macs(enum kms_key_spec spec, enum kms_mac_algorithm_spec alg);
KMS_RC kms_spec_agrees(enum kms_key_spec spec, enum kms_key_agreement_algorithm_spec alg);

/*
 * KMS_E_VALIDATION "Message type T is incompatible with key spec S." unless one of the
 * spec's algorithms signs messages of this type.
 */
KMS_RC kms_spec_message_type(enum kms_key_spec spec, enum kms_message_type type);
/*
 * Whether alg signs a message of this type and length. KMS_E_VALIDATION "Message type T
 * is incompatible with algorithm A.", "Digest is invalid length for algorithm A." or
 * "External Mu is invalid length for algorithm A." The limits of a RAW message, 1 to
 * 4096, are the wire's.
 */
KMS_RC kms_spec_message(enum kms_signing_algorithm_spec alg, enum kms_message_type type,
                        size_t len);

/* The longest plaintext that alg takes under this spec; 0 when it is not one of its own.
 */
size_t kms_spec_plaintext_max(enum kms_key_spec spec,
                              enum kms_encryption_algorithm_spec alg);
/*
 * KMS_E_VALIDATION "Algorithm A and key spec S cannot encrypt data larger than N bytes."
 * for a plaintext longer than that.
 */
KMS_RC kms_spec_plaintext(enum kms_key_spec spec, enum kms_encryption_algorithm_spec alg,
                          size_t len);

/* The length of a DIGEST for alg, 0 when it takes none. */
size_t kms_spec_digest_len(enum kms_signing_algorithm_spec alg);
/* The length of a signature; for DER signatures (ECDSA, SM2DSA) the longest possible. */
size_t kms_spec_signature_max(enum kms_key_spec spec);
/* The length of a MAC; it is the length of the underlying hash. */
size_t kms_spec_mac_len(enum kms_mac_algorithm_spec alg);
/* RSA: of the modulus. Curves: of a coordinate and so of a shared secret. Otherwise 0. */
size_t kms_spec_width(enum kms_key_spec spec);

/*
 * Raw key material, which SYMMETRIC_DEFAULT and HMAC keys have: how long what is
 * generated is, and whether len bytes may be imported (symmetric exactly 32, HMAC from
 * the length of its hash to 128). 0 and false for all other specs.
 */
size_t kms_spec_material_len(enum kms_key_spec spec);
bool kms_spec_material_fits(enum kms_key_spec spec, size_t len);

/*
 * Whether material of this spec may come in wrapped by alg under a wrapping key of spec
 * wrapping. KMS_E_VALIDATION "Wrapping algorithm A and wrapping key spec W cannot be used
 * to import a S key."
 */
KMS_RC kms_spec_wraps(enum kms_key_spec spec, enum kms_algorithm_spec alg,
                      enum kms_key_spec wrapping);

#endif
