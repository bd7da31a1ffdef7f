#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/envelope.h"
#include "crypto/mac.h"
#include "crypto/rand.h"
#include "keyring/cache.h"
#include "keyring/keyring.h"
#include "keyring/seal.h"
#include "keyring/version.h"
#include "token/token.h"

enum { CACHE_MAX = 10000, TTL_MS = 60 * 60 * 1000, ROW_KEY_LEN = 32 };

struct kms_keyring {
    struct kms_token *token; /* borrowed */
    uint8_t kek_id[KMS_UUID_LEN];
    struct kms_cache *cache;
    struct kms_secret *row_key; /* set once, before the store serves */
    atomic_uint_fast64_t unseals;
};

enum kms_rc kms_keyring_open(const struct kms_keyring_opts *opts,
                             struct kms_keyring **out)
{
    KMS_AUTO(keyring) kr = calloc(1, sizeof *kr);

    if (kr == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for the keyring");
    kr->token = opts->token;
    memcpy(kr->kek_id, opts->kek_id, KMS_UUID_LEN);
    KMS_TRY(kms_cache_new(opts->cache_max != 0 ? opts->cache_max : CACHE_MAX,
                          opts->ttl_ms != 0 ? opts->ttl_ms : TTL_MS, &kr->cache));
    *out = KMS_TAKE(kr);
    return KMS_OK;
}

void kms_keyring_free(struct kms_keyring *kr)
{
    if (kr == NULL)
        return;
    kms_cache_free(kr->cache);
    kms_secret_free(kr->row_key);
    free(kr);
}

enum kms_rc kms_version_seal(struct kms_keyring *kr, const struct kms_key *key,
                             const struct kms_fresh *fresh, struct kms_arena *a,
                             struct kms_key_version *out)
{
    struct kms_key_version v = {.number = fresh->number, .created_ms = fresh->created_ms};
    const struct kms_family *family;

    KMS_TRY(kms_family_of(key->spec, &family));
    memcpy(v.kek, kr->kek_id, KMS_UUID_LEN);
    KMS_TRY(
        family->kmid(kms_secret_view(fresh->material), fresh->live, key->uuid, v.kmid));
    KMS_TRY(kms_seal_version(kr->token, key, &v, fresh->material, a, &v.sealed));
    *out = v;
    return KMS_OK;
}

enum kms_rc kms_keyring_make(struct kms_keyring *kr, const struct kms_key *key,
                             uint32_t number, int64_t created_ms, struct kms_arena *a,
                             struct kms_key_version *out)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) live = NULL;
    const struct kms_family *family;

    KMS_TRY(kms_family_of(key->spec, &family));
    KMS_TRY(family->make(key->spec, &material, &live));
    return kms_version_seal(kr, key,
                            &(struct kms_fresh){.number = number,
                                                .created_ms = created_ms,
                                                .material = material,
                                                .live = live},
                            a, out);
}

/* What came out of the token is the version's material: its id is computed again. */
static KMS_RC check(const struct kms_family *family, const struct kms_key *key,
                    const struct kms_key_version *v, struct kms_bytes material,
                    struct kms_pkey **live)
{
    KMS_AUTO(pkey) loaded = NULL;
    uint8_t kmid[KMS_KMID_LEN];
    enum kms_rc rc = family->load(key->spec, material, &loaded);

    if (rc == KMS_OK)
        rc = family->kmid(material, loaded, key->uuid, kmid);
    if (rc == KMS_E_TAMPERED ||
        (rc == KMS_OK && !kms_ct_equal(kmid, v->kmid, sizeof kmid)))
        return kms_err(KMS_E_TAMPERED,
                       "key %.*s version %u: what was unsealed is not the material that "
                       "its key material id names",
                       KMS_FMT(key->id), v->number);
    KMS_TRY(rc);
    *live = KMS_TAKE(loaded);
    return KMS_OK;
}

