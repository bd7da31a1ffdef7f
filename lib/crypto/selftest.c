#include <string.h>

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/envelope.h"
#include "crypto/kdf.h"
#include "crypto/kmid.h"
#include "crypto/mac.h"
#include "crypto/rand.h"
#include "crypto/pkey_selftest.h"
#include "crypto/selftest.h"

enum { BYTES_MAX = 192 };

/* Bytes written as hex, so that the vectors below read as they are published. */
struct hex {
    uint8_t p[BYTES_MAX];
    size_t n;
};

static struct kms_bytes from_hex(struct hex *h, const char *digits)
{
    struct kms_str s = kms_str_of(digits);

    h->n = s.n / 2;
    return h->n <= sizeof h->p && kms_hex_decode(s, h->p, h->n)
               ? (struct kms_bytes){h->p, h->n}
               : (struct kms_bytes){NULL, 0};
}

static KMS_RC expect(const char *what, const uint8_t *got, size_t n, const char *want)
{
    struct hex h;
    struct kms_bytes b = from_hex(&h, want);

    if (b.n == n && memcmp(b.p, got, n) == 0)
        return KMS_OK;
    return kms_err(KMS_E_CRYPTO,
                   "self-test: %s gives a wrong answer; do not use this libcrypto", what);
}

/* FIPS 180-4 example "abc". */
static KMS_RC test_sha256(void)
{
    KMS_AUTO(digest) d = NULL;
    const char *want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    uint8_t out[KMS_SHA256_LEN];

    KMS_TRY(kms_sha256(kms_bytes_of_str(KMS_LIT("abc")), out));
    KMS_TRY(expect("SHA-256", out, sizeof out, want));
    KMS_TRY(kms_digest_new(&d));
    KMS_TRY(kms_digest_add(d, kms_bytes_of_str(KMS_LIT("a"))));
    KMS_TRY(kms_digest_add(d, kms_bytes_of_str(KMS_LIT("bc"))));
    KMS_TRY(kms_digest_end(d, out));
    return expect("incremental SHA-256", out, sizeof out, want);
}

