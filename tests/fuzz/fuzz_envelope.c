/*
 * Any bytes as a ciphertext: but for the one that was sealed under this key, none opens.
 * And any bytes as a plaintext: sealed, they open, and with one bit flipped they do not.
 *
 * The input is a byte of length, a context of at most that many bytes, and the rest.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/envelope.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLAIN_MAX = 4096 };

static uint8_t material[KMS_ENVELOPE_KEY_LEN], uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN];
static const struct kms_envelope_key key = {{material, sizeof material}, uuid, kmid};

/* The design's known answer (corpus/envelope/known): context, then all of the blob. */
static const char known_context[] = "000200036170700002c3a9000674656e616e7400023432";
static const char known_blob[] =
    "010111223344556677889900aabbccddeeff"
    "ce6f912103d65ed72d4ae9fcb9e0d9ba425e1b8232e63e20e187edcf3557647c"
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babb"
    "81762a27003c432a3a7681cf9ab067172a1d3fad591f19135f8b2a6f8d0eb316"
    "ed23cc3138275ebf665b9b370e0a734e03b82ef828e91aa82266";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    enum kms_rc rc = kms_sha256(kms_bytes_of_str(KMS_LIT("kmid")), kmid);
    bool ok =
        kms_hex_decode(KMS_LIT("11223344556677889900aabbccddeeff"), uuid, sizeof uuid);

    (void)argc;
    (void)argv;
    assert(rc == KMS_OK && ok);
    for (size_t i = 0; i < sizeof material; i++)
        material[i] = (uint8_t)i;
    return 0;
}

static bool is_known(const char *hex, struct kms_bytes b)
{
    uint8_t want[256];
    size_t n = strlen(hex) / 2;

    return b.n == n && kms_hex_decode(kms_str_of(hex), want, n) &&
           memcmp(b.p, want, n) == 0;
}

static void open_any(struct kms_bytes context, struct kms_bytes blob)
{
    static uint8_t plain[PLAIN_MAX];
    uint8_t named_uuid[KMS_UUID_LEN], named_kmid[KMS_KMID_LEN];
    enum kms_rc named = kms_envelope_names(blob, named_uuid, named_kmid);
    enum kms_rc rc = kms_envelope_open(&key, context, blob, plain);

    assert(named == KMS_OK || named == KMS_E_INVALID_CIPHERTEXT);
    assert(rc == KMS_OK || rc == KMS_E_INVALID_CIPHERTEXT);
    assert(rc != KMS_OK || named == KMS_OK);
    assert((rc == KMS_OK) ==
           (is_known(known_context, context) && is_known(known_blob, blob)));
}

static void seal_any(struct kms_bytes context, struct kms_bytes plain)
{
    static uint8_t blob[KMS_ENVELOPE_OVERHEAD + PLAIN_MAX], back[PLAIN_MAX];
    struct kms_bytes whole = {blob, KMS_ENVELOPE_OVERHEAD + plain.n};
    enum kms_rc rc = kms_envelope_seal(&key, context, plain, blob);
    size_t at = 0;

    assert(rc == KMS_OK);
    rc = kms_envelope_open(&key, context, whole, back);
    assert(rc == KMS_OK && (plain.n == 0 || memcmp(back, plain.p, plain.n) == 0));
    for (size_t i = 0; i < plain.n; i++)
        at = at * 31 + plain.p[i];
    blob[at / 8 % whole.n] ^= (uint8_t)(1 << at % 8);
    rc = kms_envelope_open(&key, context, whole, back);
    assert(rc == KMS_E_INVALID_CIPHERTEXT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kms_bytes context, rest;

    if (size == 0 || size > PLAIN_MAX)
        return 0;
    context = (struct kms_bytes){data + 1, data[0] < size - 1 ? data[0] : size - 1};
    rest = (struct kms_bytes){context.p + context.n, size - 1 - context.n};
    open_any(context, rest);
    seal_any(context, rest);
    return 0;
}