static KMS_RC unseal(struct kms_keyring *kr, const struct kms_key *key,
                     const struct kms_key_version *v, struct kms_material **out)
{
    KMS_AUTO(secret) secret = NULL;
    KMS_AUTO(pkey) live = NULL;
    const struct kms_family *family;

    KMS_TRY(kms_family_of(key->spec, &family));
    if (memcmp(v->kek, kr->kek_id, KMS_UUID_LEN) != 0)
        return kms_err(KMS_E_TOKEN,
                       "key %.*s version %u is sealed under another sealing key than the "
                       "one in use",
                       KMS_FMT(key->id), v->number);
    KMS_TRY(kms_unseal_version(kr->token, key, v, &secret));
    atomic_fetch_add(&kr->unseals, 1);
    KMS_TRY(check(family, key, v, kms_secret_view(secret), &live));
    if (live != NULL)
        return kms_material_new_live(key->uuid, v->kmid, KMS_TAKE(live), out);
    return kms_material_new(key->uuid, v->kmid, KMS_TAKE(secret), out);
}

enum kms_rc kms_version_open(struct kms_keyring *kr, const struct kms_key *key,
                             const struct kms_key_version *v, struct kms_material **out)
{
    uint64_t ticket = 0;
    struct kms_material *m = NULL;

    /* A relative in another Region may have what this one lost: each has its own. */
    if (v->sealed.p != NULL)
        m = kms_cache_get(kr->cache, key->uuid, v->kmid, &ticket);
    if (m == NULL) {
        KMS_TRY(unseal(kr, key, v, &m));
        /* A disabled key shows its public half; its private one does not stay for that.
         */
        if (key->state != KMS_KEY_STATE_DISABLED)
            kms_cache_put(kr->cache, m, ticket);
    }
    *out = m;
    return KMS_OK;
}

enum kms_rc kms_version_open_current(struct kms_keyring *kr, const struct kms_key *key,
                                     struct kms_material **out)
{
    const struct kms_key_version *v = kms_key_current(key);

    if (v == NULL)
        return kms_err(KMS_E_KEY_UNAVAILABLE, "key %.*s has no material",
                       KMS_FMT(key->id));
    return kms_version_open(kr, key, v, out);
}

static struct kms_envelope_key envelope_key(const struct kms_material *m)
{
    return (struct kms_envelope_key){kms_secret_view(m->secret), m->uuid, m->kmid};
}

enum kms_rc kms_keyring_encrypt(struct kms_keyring *kr, const struct kms_key *key,
                                struct kms_bytes context, struct kms_bytes plain,
                                struct kms_arena *a, struct kms_bytes *blob)
{
    KMS_AUTO(material) m = NULL;
    struct kms_envelope_key k;
    size_t n = KMS_ENVELOPE_OVERHEAD + plain.n;
    uint8_t *out;

    KMS_TRY(kms_version_open_current(kr, key, &m));
    out = kms_arena_alloc(a, n);
    if (out == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a ciphertext");
    k = envelope_key(m);
    KMS_TRY(kms_envelope_seal(&k, context, plain, out));
    *blob = (struct kms_bytes){out, n};
    return KMS_OK;
}

enum kms_rc kms_keyring_decrypt(struct kms_keyring *kr, const struct kms_key *key,
                                struct kms_bytes context, struct kms_bytes blob,
                                struct kms_arena *a, struct kms_bytes *plain,
                                const struct kms_key_version **version)
{
    uint8_t uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN], *out;
    const struct kms_key_version *v;
    KMS_AUTO(material) m = NULL;
    struct kms_envelope_key k;

    KMS_TRY(kms_envelope_names(blob, uuid, kmid));
    v = kms_key_version_of(key, kmid);
    if (v == NULL || memcmp(uuid, key->uuid, sizeof uuid) != 0)
        return KMS_E_INVALID_CIPHERTEXT;
    KMS_TRY(kms_version_open(kr, key, v, &m));
    out = kms_arena_alloc(a, blob.n - KMS_ENVELOPE_OVERHEAD);
    if (out == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a plaintext");
    k = envelope_key(m);
    KMS_TRY(kms_envelope_open(&k, context, blob, out));
    *plain = (struct kms_bytes){out, blob.n - KMS_ENVELOPE_OVERHEAD};
    *version = v;
    return KMS_OK;
}

enum kms_rc kms_keyring_names(struct kms_bytes blob, uint8_t uuid[KMS_UUID_LEN],
                              uint8_t kmid[KMS_KMID_LEN])
{
    return kms_envelope_names(blob, uuid, kmid);
}

enum kms_rc kms_keyring_random(struct kms_arena *a, size_t n, struct kms_bytes *out)
{
    uint8_t *p = kms_arena_alloc(a, n);