/* RFC 4231 test case 2. */
static KMS_RC test_hmac(void)
{
    uint8_t out[KMS_HMAC_SHA256_LEN];

    KMS_TRY(kms_hmac_sha256(kms_bytes_of_str(KMS_LIT("Jefe")),
                            kms_bytes_of_str(KMS_LIT("what do ya want for nothing?")),
                            out));
    return expect("HMAC-SHA-256", out, sizeof out,
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* NIST CAVP KBKDF800-108 counter mode, HMAC_SHA256, r = 32, before fixed, COUNT = 30. */
static KMS_RC test_kdf(void)
{
    struct hex key, fixed;
    struct kms_bytes k, f;
    uint8_t out[40];

    k = from_hex(&key,
                 "c4bedbddb66493e7c7259a3bbbc25f8c7e0ca7fe284d92d431d9cd99a0d214ac");
    f = from_hex(&fixed, "1c69c54766791e315c2cc5c47ecd3ffab87d0d273dd920e70955814c220eac"
                         "ace6a5946542da3dfe24ff626b4897898cafb7db83bdff3c14fa46fd4b");
    KMS_TRY(kms_kdf_counter(k, &f, 1, out, sizeof out));
    return expect("the counter-mode KDF", out, sizeof out,
                  "1da47638d6c9c4d04d74d4640bbd42ab814d9e8cc22f4326695239f96b0693f1"
                  "2d0dd1152cf44430");
}

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16. */
static KMS_RC test_gcm(void)
{
    struct hex key, iv, pt, ad, sealed;
    struct kms_bytes aad = from_hex(&ad, "feedfacedeadbeeffeedfacedeadbeefabaddad2");
    struct kms_bytes plain =
        from_hex(&pt, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    const struct kms_gcm g = {
        from_hex(&key, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
            .p,
        from_hex(&iv, "cafebabefacedbaddecaf888").p, &aad, 1};
    const char *want = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                       "76fc6ece0f4e1768cddf8853bb2d551b";
    uint8_t out[60 + KMS_GCM_TAG_LEN];

    KMS_TRY(kms_gcm_seal(&g, plain, out));
    KMS_TRY(expect("AES-256-GCM encryption", out, sizeof out, want));
    KMS_TRY(kms_gcm_open(&g, from_hex(&sealed, want), out));
    KMS_TRY(expect("AES-256-GCM decryption", out, plain.n,
                   "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                   "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"));
    sealed.p[sealed.n - 1] ^= 1;
    if (kms_gcm_open(&g, (struct kms_bytes){sealed.p, sealed.n}, out) !=
        KMS_E_INVALID_CIPHERTEXT)
        return kms_err(KMS_E_CRYPTO, "self-test: AES-256-GCM accepts a wrong tag; do not "
                                     "use this libcrypto");
    return KMS_OK;
}

/*
 * The ciphertext of version 1 (envelope.h): K = 00..1f, N = a0..af, IV = b0..bb, context
 * {"app":"é","tenant":"42"}, plaintext "hello kmsd". Opening it proves derivation,
 * commitment and AAD; sealing is proven by opening, so that no way to seal under a
 * chosen nonce has to exist.
 */
static KMS_RC test_envelope(void)
{
    static const char *const blob_hex =
        "010111223344556677889900aabbccddeeff"
        "ce6f912103d65ed72d4ae9fcb9e0d9ba425e1b8232e63e20e187edcf3557647c"
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babb"
        "81762a27003c432a3a7681cf9ab067172a1d3fad591f19135f8b2a6f8d0eb316"
        "ed23cc3138275ebf665b9b370e0a734e03b82ef828e91aa82266";
    struct hex mat, id, ec, bl;
    struct kms_bytes blob = from_hex(&bl, blob_hex);
    struct kms_bytes context =
        from_hex(&ec, "000200036170700002c3a9000674656e616e7400023432");
    struct kms_bytes hello = kms_bytes_of_str(KMS_LIT("hello kmsd"));
    uint8_t kmid[KMS_KMID_LEN], plain[10], fresh[KMS_ENVELOPE_OVERHEAD + 10];
    struct kms_envelope_key key = {
        from_hex(&mat,
                 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
        from_hex(&id, "11223344556677889900aabbccddeeff").p, kmid};

    KMS_TRY(kms_sha256(kms_bytes_of_str(KMS_LIT("kmid")), kmid));
    KMS_TRY(kms_envelope_open(&key, context, blob, plain));
    KMS_TRY(expect("opening a ciphertext", plain, sizeof plain, "68656c6c6f206b6d7364"));
    KMS_TRY(kms_envelope_seal(&key, context, hello, fresh));
    KMS_TRY(kms_envelope_open(&key, context, KMS_BYTES(fresh), plain));
    KMS_TRY(expect("sealing a plaintext", plain, sizeof plain, "68656c6c6f206b6d7364"));
    if (memcmp(fresh + KMS_ENVELOPE_HEAD_LEN, blob.p + KMS_ENVELOPE_HEAD_LEN, 28) == 0)
        return kms_err(KMS_E_CRYPTO, "self-test: nonces are not random");
    return KMS_OK;
}

/* Key and uuid as above. */
static KMS_RC test_kmid(void)
{
    struct hex mat, id;
    struct kms_bytes material = from_hex(
        &mat, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    struct kms_bytes uuid = from_hex(&id, "11223344556677889900aabbccddeeff");
    uint8_t out[KMS_KMID_LEN];

    KMS_TRY(kms_kmid_of_secret(material, uuid.p, out));
    KMS_TRY(expect("the key material id", out, sizeof out,
                   "c9e81b958d8d44e0499ab8727e8ec12fdb2c5353a38e6a2bfefab73605ebf586"));
    KMS_TRY(kms_kmid_of_public(material, uuid.p, out));
    return expect("the id of a public key", out, sizeof out,
                  "9a3d5a343a785a5e5dff4d67b3ede48a08098c7c75b3212fd2c3574dfd2f998e");
}

static KMS_RC test_random(void)
{
    uint8_t a[32] = {0}, b[32] = {0}, none[32] = {0};
    bool fine;

    KMS_TRY(kms_rand_secret(a, sizeof a));
    KMS_TRY(kms_rand_public(b, sizeof b));
    fine = memcmp(a, b, sizeof a) != 0 && memcmp(a, none, sizeof a) != 0 &&
           memcmp(b, none, sizeof b) != 0;
    kms_wipe(a, sizeof a);
    return fine ? KMS_OK
                : kms_err(KMS_E_CRYPTO, "self-test: the random generator repeats itself");
}

enum kms_rc kms_crypto_selftest(void)
{
    static enum kms_rc (*const tests[])(void) = {
        test_sha256, test_hmac, test_kdf, test_gcm, test_envelope, test_kmid, test_random,
    };

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        enum kms_rc rc = tests[i]();

        /* A wrong answer may also show as a refusal to open what has to open. */
        if (rc == KMS_E_INVALID_CIPHERTEXT)
            return kms_err(KMS_E_CRYPTO,
                           "self-test: a known ciphertext does not open; do "
                           "not use this libcrypto");
        KMS_TRY(rc);
    }
    return kms_pkey_selftest();
}
