/*
 * ring.h - a keyring on a throw-away token, and keys that live in no database. Whatever
 * fails, fails the test.
 */
#ifndef KMS_TESTS_SUPPORT_RING_H
#define KMS_TESTS_SUPPORT_RING_H

#include "keyring/keyring.h"
#include "support/token.h"

struct ring {
    struct spare_token spare;
    struct kms_keyring *kr;
    struct kms_arena *arena;
};

void ring_make(struct ring *r);
void ring_free(struct ring *r);
/* One more keyring on the same token; 0 takes the default. */
struct kms_keyring *ring_another(struct ring *r, size_t cache_max, int64_t ttl_ms);

/* A symmetric key called "1234abcd" with one version; and one more version. */
struct kms_key *ring_key(struct ring *r);
void ring_add_version(struct ring *r, struct kms_key *k);
/* The same of any spec; NULL when this process cannot have such a key. */
struct kms_key *ring_key_of(struct ring *r, enum kms_key_spec spec,
                            enum kms_key_usage_type usage);
/* To damage what a record holds. */
struct kms_key_version *ring_edit(struct kms_key *k, size_t i);

/* What the functions below encrypt, and under which context. */
extern const struct kms_bytes ring_context, ring_plain;

struct kms_bytes ring_encrypt(struct ring *r, struct kms_keyring *with,
                              const struct kms_key *k);
/* The code of encrypting, for what is to fail. */
enum kms_rc ring_try_encrypt(struct ring *r, const struct kms_key *k);
/* The code of decrypting; when it works, the plaintext must be right. */
enum kms_rc ring_decrypt(struct ring *r, const struct kms_key *k,
                         struct kms_bytes context, struct kms_bytes blob);
struct kms_keyring_stats ring_stats(struct kms_keyring *with);

#endif