    if (p == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for random bytes");
    KMS_TRY(kms_rand_secret(p, n));
    *out = (struct kms_bytes){p, n};
    return KMS_OK;
}

enum kms_rc kms_keyring_uuid(uint8_t out[KMS_UUID_LEN])
{
    uint8_t u[KMS_UUID_LEN];

    KMS_TRY(kms_rand_public(u, sizeof u));
    u[6] = (uint8_t)((u[6] & 0x0f) | 0x40); /* version 4 */
    u[8] = (uint8_t)((u[8] & 0x3f) | 0x80); /* variant 10 */
    memcpy(out, u, sizeof u);
    return KMS_OK;
}

void kms_keyring_forget(struct kms_keyring *kr, const uint8_t uuid[KMS_UUID_LEN])
{
    kms_cache_forget(kr->cache, uuid);
}

void kms_keyring_forget_all(struct kms_keyring *kr)
{
    kms_cache_forget(kr->cache, NULL);
}

enum kms_rc kms_keyring_row_key_make(struct kms_keyring *kr, struct kms_arena *a,
                                     struct kms_bytes *sealed)
{
    KMS_AUTO(secret) fresh = NULL;

    KMS_TRY(kms_secret_new(ROW_KEY_LEN, &fresh));
    KMS_TRY(kms_rand_secret(kms_secret_fill(fresh), ROW_KEY_LEN));
    return kms_seal_row_key(kr->token, kr->kek_id, fresh, a, sealed);
}

enum kms_rc kms_keyring_row_key_load(struct kms_keyring *kr, struct kms_bytes sealed)
{
    KMS_AUTO(secret) key = NULL;
    size_t n;

    KMS_TRY(kms_unseal_row_key(kr->token, kr->kek_id, sealed, &key));
    n = kms_secret_view(key).n;
    if (n != ROW_KEY_LEN)
        return kms_err(KMS_E_TAMPERED,
                       "the row key of the database has %zu bytes, not %d", n,
                       ROW_KEY_LEN);
    kms_secret_free(kr->row_key);
    kr->row_key = KMS_TAKE(key);
    return KMS_OK;
}

/* Rows are authenticated under a key that does nothing else. */
static KMS_RC row_mac(void *ctx, struct kms_bytes data, uint8_t out[32])
{
    const struct kms_keyring *kr = ctx;

    return kms_hmac_sha256(kms_secret_view(kr->row_key), data, out);
}

struct kms_row_mac kms_keyring_row_mac(struct kms_keyring *kr)
{
    assert(kr->row_key != NULL);
    return (struct kms_row_mac){row_mac, kr};
}

void kms_keyring_stats(struct kms_keyring *kr, struct kms_keyring_stats *out)
{
    out->unseals = atomic_load(&kr->unseals);
    kms_cache_count(kr->cache, &out->cached, &out->hits);
}

enum kms_rc kms_keyring_seal_access(struct kms_keyring *kr, struct kms_str id,
                                    const struct kms_secret *secret, struct kms_arena *a,
                                    struct kms_bytes *sealed, uint8_t kek[KMS_UUID_LEN])
{
    memcpy(kek, kr->kek_id, KMS_UUID_LEN);
    return kms_seal_access(kr->token, kr->kek_id, id, secret, a, sealed);
}

enum kms_rc kms_keyring_unseal_access(struct kms_keyring *kr, struct kms_str id,
                                      struct kms_bytes sealed,
                                      const uint8_t kek[KMS_UUID_LEN],
                                      struct kms_secret **out)
{
    return kms_unseal_access(kr->token, kek, id, sealed, out);
}
