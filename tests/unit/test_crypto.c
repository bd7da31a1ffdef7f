#include <check.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "crypto/kmid.h"
#include "crypto/mac.h"
#include "crypto/rand.h"
#include "crypto/selftest.h"
#include "support/vectors.h"

static void assert_hex(const uint8_t *got, size_t n, const char *want)
{
    char hex[2 * 256 + 1];

    ck_assert_uint_le(n, 256);
    kms_hex_encode(got, n, hex);
    ck_assert_str_eq(hex, want);
}

START_TEST(the_self_test_passes_again_and_again)
{
    for (int i = 0; i < 3; i++)
        ck_assert_msg(kms_crypto_selftest() == KMS_OK, "%s", kms_err_note(KMS_E_CRYPTO));
}
END_TEST

/* FIPS 180-4 examples, and the million a's of the SHAVS. */
START_TEST(sha256_gives_the_published_digests)
{
    static uint8_t many[1000000];
    uint8_t out[KMS_SHA256_LEN];

    memset(many, 'a', sizeof many);
    ck_assert_int_eq(kms_sha256(kms_bytes_of_str(KMS_LIT("")), out), KMS_OK);
    assert_hex(out, sizeof out,
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_assert_int_eq(
        kms_sha256(kms_bytes_of_str(KMS_LIT(
                       "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
                   out),
        KMS_OK);
    assert_hex(out, sizeof out,
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    ck_assert_int_eq(kms_sha256(KMS_BYTES(many), out), KMS_OK);
    assert_hex(out, sizeof out,
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(a_digest_in_pieces_is_the_digest_of_the_whole)
{
    KMS_AUTO(digest) d = NULL;
    uint8_t data[300], whole[KMS_SHA256_LEN], pieces[KMS_SHA256_LEN];

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    ck_assert_int_eq(kms_sha256(KMS_BYTES(data), whole), KMS_OK);
    ck_assert_int_eq(kms_digest_new(&d), KMS_OK);
    for (size_t step = 1; step < 80; step += 13) {
        for (size_t at = 0; at < sizeof data; at += step) {
            size_t n = sizeof data - at < step ? sizeof data - at : step;

            ck_assert_int_eq(kms_digest_add(d, (struct kms_bytes){data + at, n}), KMS_OK);
        }
        ck_assert_int_eq(kms_digest_end(d, pieces), KMS_OK);
        ck_assert_mem_eq(whole, pieces, sizeof whole);
    }
}
END_TEST

/* RFC 4231: key and data by what they repeat, and the MAC. */
static const struct {
    const char *key, *data, *mac;
} hmacs[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddddddddddddddddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcdcdcdcdcdcdcdcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
};

START_TEST(hmac_gives_the_published_answers)
{
    uint8_t key[64], data[64], out[KMS_HMAC_SHA256_LEN];
    struct kms_str k = kms_str_of(hmacs[_i].key), d = kms_str_of(hmacs[_i].data);

    ck_assert(kms_hex_decode(k, key, k.n / 2));
    ck_assert(kms_hex_decode(d, data, d.n / 2));
    ck_assert_int_eq(kms_hmac_sha256((struct kms_bytes){key, k.n / 2},
                                     (struct kms_bytes){data, d.n / 2}, out),
                     KMS_OK);
    assert_hex(out, sizeof out, hmacs[_i].mac);
}
END_TEST

START_TEST(hmac_refuses_an_empty_key)
{
    uint8_t out[KMS_HMAC_SHA256_LEN];

    ck_assert_int_eq(kms_hmac_sha256((struct kms_bytes){out, 0},
                                     kms_bytes_of_str(KMS_LIT("data")), out),
                     KMS_E_CRYPTO);
}
END_TEST

START_TEST(the_kdf_gives_the_nist_answers)
{
    static struct vector v;
    FILE *f = vector_open("kbkdf.txt");
    int n = 0;

    for (; vector_next(f, &v); n++) {
        struct kms_bytes fixed = vector_get(&v, "fixed"), want = vector_get(&v, "out");
        uint8_t out[64];

        ck_assert_uint_le(want.n, sizeof out);
        ck_assert_int_eq(kms_kdf_counter(vector_get(&v, "key"), &fixed, 1, out, want.n),
                         KMS_OK);
        ck_assert_mem_eq(out, want.p, want.n);
    }
    fclose(f);
    ck_assert_int_eq(n, 4);
}
END_TEST

/* OpenSSL's KBKDF, whose defaults are SP 800-108 with separator and length. */
static void library_kbkdf(struct kms_bytes key, const char *label, struct kms_bytes ctx,
                          uint8_t out[KMS_KBKDF_LEN])
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
    EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, (char[]){"HMAC"}, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key.p,
                                          key.n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)label,
                                          strlen(label)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)ctx.p,
                                          ctx.n),
        OSSL_PARAM_construct_end()};

    ck_assert_int_eq(EVP_KDF_derive(c, out, KMS_KBKDF_LEN, params), 1);
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
}

START_TEST(the_kdf_agrees_with_the_library)
{
    for (size_t i = 0; i < 200; i++) {
        uint8_t key[64], ctx[64], ours[KMS_KBKDF_LEN], theirs[KMS_KBKDF_LEN];
        struct kms_bytes k = {key, 16 + i % 48}, c = {ctx, 1 + i % 63};

        ck_assert_int_eq(kms_rand_secret(key, sizeof key), KMS_OK);
        ck_assert_int_eq(kms_rand_public(ctx, sizeof ctx), KMS_OK);
        ck_assert_int_eq(kms_kbkdf(k, "kmsd-enc-v1", c, ours), KMS_OK);
        library_kbkdf(k, "kmsd-enc-v1", c, theirs);
        ck_assert_mem_eq(ours, theirs, sizeof ours);
    }
}
END_TEST

START_TEST(labels_and_contexts_separate_derived_keys)
{
    const struct kms_bytes key = kms_bytes_of_str(KMS_LIT("0123456789abcdef"));
    uint8_t a[KMS_KBKDF_LEN], b[KMS_KBKDF_LEN];

    ck_assert_int_eq(kms_kbkdf(key, "ab", kms_bytes_of_str(KMS_LIT("c")), a), KMS_OK);
    ck_assert_int_eq(kms_kbkdf(key, "a", kms_bytes_of_str(KMS_LIT("bc")), b), KMS_OK);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

START_TEST(gcm_opens_only_what_was_sealed_under_the_same_key_iv_and_aad)
{
    uint8_t key[KMS_GCM_KEY_LEN] = {1}, iv[KMS_GCM_IV_LEN] = {2}, sealed[64], out[48];
    struct kms_bytes aad[2] = {kms_bytes_of_str(KMS_LIT("head")),
                               kms_bytes_of_str(KMS_LIT("er"))};
    struct kms_gcm g = {key, iv, aad, 2};
    const struct kms_bytes plain = {(const uint8_t *)"attack at dawn", 14};
    const struct kms_bytes blob = {sealed, plain.n + KMS_GCM_TAG_LEN};

    ck_assert_int_eq(kms_gcm_seal(&g, plain, sealed), KMS_OK);
    /* How the additional data is cut into parts does not matter. */
    aad[0] = kms_bytes_of_str(KMS_LIT("header"));
    g.n_aad = 1;
    ck_assert_int_eq(kms_gcm_open(&g, blob, out), KMS_OK);
    ck_assert_mem_eq(out, plain.p, plain.n);
    aad[0] = kms_bytes_of_str(KMS_LIT("headex"));
    ck_assert_int_eq(kms_gcm_open(&g, blob, out), KMS_E_INVALID_CIPHERTEXT);
    aad[0] = kms_bytes_of_str(KMS_LIT("header"));
    key[31] ^= 1;
    ck_assert_int_eq(kms_gcm_open(&g, blob, out), KMS_E_INVALID_CIPHERTEXT);
    key[31] ^= 1;
    iv[11] ^= 1;
    ck_assert_int_eq(kms_gcm_open(&g, blob, out), KMS_E_INVALID_CIPHERTEXT);
    iv[11] ^= 1;
    ck_assert_int_eq(kms_gcm_open(&g, (struct kms_bytes){sealed, 15}, out),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(kms_gcm_open(&g, blob, out), KMS_OK);
}
END_TEST

START_TEST(an_oversize_message_is_refused_and_not_cut)
{
    uint8_t key[KMS_GCM_KEY_LEN] = {0}, iv[KMS_GCM_IV_LEN] = {0}, out[16] = {0};
    const struct kms_gcm g = {key, iv, NULL, 0};

    ck_assert_int_eq(kms_gcm_seal(&g, (struct kms_bytes){key, (size_t)1 << 32}, out),
                     KMS_E_CRYPTO);
    ck_assert_int_eq(kms_rand_public(out, (size_t)1 << 32), KMS_E_CRYPTO);
}
END_TEST

/* Short draws come from bytes made ahead: none may come twice, whatever the lengths. */
START_TEST(random_bytes_are_given_out_once)
{
    enum { DRAWS = 400 };
    static const uint8_t none[64];
    static uint8_t drawn[2][DRAWS][64];

    for (size_t i = 0; i < DRAWS; i++) {
        size_t n = 16 + i % 49;

        ck_assert_int_eq(kms_rand_secret(drawn[0][i], n), KMS_OK);
        ck_assert_int_eq(kms_rand_public(drawn[1][i], n), KMS_OK);
    }
    for (size_t a = 0; a < 2 * DRAWS; a++) {
        ck_assert_mem_ne(drawn[a / DRAWS][a % DRAWS], none, 16);
        for (size_t b = 0; b < a; b++)
            ck_assert_mem_ne(drawn[a / DRAWS][a % DRAWS], drawn[b / DRAWS][b % DRAWS],
                             16);
    }
}
END_TEST

/* Bytes drawn ahead are not inherited: two processes would give out the same. */
START_TEST(a_forked_child_draws_random_bytes_of_its_own)
{
    static const uint8_t none[32];
    uint8_t ours[2][32], its[2][32];
    int ends[2], status;
    pid_t child;

    ck_assert_int_eq(kms_rand_secret(ours[0], 32), KMS_OK); /* some wait from here on */
    ck_assert_int_eq(kms_rand_public(ours[1], 32), KMS_OK);
    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(kms_rand_secret(its[0], 32) == KMS_OK &&
                      kms_rand_public(its[1], 32) == KMS_OK &&
                      write(ends[1], its, sizeof its) == (ssize_t)sizeof its
                  ? 0
                  : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(read(ends[0], its, sizeof its), (ssize_t)sizeof its);
    ck_assert_int_eq(kms_rand_secret(ours[0], 32), KMS_OK);
    ck_assert_int_eq(kms_rand_public(ours[1], 32), KMS_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_mem_ne(its[i], none, 32);
        ck_assert_mem_ne(its[i], ours[i], 32);
    }
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(material_ids_depend_on_key_and_material)
{
    uint8_t uuid[KMS_UUID_LEN] = {1}, a[KMS_KMID_LEN], b[KMS_KMID_LEN];
    const struct kms_bytes material = kms_bytes_of_str(KMS_LIT("0123456789abcdef"));

    ck_assert_int_eq(kms_kmid_of_secret(material, uuid, a), KMS_OK);
    ck_assert_int_eq(kms_kmid_of_secret(material, uuid, b), KMS_OK);
    ck_assert_mem_eq(a, b, sizeof a);
    uuid[0] ^= 1;
    ck_assert_int_eq(kms_kmid_of_secret(material, uuid, b), KMS_OK);
    ck_assert_mem_ne(a, b, sizeof a);
    ck_assert_int_eq(kms_kmid_of_public(material, uuid, a), KMS_OK);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

/* Each thread comes with contexts of its own and takes them away again. */
static void *work(void *arg)
{
    uint8_t key[32], mac[32], again[32];

    memset(key, *(const int *)arg, sizeof key);
    for (int i = 0; i < 500; i++) {
        if (kms_hmac_sha256(KMS_BYTES(key), KMS_BYTES(key), i == 0 ? mac : again) !=
                KMS_OK ||
            (i > 0 && memcmp(mac, again, sizeof mac) != 0))
            return arg;
    }
    return NULL;
}

START_TEST(threads_do_not_disturb_each_other)
{
    int seed[8];
    pthread_t t[8];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 8; i++) {
            seed[i] = i;
            ck_assert_int_eq(pthread_create(&t[i], NULL, work, &seed[i]), 0);
        }
        for (int i = 0; i < 8; i++) {
            void *bad;

            pthread_join(t[i], &bad);
            ck_assert_ptr_null(bad);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("crypto");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, the_self_test_passes_again_and_again);
    tcase_add_test(t, sha256_gives_the_published_digests);
    tcase_add_test(t, a_digest_in_pieces_is_the_digest_of_the_whole);
    tcase_add_loop_test(t, hmac_gives_the_published_answers, 0,
                        sizeof hmacs / sizeof hmacs[0]);
    tcase_add_test(t, hmac_refuses_an_empty_key);
    tcase_add_test(t, the_kdf_gives_the_nist_answers);
    tcase_add_test(t, the_kdf_agrees_with_the_library);
    tcase_add_test(t, labels_and_contexts_separate_derived_keys);
    tcase_add_test(t, gcm_opens_only_what_was_sealed_under_the_same_key_iv_and_aad);
    tcase_add_test(t, an_oversize_message_is_refused_and_not_cut);
    tcase_add_test(t, random_bytes_are_given_out_once);
    tcase_add_test(t, a_forked_child_draws_random_bytes_of_its_own);
    tcase_add_test(t, material_ids_depend_on_key_and_material);
    tcase_add_test(t, threads_do_not_disturb_each_other);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
