/* Public-key encryption and key agreement. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/ecdh.h"
#include "crypto/pkey.h"
#include "crypto/pkey_crypt.h"
#include "key/spec.h"
#include "support/pkey_world.h"
#include "support/vectors.h"

#define ALG(name) KMS_ENCRYPTION_ALGORITHM_SPEC_##name

static const struct {
    enum kms_key_spec spec;
    enum kms_encryption_algorithm_spec alg;
} pairs[] = {
    {KMS_KEY_SPEC_RSA_2048, ALG(RSAES_OAEP_SHA_1)},
    {KMS_KEY_SPEC_RSA_2048, ALG(RSAES_OAEP_SHA_256)},
    {KMS_KEY_SPEC_RSA_3072, ALG(RSAES_OAEP_SHA_1)},
    {KMS_KEY_SPEC_RSA_3072, ALG(RSAES_OAEP_SHA_256)},
    {KMS_KEY_SPEC_SM2, ALG(SM2PKE)},
};
enum { PAIRS = sizeof pairs / sizeof pairs[0] };

static const uint8_t text[4096] = "what is to be kept";

/* --- encryption -----------------------------------------------------------------------
 */

START_TEST(whatever_fits_comes_back_and_no_more_is_taken)
{
    size_t max = kms_spec_plaintext_max(pairs[_i].spec, pairs[_i].alg);
    const size_t lengths[] = {1, 2, 31, max - 1, max};
    struct kms_bytes cipher, plain, again;
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, pairs[_i].spec));
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct kms_bytes in = {text, lengths[i]};

        ck_assert_int_eq(kms_pkey_encrypt(w.key, pairs[_i].alg, in, w.arena, &cipher),
                         KMS_OK);
        ck_assert_int_eq(kms_pkey_encrypt(w.key, pairs[_i].alg, in, w.arena, &again),
                         KMS_OK);
        ck_assert(!kms_bytes_eq(cipher, again));
        ck_assert_int_eq(kms_pkey_decrypt(w.key, pairs[_i].alg, cipher, w.arena, &plain),
                         KMS_OK);
        ck_assert(kms_bytes_eq(plain, in));
    }
    ck_assert_int_eq(kms_pkey_encrypt(w.key, pairs[_i].alg,
                                      (struct kms_bytes){text, max + 1}, w.arena,
                                      &cipher),
                     KMS_E_VALIDATION);
    pkey_world_end(&w);
}
END_TEST

