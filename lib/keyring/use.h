/*
 * use.h - what keys with other specs than SYMMETRIC_DEFAULT do: sign and verify, make and
 * verify MACs, agree on secrets, encrypt to a public key.
 *
 * Everything here uses the key's current version. Material comes from the cache or from
 * the token (keyring.h has the errors), is held by a reference for the length of the
 * call, and is used without a lock: any number of threads may use one key at once.
 * Results are in the arena. Whether an algorithm, a message type or a length suits the
 * key is checked by key/spec.h with its errors.
 */
#ifndef KMS_KEYRING_USE_H
#define KMS_KEYRING_USE_H

#include "keyring/keyring.h"

/*
 * KMS_E_UNSUPPORTED_OPERATION, with words for the client, for a spec that this process
 * cannot make or use: ML-DSA with an OpenSSL older than 3.5, specs without a family.
 */
KMS_RC kms_keyring_supports(enum kms_key_spec spec);

/* A message, and how it is signed. */
struct kms_signing {
    enum kms_signing_algorithm_spec alg;
    enum kms_message_type type;
    struct kms_bytes message;
};

KMS_RC kms_keyring_sign(struct kms_keyring *kr, const struct kms_key *key,
                        const struct kms_signing *what, struct kms_arena *a,
                        struct kms_bytes *signature);
/* KMS_E_INVALID_SIGNATURE without words for everything that is not the signature. */
KMS_RC kms_keyring_verify(struct kms_keyring *kr, const struct kms_key *key,
                          const struct kms_signing *what, struct kms_bytes signature);

KMS_RC kms_keyring_mac(struct kms_keyring *kr, const struct kms_key *key,
                       enum kms_mac_algorithm_spec alg, struct kms_bytes message,
                       struct kms_arena *a, struct kms_bytes *mac);
/* KMS_E_INVALID_MAC without words for another MAC, of whatever length. */
KMS_RC kms_keyring_verify_mac(struct kms_keyring *kr, const struct kms_key *key,
                              enum kms_mac_algorithm_spec alg, struct kms_bytes message,
                              struct kms_bytes mac);

/*
 * The raw x coordinate that this key and the holder of peer (SubjectPublicKeyInfo, DER)
 * share. KMS_E_VALIDATION without words for a peer that is no key on the same curve.
 */
KMS_RC kms_keyring_derive(struct kms_keyring *kr, const struct kms_key *key,
                          struct kms_bytes peer, struct kms_arena *a,
                          struct kms_bytes *secret);

/* The SubjectPublicKeyInfo, DER, of an asymmetric key. */
KMS_RC kms_keyring_public_key(struct kms_keyring *kr, const struct kms_key *key,
                              struct kms_arena *a, struct kms_bytes *spki);

/* RSAES-OAEP and SM2PKE. */
KMS_RC kms_keyring_encrypt_public(struct kms_keyring *kr, const struct kms_key *key,
                                  enum kms_encryption_algorithm_spec alg,
                                  struct kms_bytes plain, struct kms_arena *a,
                                  struct kms_bytes *cipher);
/* KMS_E_INVALID_CIPHERTEXT without words for whatever is wrong with cipher. */
KMS_RC kms_keyring_decrypt_private(struct kms_keyring *kr, const struct kms_key *key,
                                   enum kms_encryption_algorithm_spec alg,
                                   struct kms_bytes cipher, struct kms_arena *a,
                                   struct kms_bytes *plain);

/* A key pair for use outside. */
struct kms_key_pair {
    struct kms_bytes spki;  /* the public half: SubjectPublicKeyInfo, DER */
    struct kms_bytes pkcs8; /* the private half: PrivateKeyInfo, DER */
};

/* Fresh; nothing of it stays behind. RSA takes from 0.1 to several seconds. */
KMS_RC kms_keyring_make_pair(enum kms_key_spec spec, struct kms_arena *a,
                             struct kms_key_pair *out);

#endif
