/*
 * cache.h - private to lib/keyring: unsealed versions, bounded in weight and in time.
 *
 * Raw material weighs one, a live key as much as it takes more memory (material.h).
 * Whatever is older than the time to live leaves at the next call of any function here,
 * used or not. Time is the daemon's clock, so tests can move it; when it steps back,
 * what seems to come from the future is dropped. Thread-safe.
 */
#ifndef KMS_KEYRING_CACHE_H
#define KMS_KEYRING_CACHE_H

#include "keyring/material.h"

struct kms_cache;
KMS_OWNED(cache);

/* At most max in weight; what is heavier than that alone is not kept. */
KMS_RC kms_cache_new(size_t max, int64_t ttl_ms, struct kms_cache **out);

/*
 * The material with a reference for the caller, or NULL. *ticket is for kms_cache_put:
 * it tells whether something was forgotten between this miss and that put.
 */
struct kms_material *kms_cache_get(struct kms_cache *c, const uint8_t uuid[KMS_UUID_LEN],
                                   const uint8_t kmid[KMS_KMID_LEN], uint64_t *ticket);

/*
 * Keep m too, unless its like is there already or something was forgotten since the
 * ticket: a key disabled while it was being unsealed must not come back.
 */
void kms_cache_put(struct kms_cache *c, struct kms_material *m, uint64_t ticket);

/* Drop one key's versions (uuid), or everything (NULL). */
void kms_cache_forget(struct kms_cache *c, const uint8_t *uuid);

/* How many are kept; and how many gets found something so far. */
void kms_cache_count(struct kms_cache *c, size_t *cached, uint64_t *hits);

#endif
