/*
 * import.h - key material on its way in: wrapping keys, import tokens, and what comes
 * wrapped.
 *
 * An import token has the wrapping key inside, so nothing is stored between the two calls
 * of an import, a token can be used again until it expires, and a restart loses none:
 *
 *   head  = 01 | iv[12] | n | algorithm[n] | n | spec[n] | valid to[8]
 *   token = head | AES-256-GCM(private wrapping key | tag[16])
 *   AAD   = "kmsd-import-v1" | key uuid[16] | n | Region[n] | head
 *   key   = KBKDF(row key, Label="kmsd-import-v1", no context)
 *
 * n is one byte; words are as on the wire; the time is in milliseconds since 1970,
 * big-endian. The private wrapping key is in the form of crypto/pkey.h. With RSA_4096 a
 * token has less than 2500 bytes.
 */
#ifndef KMS_KEYRING_IMPORT_H
#define KMS_KEYRING_IMPORT_H

#include "keyring/keyring.h"

/* What a client asked for. Whether the three suit each other, key/spec.h says. */
struct kms_import_terms {
    const struct kms_key *key; /* to import into */
    enum kms_algorithm_spec alg;
    enum kms_key_spec wrapping; /* RSA_2048, RSA_3072, RSA_4096 or SM2 */
    int64_t valid_to_ms;
};

/* What it gets; in the arena. */
struct kms_import_offer {
    struct kms_bytes token;
    struct kms_bytes public_key; /* SubjectPublicKeyInfo, DER */
};

/* A fresh wrapping key. RSA takes from 0.1 to several seconds. */
KMS_RC kms_import_offer(struct kms_keyring *kr, const struct kms_import_terms *terms,
                        struct kms_arena *a, struct kms_import_offer *out);

/* What comes back. Borrowed. */
struct kms_import_parcel {
    struct kms_bytes token, wrapped;
    int64_t now_ms;
};

/* Material that may become a version of the key. In the arena, which wipes it. */
struct kms_import {
    struct kms_bytes material; /* as the keyring seals it */
    uint8_t kmid[KMS_KMID_LEN];
};

/*
 * Unwrap material for key. KMS_E_INVALID_IMPORT_TOKEN, without words, for a token that
 * was not made for this key in this Region, or was damaged; KMS_E_EXPIRED_IMPORT_TOKEN;
 * KMS_E_INVALID_CIPHERTEXT, without words for the client, for what does not unwrap or is
 * no material of the key's spec. Does a private operation and, for RSA material, checks
 * primes: not for an event thread.
 */
KMS_RC kms_import_open(struct kms_keyring *kr, const struct kms_key *key,
                       const struct kms_import_parcel *parcel, struct kms_arena *a,
                       struct kms_import *out);

/* Seal it as version number of key, made at created_ms; as kms_keyring_make otherwise. */
KMS_RC kms_import_seal(struct kms_keyring *kr, const struct kms_key *key, uint32_t number,
                       int64_t created_ms, const struct kms_import *import,
                       struct kms_arena *a, struct kms_key_version *out);

#endif
