#include <check.h>

#include "keyring/use.h"
#include "support/ring.h"

const struct kms_bytes ring_context = {(const uint8_t *)"\0\1\0\1a\0\1b", 8};
const struct kms_bytes ring_plain = {(const uint8_t *)"hello kmsd", 10};

struct kms_keyring *ring_another(struct ring *r, size_t cache_max, int64_t ttl_ms)
{
    const struct kms_keyring_opts opts = {.token = r->spare.token,
                                          .kek_id = r->spare.kek_id,
                                          .cache_max = cache_max,
                                          .ttl_ms = ttl_ms};
    struct kms_keyring *out = NULL;

    ck_assert_int_eq(kms_keyring_open(&opts, &out), KMS_OK);
    return out;
}

void ring_make(struct ring *r)
{
    spare_token_make(&r->spare);
    r->kr = ring_another(r, 0, 0);
    ck_assert_int_eq(kms_arena_new(&r->arena), KMS_OK);
}

void ring_free(struct ring *r)
{
    kms_arena_free(r->arena);
    kms_keyring_free(r->kr);
    spare_token_free(&r->spare);
}

void ring_add_version(struct ring *r, struct kms_key *k)
{
    struct kms_key_version v;

    ck_assert_int_eq(kms_keyring_make(r->kr, k, (uint32_t)k->n_versions + 1,
                                      1700000000000, r->arena, &v),
                     KMS_OK);
    ck_assert_int_eq(kms_key_add_version(k, &v), KMS_OK);
}

struct kms_key *ring_key_of(struct ring *r, enum kms_key_spec spec,
                            enum kms_key_usage_type usage)
{
    struct kms_key *k = NULL;

    if (kms_keyring_supports(spec) != KMS_OK)
        return NULL;
    ck_assert_int_eq(kms_key_new(&k), KMS_OK);
    ck_assert_int_eq(kms_keyring_uuid(k->uuid), KMS_OK);
    ck_assert_int_eq(kms_key_set_text(k, &k->id, KMS_LIT("1234abcd")), KMS_OK);
    k->spec = spec;
    k->usage = usage;
    k->origin = KMS_ORIGIN_TYPE_AWS_KMS;
    ring_add_version(r, k);
    return k;
}

struct kms_key *ring_key(struct ring *r)
{
    return ring_key_of(r, KMS_KEY_SPEC_SYMMETRIC_DEFAULT,
                       KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT);
}

struct kms_key_version *ring_edit(struct kms_key *k, size_t i)
{
    return (struct kms_key_version *)(uintptr_t)&k->versions[i];
}

struct kms_bytes ring_encrypt(struct ring *r, struct kms_keyring *with,
                              const struct kms_key *k)
{
    struct kms_bytes blob = {NULL, 0};
    enum kms_rc rc =
        kms_keyring_encrypt(with, k, ring_context, ring_plain, r->arena, &blob);

    ck_assert_msg(rc == KMS_OK, "%s", kms_err_note(rc));
    return blob;
}

enum kms_rc ring_try_encrypt(struct ring *r, const struct kms_key *k)
{
    struct kms_bytes blob;

    return kms_keyring_encrypt(r->kr, k, ring_context, ring_plain, r->arena, &blob);
}

enum kms_rc ring_decrypt(struct ring *r, const struct kms_key *k,
                         struct kms_bytes context, struct kms_bytes blob)
{
    const struct kms_key_version *v;
    struct kms_bytes plain;
    enum kms_rc rc;

    kms_err_clear();
    rc = kms_keyring_decrypt(r->kr, k, context, blob, r->arena, &plain, &v);
    if (rc == KMS_OK)
        ck_assert(kms_bytes_eq(plain, ring_plain));
    return rc;
}

struct kms_keyring_stats ring_stats(struct kms_keyring *with)
{
    struct kms_keyring_stats s;

    kms_keyring_stats(with, &s);
    return s;
}
