#include <string.h>

#include "base/buf.h"
#include "crypto/aead.h"
#include "crypto/rand.h"
#include "keyring/import_token.h"

enum { VERSION = 1, WORD_MAX = 64, TIME_LEN = 8 };

static const char label[] = "kmsd-import-v1";

/* KBKDF of crypto/kdf.h, by way of the keyring's own HMAC under the row key. */
static KMS_RC token_key(struct kms_keyring *kr, uint8_t out[KMS_GCM_KEY_LEN])
{
    static const uint8_t first[4] = {0, 0, 0, 1}, bits[4] = {0, 0, 1, 0};
    const struct kms_row_mac mac = kms_keyring_row_mac(kr);
    /* What the row key authenticates otherwise begins with a label, never with zeros. */
    uint8_t fixed[sizeof first + sizeof label + sizeof bits], *p = fixed;

    memcpy(p, first, sizeof first);
    p += sizeof first;
    memcpy(p, label, sizeof label); /* the zero after the label is its terminator */
    p += sizeof label;
    memcpy(p, bits, sizeof bits);
    return mac.mac(mac.ctx, KMS_BYTES(fixed), out);
}

static void add_word(struct kms_buf *b, struct kms_str word)
{
    kms_buf_byte(b, (uint8_t)word.n);
    kms_buf_str(b, word);
}

/* Additional data: whose token it is. The head follows. */
static KMS_RC owner_of(const struct kms_key *key, struct kms_buf *b)
{
    kms_buf_z(b, label);
    kms_buf_add(b, key->uuid, KMS_UUID_LEN);
    add_word(b, key->region);
    return kms_buf_ok(b);
}

static KMS_RC head_of(const struct kms_import_terms *terms,
                      const uint8_t iv[KMS_GCM_IV_LEN], struct kms_buf *b)
{
    uint8_t time[TIME_LEN];

    kms_put_be64(time, (uint64_t)terms->valid_to_ms);
    kms_buf_byte(b, VERSION);
    kms_buf_add(b, iv, KMS_GCM_IV_LEN);
    add_word(b, kms_str_of(kms_algorithm_spec_name(terms->alg)));
    add_word(b, kms_str_of(kms_key_spec_name(terms->wrapping)));
    kms_buf_add(b, time, sizeof time);
    return kms_buf_ok(b);
}

enum kms_rc kms_import_token_seal(struct kms_keyring *kr,
                                  const struct kms_import_terms *terms,
                                  const struct kms_secret *wrapping, struct kms_arena *a,
                                  struct kms_bytes *token)
{
    const struct kms_bytes plain = kms_secret_view(wrapping);
    uint8_t key[KMS_GCM_KEY_LEN], iv[KMS_GCM_IV_LEN], *out;
    KMS_AUTO_BUF owner = {0}, head = {0};
    enum kms_rc rc;
    size_t n;

    KMS_TRY(kms_rand_public(iv, sizeof iv));
    KMS_TRY(owner_of(terms->key, &owner));
    KMS_TRY(head_of(terms, iv, &head));
    n = head.n + plain.n + KMS_GCM_TAG_LEN;
    out = kms_arena_alloc(a, n);
    if (out == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for an import token");
    memcpy(out, head.p, head.n);
    rc = token_key(kr, key);
    if (rc == KMS_OK) {
        const struct kms_bytes aad[] = {kms_buf_view(&owner), kms_buf_view(&head)};
        const struct kms_gcm gcm = {key, iv, aad, 2};

        rc = kms_gcm_seal(&gcm, plain, out + head.n);
    }
    kms_wipe(key, sizeof key);
    KMS_TRY(rc);
    *token = (struct kms_bytes){out, n};
    return KMS_OK;
}

/* Reading a head: what is taken is gone from the front. */
static bool take(struct kms_bytes *rest, size_t n, struct kms_bytes *out)
{
    if (rest->n < n)
        return false;
    *out = (struct kms_bytes){rest->p, n};
    *rest = (struct kms_bytes){rest->p + n, rest->n - n};
    return true;
}

static bool take_word(struct kms_bytes *rest, struct kms_str *out)
{
    struct kms_bytes n, word;

    if (!take(rest, 1, &n) || n.p[0] > WORD_MAX || !take(rest, n.p[0], &word))
        return false;
    *out = (struct kms_str){(const char *)word.p, word.n};
    return true;
}

/* A token taken apart; nothing about it is true before it has been opened. */
struct parts {
    struct kms_bytes head, iv, sealed;
};

static bool split(struct kms_bytes token, struct kms_import_terms *terms,
                  struct parts *out)
{
    struct kms_bytes rest = token, version, iv, time;
    struct kms_str alg, spec;
    uint64_t valid_to = 0;

    if (!take(&rest, 1, &version) || version.p[0] != VERSION ||
        !take(&rest, KMS_GCM_IV_LEN, &iv) || !take_word(&rest, &alg) ||
        !take_word(&rest, &spec) || !take(&rest, TIME_LEN, &time) ||
        rest.n <= KMS_GCM_TAG_LEN || !kms_algorithm_spec_parse(alg, &terms->alg) ||
        !kms_key_spec_parse(spec, &terms->wrapping))
        return false;
    for (size_t i = 0; i < TIME_LEN; i++)
        valid_to = valid_to << 8 | time.p[i];
    terms->valid_to_ms = (int64_t)valid_to;
    out->head = (struct kms_bytes){token.p, token.n - rest.n};
    out->iv = iv;
    out->sealed = rest;
    return true;
}

static KMS_RC open_sealed(struct kms_keyring *kr, const struct parts *parts,
                          const struct kms_key *key, struct kms_secret **out)
{
    KMS_AUTO(secret) wrapping = NULL;
    uint8_t token[KMS_GCM_KEY_LEN];
    KMS_AUTO_BUF owner = {0};
    enum kms_rc rc;

    KMS_TRY(owner_of(key, &owner));
    KMS_TRY(kms_secret_new(parts->sealed.n - KMS_GCM_TAG_LEN, &wrapping));
    rc = token_key(kr, token);
    if (rc == KMS_OK) {
        const struct kms_bytes aad[] = {kms_buf_view(&owner), parts->head};
        const struct kms_gcm gcm = {token, parts->iv.p, aad, 2};

        rc = kms_gcm_open(&gcm, parts->sealed, kms_secret_fill(wrapping));
    }
    kms_wipe(token, sizeof token);
    KMS_TRY(rc);
    *out = KMS_TAKE(wrapping);
    return KMS_OK;
}

enum kms_rc kms_import_token_open(struct kms_keyring *kr, struct kms_bytes token,
                                  struct kms_import_terms *terms,
                                  struct kms_secret **wrapping)
{
    struct kms_import_terms found = {.key = terms->key};
    struct parts parts;
    enum kms_rc rc;

    if (!split(token, &found, &parts))
        return KMS_E_INVALID_IMPORT_TOKEN;
    rc = open_sealed(kr, &parts, found.key, wrapping);
    if (rc == KMS_E_INVALID_CIPHERTEXT)
        return KMS_E_INVALID_IMPORT_TOKEN;
    KMS_TRY(rc);
    *terms = found;
    return KMS_OK;
}