START_TEST(whatever_is_wrong_with_a_ciphertext_is_one_bare_refusal)
{
    struct kms_bytes cipher, plain = {0};
    uint8_t copy[2048];
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, pairs[_i].spec));
    ck_assert_int_eq(kms_pkey_encrypt(w.key, pairs[_i].alg, (struct kms_bytes){text, 20},
                                      w.arena, &cipher),
                     KMS_OK);
    memcpy(copy, cipher.p, cipher.n);
    kms_err_clear();
    for (size_t i = 0; i < cipher.n; i += cipher.n / 20) {
        copy[i] ^= 4;
        ck_assert_int_eq(kms_pkey_decrypt(w.key, pairs[_i].alg,
                                          (struct kms_bytes){copy, cipher.n}, w.arena,
                                          &plain),
                         KMS_E_INVALID_CIPHERTEXT);
        copy[i] ^= 4;
    }
    copy[cipher.n] = 0;
    for (int by = -1; by <= 1; by += 2)
        ck_assert_int_eq(kms_pkey_decrypt(w.key, pairs[_i].alg,
                                          (struct kms_bytes){copy, cipher.n + (size_t)by},
                                          w.arena, &plain),
                         KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(kms_pkey_decrypt(w.key, pairs[_i].alg, (struct kms_bytes){copy, 0},
                                      w.arena, &plain),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_str_eq(kms_err_note(KMS_E_INVALID_CIPHERTEXT), "");
    ck_assert_ptr_null(plain.p);
    pkey_world_end(&w);
}
END_TEST

START_TEST(a_ciphertext_of_another_algorithm_or_key_does_not_open)
{
    struct kms_bytes cipher, plain = {0};
    struct pkey_world w, other;

    ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_RSA_2048));
    ck_assert(pkey_world_new(&other, KMS_KEY_SPEC_RSA_2048));
    ck_assert_int_eq(kms_pkey_encrypt(w.key, ALG(RSAES_OAEP_SHA_256),
                                      (struct kms_bytes){text, 20}, w.arena, &cipher),
                     KMS_OK);
    ck_assert_int_eq(
        kms_pkey_decrypt(w.key, ALG(RSAES_OAEP_SHA_1), cipher, w.arena, &plain),
        KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(
        kms_pkey_decrypt(other.key, ALG(RSAES_OAEP_SHA_256), cipher, w.arena, &plain),
        KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(kms_pkey_decrypt(w.key, ALG(SM2PKE), cipher, w.arena, &plain),
                     KMS_E_INVALID_KEY_USAGE);
    ck_assert_ptr_null(plain.p);
    pkey_world_end(&other);
    pkey_world_end(&w);
}
END_TEST

START_TEST(half_a_key_encrypts_but_does_not_decrypt)
{
    struct kms_bytes cipher, plain = {0};
    KMS_AUTO(pkey) half = NULL;
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, pairs[_i].spec));
    ck_assert_int_eq(kms_pkey_from_spki(pairs[_i].spec, kms_pkey_spki(w.key), &half),
                     KMS_OK);
    ck_assert_int_eq(kms_pkey_encrypt(half, pairs[_i].alg, (struct kms_bytes){text, 20},
                                      w.arena, &cipher),
                     KMS_OK);
    ck_assert_int_eq(kms_pkey_decrypt(half, pairs[_i].alg, cipher, w.arena, &plain),
                     KMS_E_CRYPTO);
    ck_assert_int_eq(kms_pkey_decrypt(w.key, pairs[_i].alg, cipher, w.arena, &plain),
                     KMS_OK);
    ck_assert(kms_bytes_eq(plain, (struct kms_bytes){text, 20}));
    pkey_world_end(&w);
}
END_TEST

START_TEST(the_standards_sm2_ciphertext_opens)
{
    FILE *in = vector_open("sm2.txt");
    KMS_AUTO(arena) arena = NULL;
    struct vector v;
    int seen = 0;

    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    while (vector_next(in, &v)) {
        KMS_AUTO(pkey) key = NULL;
        uint8_t material[98] = {1};
        struct kms_bytes plain;

        if (!vector_has(&v, "ct"))
            continue;
        seen++;
        memcpy(material + 1, vector_get(&v, "scalar").p, 32);
        memcpy(material + 33, vector_get(&v, "point").p, 65);
        ck_assert_int_eq(kms_pkey_load(KMS_KEY_SPEC_SM2, KMS_BYTES(material), &key),
                         KMS_OK);
        ck_assert_int_eq(
            kms_pkey_decrypt(key, ALG(SM2PKE), vector_get(&v, "ct"), arena, &plain),
            KMS_OK);
        ck_assert(kms_bytes_eq(plain, vector_get(&v, "plain")));
    }
    fclose(in);
    ck_assert_int_gt(seen, 0);
}
END_TEST

/* --- agreement ------------------------------------------------------------------------
 */

static const enum kms_key_spec agreeing[] = {
    KMS_KEY_SPEC_ECC_NIST_P256,
    KMS_KEY_SPEC_ECC_NIST_P384,
    KMS_KEY_SPEC_ECC_NIST_P521,
    KMS_KEY_SPEC_SM2,
};
enum { AGREEING = sizeof agreeing / sizeof agreeing[0] };

START_TEST(both_sides_derive_the_same_secret)
{
    struct kms_bytes one, two, self;
    struct pkey_world a, b;

    ck_assert(pkey_world_new(&a, agreeing[_i]));
    ck_assert(pkey_world_new(&b, agreeing[_i]));
    ck_assert_int_eq(kms_ecdh_derive(a.key, kms_pkey_spki(b.key), a.arena, &one), KMS_OK);
    ck_assert_int_eq(kms_ecdh_derive(b.key, kms_pkey_spki(a.key), a.arena, &two), KMS_OK);
    ck_assert_uint_eq(one.n, kms_spec_width(agreeing[_i]));
    ck_assert(kms_bytes_eq(one, two));
    ck_assert_int_eq(kms_ecdh_derive(a.key, kms_pkey_spki(a.key), a.arena, &self),
                     KMS_OK);
    ck_assert(!kms_bytes_eq(one, self));
    pkey_world_end(&b);
    pkey_world_end(&a);
}
END_TEST

