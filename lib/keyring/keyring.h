/*
 * keyring.h - opens key material: seals new versions, unseals on first use into a
 * bounded cache, encrypts and decrypts with them. The only way from a key's record to
 * its bytes, and none of them leave.
 */
#ifndef KMS_KEYRING_KEYRING_H
#define KMS_KEYRING_KEYRING_H

#include "base/arena.h"
#include "key/key.h"
#include "store/store.h"

struct kms_secret;
struct kms_token;
struct kms_keyring;
KMS_OWNED(keyring); /* wipes the cache; the token stays the caller's */

struct kms_keyring_opts {
    struct kms_token *token; /* borrowed; open, sealing key in use */
    const uint8_t *kek_id;   /* KMS_UUID_LEN bytes, copied */
    size_t cache_max;        /* unsealed versions kept; 0 takes the default (10000) */
    int64_t ttl_ms;          /* time to live of an unsealed version; 0: default, 1 hour */
};

KMS_RC kms_keyring_open(const struct kms_keyring_opts *opts, struct kms_keyring **out);

/*
 * Fresh random material for version number of key (its uuid, spec, usage and origin must
 * be set): made, given its key material id, sealed. out->sealed is in the arena; the
 * rotation fields are left zero.
 */
KMS_RC kms_keyring_make(struct kms_keyring *kr, const struct kms_key *key,
                        uint32_t number, int64_t created_ms, struct kms_arena *a,
                        struct kms_key_version *out);

/* Ciphertext version 1 (design: crypto/envelope.h) under the key's current version. */
KMS_RC kms_keyring_encrypt(struct kms_keyring *kr, const struct kms_key *key,
                           struct kms_bytes context, struct kms_bytes plain,
                           struct kms_arena *a, struct kms_bytes *blob);
/*
 * Open a ciphertext with the version that it names. Any damage, foreign key or other
 * context is KMS_E_INVALID_CIPHERTEXT without words. *version points into key.
 */
KMS_RC kms_keyring_decrypt(struct kms_keyring *kr, const struct kms_key *key,
                           struct kms_bytes context, struct kms_bytes blob,
                           struct kms_arena *a, struct kms_bytes *plain,
                           const struct kms_key_version **version);

/*
 * The key uuid and key material id a ciphertext names, before anything about it is
 * known to be true; KMS_E_INVALID_CIPHERTEXT when it is not of this form.
 */
KMS_RC kms_keyring_names(struct kms_bytes blob, uint8_t uuid[KMS_UUID_LEN],
                         uint8_t kmid[KMS_KMID_LEN]);

/* n random bytes into the arena. */
KMS_RC kms_keyring_random(struct kms_arena *a, size_t n, struct kms_bytes *out);
/* A random version 4 UUID (RFC 9562). */
KMS_RC kms_keyring_uuid(uint8_t out[KMS_UUID_LEN]);

/* Drop unsealed material of a key from the cache: it was disabled or deleted. */
void kms_keyring_forget(struct kms_keyring *kr, const uint8_t uuid[KMS_UUID_LEN]);
/* Drop everything; the next use unseals again. */
void kms_keyring_forget_all(struct kms_keyring *kr);

/*
 * The key under which the store's rows are authenticated: made and sealed once per
 * database (sealed bytes in the arena), loaded at every start.
 */
KMS_RC kms_keyring_row_key_make(struct kms_keyring *kr, struct kms_arena *a,
                                struct kms_bytes *sealed);
KMS_RC kms_keyring_row_key_load(struct kms_keyring *kr, struct kms_bytes sealed);
/* Valid after load, as long as the keyring. */
struct kms_row_mac kms_keyring_row_mac(struct kms_keyring *kr);

/*
 * The secret of an access key, sealed as key material is; kek is the key that sealed it.
 * What was sealed for another id cannot be unsealed.
 */
KMS_RC kms_keyring_seal_access(struct kms_keyring *kr, struct kms_str id,
                               const struct kms_secret *secret, struct kms_arena *a,
                               struct kms_bytes *sealed, uint8_t kek[KMS_UUID_LEN]);
KMS_RC kms_keyring_unseal_access(struct kms_keyring *kr, struct kms_str id,
                                 struct kms_bytes sealed, const uint8_t kek[KMS_UUID_LEN],
                                 struct kms_secret **out);

struct kms_keyring_stats {
    uint64_t hits, unseals;
    size_t cached;
};
void kms_keyring_stats(struct kms_keyring *kr, struct kms_keyring_stats *out);

#endif
