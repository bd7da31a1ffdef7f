#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "keyring/seal.h"
#include "token/token.h"

enum { FORMAT = 1, AAD_MAX = 256, WORDS_MAX = 512, ACCESS_ID_MAX = 128 };

/* Additional data under way; every part is short, so what does not fit is a bug. */
struct aad {
    uint8_t p[AAD_MAX];
    size_t n;
};

static void add(struct aad *a, const void *p, size_t n)
{
    assert(n <= sizeof a->p - a->n);
    memcpy(a->p + a->n, p, n);
    a->n += n;
}

static void add_byte(struct aad *a, size_t byte)
{
    uint8_t b = (uint8_t)byte;

    assert(byte <= UINT8_MAX);
    add(a, &b, 1);
}

static void add_word(struct aad *a, const char *word)
{
    size_t n = strlen(word);

    add_byte(a, n);
    add(a, word, n);
}

static void begin(struct aad *a, const char *label, const uint8_t kek[KMS_UUID_LEN])
{
    a->n = 0;
    add(a, label, strlen(label));
    add_byte(a, FORMAT);
    add(a, kek, KMS_UUID_LEN);
}

/* The layout is in seal.h. */
static struct kms_bytes version_aad(struct aad *a, const struct kms_key *key,
                                    const struct kms_key_version *v)
{
    uint8_t number[4], created[8];

    kms_put_be32(number, v->number);
    kms_put_be64(created, (uint64_t)v->created_ms);
    begin(a, "kmsd-wrap-v1", v->kek);
    add(a, key->uuid, KMS_UUID_LEN);
    add(a, number, sizeof number);
    add_word(a, kms_key_spec_name(key->spec));
    add_word(a, kms_key_usage_type_name(key->usage));
    add_word(a, kms_origin_type_name(key->origin));
    add(a, v->kmid, KMS_KMID_LEN);
    add(a, created, sizeof created);
    return (struct kms_bytes){a->p, a->n};
}

static struct kms_bytes row_key_aad(struct aad *a, const uint8_t kek[KMS_UUID_LEN])
{
    begin(a, "kmsd-row-key-v1", kek);
    return (struct kms_bytes){a->p, a->n};
}

static KMS_RC seal(struct kms_token *t, struct kms_bytes aad, const struct kms_secret *s,
                   struct kms_arena *a, struct kms_bytes *out)
{
    KMS_AUTO_BUF sealed = {0};

    KMS_TRY(kms_token_seal(t, aad, s, &sealed));
    return kms_arena_bytes(a, kms_buf_view(&sealed), out);
}

enum kms_rc kms_seal_version(struct kms_token *t, const struct kms_key *key,
                             const struct kms_key_version *v,
                             const struct kms_secret *material, struct kms_arena *a,
                             struct kms_bytes *sealed)
{
    struct aad aad;

    return seal(t, version_aad(&aad, key, v), material, a, sealed);
}

enum kms_rc kms_unseal_version(struct kms_token *t, const struct kms_key *key,
                               const struct kms_key_version *v, struct kms_secret **out)
{
    char why[WORDS_MAX];
    struct aad aad;
    enum kms_rc rc;

    if (v->sealed.p == NULL)
        return kms_err(KMS_E_KEY_UNAVAILABLE, "key %.*s version %u: its material is gone",
                       KMS_FMT(key->id), v->number);
    rc = kms_token_unseal(t, version_aad(&aad, key, v), v->sealed, out);
    if (rc == KMS_OK)
        return KMS_OK;
    (void)snprintf(why, sizeof why, "%s", kms_err_note(rc));
    return kms_err(rc, "key %.*s version %u cannot be unsealed: %s", KMS_FMT(key->id),
                   v->number, why);
}

static KMS_RC access_aad(struct aad *a, const uint8_t kek[KMS_UUID_LEN],
                         struct kms_str id, struct kms_bytes *out)
{
    if (id.n > ACCESS_ID_MAX)
        return kms_err(KMS_E_NOT_FOUND,
                       "an access key's id has no more than %d characters",
                       ACCESS_ID_MAX);
    begin(a, "kmsd-access-v1", kek);
    add_byte(a, id.n);
    add(a, id.p, id.n);
    *out = (struct kms_bytes){a->p, a->n};
    return KMS_OK;
}

enum kms_rc kms_seal_access(struct kms_token *t, const uint8_t kek[KMS_UUID_LEN],
                            struct kms_str id, const struct kms_secret *secret,
                            struct kms_arena *a, struct kms_bytes *sealed)
{
    struct kms_bytes data;
    struct aad aad;

    KMS_TRY(access_aad(&aad, kek, id, &data));
    return seal(t, data, secret, a, sealed);
}

enum kms_rc kms_unseal_access(struct kms_token *t, const uint8_t kek[KMS_UUID_LEN],
                              struct kms_str id, struct kms_bytes sealed,
                              struct kms_secret **out)
{
    struct kms_bytes data;
    struct aad aad;

    KMS_TRY(access_aad(&aad, kek, id, &data));
    return kms_token_unseal(t, data, sealed, out);
}

enum kms_rc kms_seal_row_key(struct kms_token *t, const uint8_t kek[KMS_UUID_LEN],
                             const struct kms_secret *row_key, struct kms_arena *a,
                             struct kms_bytes *sealed)
{
    struct aad aad;

    return seal(t, row_key_aad(&aad, kek), row_key, a, sealed);
}

enum kms_rc kms_unseal_row_key(struct kms_token *t, const uint8_t kek[KMS_UUID_LEN],
                               struct kms_bytes sealed, struct kms_secret **out)
{
    char why[WORDS_MAX];
    struct aad aad;
    enum kms_rc rc = kms_token_unseal(t, row_key_aad(&aad, kek), sealed, out);

    if (rc == KMS_OK)
        return KMS_OK;
    (void)snprintf(why, sizeof why, "%s", kms_err_note(rc));
    return kms_err(rc, "the row key of the database cannot be unsealed: %s", why);
}