START_TEST(a_peer_on_another_curve_is_refused_bare)
{
    struct kms_bytes out = {0};
    struct pkey_world a, b;

    ck_assert(pkey_world_new(&a, agreeing[_i]));
    ck_assert(pkey_world_new(&b, agreeing[(_i + 1) % AGREEING]));
    kms_err_clear();
    ck_assert_int_eq(kms_ecdh_derive(a.key, kms_pkey_spki(b.key), a.arena, &out),
                     KMS_E_VALIDATION);
    ck_assert_int_eq(kms_ecdh_derive(a.key, KMS_BYTES(text), a.arena, &out),
                     KMS_E_VALIDATION);
    ck_assert_int_eq(kms_ecdh_derive(a.key, out, a.arena, &out), KMS_E_VALIDATION);
    ck_assert_str_eq(kms_err_note(KMS_E_VALIDATION), "");
    ck_assert_ptr_null(out.p);
    pkey_world_end(&b);
    pkey_world_end(&a);
}
END_TEST

START_TEST(agreement_on_sm2_is_multiplication_on_its_curve)
{
    /* SubjectPublicKeyInfo up to the point: id-ecPublicKey, SM2. */
    static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c,
                                   0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00};
    FILE *in = vector_open("sm2.txt");
    KMS_AUTO(arena) arena = NULL;
    struct vector v;
    int seen = 0;

    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    while (vector_next(in, &v)) {
        KMS_AUTO(pkey) key = NULL;
        uint8_t material[98] = {1}, spki[sizeof head + 65];
        struct kms_bytes shared;

        if (!vector_has(&v, "shared"))
            continue;
        seen++;
        memcpy(material + 1, vector_get(&v, "scalar").p, 32);
        memcpy(material + 33, vector_get(&v, "point").p, 65);
        memcpy(spki, head, sizeof head);
        memcpy(spki + sizeof head, vector_get(&v, "peer").p, 65);
        ck_assert_int_eq(kms_pkey_load(KMS_KEY_SPEC_SM2, KMS_BYTES(material), &key),
                         KMS_OK);
        ck_assert_int_eq(kms_ecdh_derive(key, KMS_BYTES(spki), arena, &shared), KMS_OK);
        ck_assert(kms_bytes_eq(shared, vector_get(&v, "shared")));
    }
    fclose(in);
    ck_assert_int_gt(seen, 0);
}
END_TEST

START_TEST(specs_that_do_not_agree_are_refused)
{
    struct kms_bytes out = {0};
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_ECC_SECG_P256K1));
    ck_assert_int_eq(kms_ecdh_derive(w.key, kms_pkey_spki(w.key), w.arena, &out),
                     KMS_E_INVALID_KEY_USAGE);
    pkey_world_end(&w);
}
END_TEST

static Suite *crypt_suite(void)
{
    Suite *s = suite_create("pkey_crypt");
    TCase *t = tcase_create("encryption"), *a = tcase_create("agreement");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, whatever_fits_comes_back_and_no_more_is_taken, 0, PAIRS);
    tcase_add_loop_test(t, whatever_is_wrong_with_a_ciphertext_is_one_bare_refusal, 0,
                        PAIRS);
    tcase_add_test(t, a_ciphertext_of_another_algorithm_or_key_does_not_open);
    tcase_add_loop_test(t, half_a_key_encrypts_but_does_not_decrypt, 0, PAIRS);
    tcase_add_test(t, the_standards_sm2_ciphertext_opens);
    tcase_set_timeout(a, 60);
    tcase_add_loop_test(a, both_sides_derive_the_same_secret, 0, AGREEING);
    tcase_add_loop_test(a, a_peer_on_another_curve_is_refused_bare, 0, AGREEING);
    tcase_add_test(a, agreement_on_sm2_is_multiplication_on_its_curve);
    tcase_add_test(a, specs_that_do_not_agree_are_refused);
    suite_add_tcase(s, t);
    suite_add_tcase(s, a);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(crypt_suite());
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
