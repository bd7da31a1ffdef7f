/* Live keys: their material, what they export, and who may hold them. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "crypto/pkey.h"
#include "crypto/pkey_selftest.h"
#include "crypto/sign.h"
#include "key/spec.h"

static const enum kms_key_spec specs[] = {
    KMS_KEY_SPEC_RSA_2048,      KMS_KEY_SPEC_RSA_3072,
    KMS_KEY_SPEC_ECC_NIST_P256, KMS_KEY_SPEC_ECC_NIST_P384,
    KMS_KEY_SPEC_ECC_NIST_P521, KMS_KEY_SPEC_ECC_SECG_P256K1,
    KMS_KEY_SPEC_SM2,           KMS_KEY_SPEC_ECC_NIST_EDWARDS25519,
    KMS_KEY_SPEC_ML_DSA_44,     KMS_KEY_SPEC_ML_DSA_65,
    KMS_KEY_SPEC_ML_DSA_87,
};
enum { SPECS = sizeof specs / sizeof specs[0] };

/* Lengths as pkey.h documents them: RSA 9 + 4.5 k, curves 2 + 3 w, seeds 33. */
static size_t documented_len(enum kms_key_spec spec)
{
    size_t width = kms_spec_width(spec);

    switch (kms_spec_family(spec)) {
    case KMS_FAMILY_RSA:
        return 9 + 4 * width + width / 2;
    case KMS_FAMILY_EC:
    case KMS_FAMILY_SM2:
        return 2 + 3 * width;
    default:
        return 33;
    }
}

/* A new key of specs[i]; false when this library has no such keys. */
static bool made(int i, struct kms_secret **material, struct kms_pkey **key)
{
    enum kms_rc rc = kms_pkey_generate(specs[i], material, key);

    if (rc == KMS_E_UNSUPPORTED_OPERATION) {
        ck_assert_str_ne(kms_err_note(rc), "");
        return false;
    }
    ck_assert_int_eq(rc, KMS_OK);
    return true;
}

START_TEST(generated_material_loads_to_the_same_key_again)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;
    KMS_AUTO(pkey) again = NULL;

    if (!made(_i, &material, &key))
        return;
    ck_assert_uint_eq(kms_secret_view(material).n, documented_len(specs[_i]));
    ck_assert_int_eq(kms_secret_view(material).p[0], 1);
    ck_assert_int_eq(kms_pkey_load(specs[_i], kms_secret_view(material), &again), KMS_OK);
    ck_assert(kms_bytes_eq(kms_pkey_spki(key), kms_pkey_spki(again)));
    ck_assert_int_eq(kms_pkey_spec(again), specs[_i]);
    ck_assert(kms_pkey_private(again));
}
END_TEST

START_TEST(two_generated_keys_differ)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;
    KMS_AUTO(secret) material2 = NULL;
    KMS_AUTO(pkey) key2 = NULL;

    if (!made(_i, &material, &key) || !made(_i, &material2, &key2))
        return;
    ck_assert(!kms_secret_equal(material, material2));
    ck_assert(!kms_bytes_eq(kms_pkey_spki(key), kms_pkey_spki(key2)));
}
END_TEST

START_TEST(exports_are_byte_for_byte_what_the_library_writes)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;
    KMS_AUTO(secret) p8 = NULL;
    struct kms_bytes spki, der;
    const uint8_t *at;
    uint8_t *own = NULL;
    EVP_PKEY *public_half, *both;
    int n;

    if (!made(_i, &material, &key))
        return;
    spki = kms_pkey_spki(key);
    at = spki.p;
    public_half = d2i_PUBKEY(NULL, &at, (long)spki.n);
    ck_assert_ptr_nonnull(public_half);
    n = i2d_PUBKEY(public_half, &own);
    ck_assert(kms_bytes_eq(spki, (struct kms_bytes){own, (size_t)n}));
    OPENSSL_free(own);

    ck_assert_int_eq(kms_pkey_pkcs8(specs[_i], kms_secret_view(material), &p8), KMS_OK);
    der = kms_secret_view(p8);
    at = der.p;
    both = d2i_AutoPrivateKey(NULL, &at, (long)der.n);
    ck_assert_ptr_nonnull(both);
    ck_assert_ptr_eq(at, der.p + der.n);
    ck_assert_int_eq(EVP_PKEY_eq(both, public_half), 1);
    if (kms_spec_family(specs[_i]) != KMS_FAMILY_ML_DSA) {
        PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(both);

        own = NULL;
        n = i2d_PKCS8_PRIV_KEY_INFO(info, &own);
        ck_assert(kms_bytes_eq(der, (struct kms_bytes){own, (size_t)n}));
        OPENSSL_free(own);
        PKCS8_PRIV_KEY_INFO_free(info);
    }
    EVP_PKEY_free(public_half);
    EVP_PKEY_free(both);
}
END_TEST

START_TEST(an_exported_key_imports_as_the_same_material)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;
    KMS_AUTO(secret) p8 = NULL;
    KMS_AUTO(secret) material2 = NULL;
    KMS_AUTO(pkey) key2 = NULL;

    if (!made(_i, &material, &key) || kms_spec_family(specs[_i]) == KMS_FAMILY_ML_DSA)
        return;
    ck_assert_int_eq(kms_pkey_pkcs8(specs[_i], kms_secret_view(material), &p8), KMS_OK);
    ck_assert_int_eq(
        kms_pkey_import_pkcs8(specs[_i], kms_secret_view(p8), &material2, &key2), KMS_OK);
    ck_assert(kms_secret_equal(material, material2));
    ck_assert(kms_bytes_eq(kms_pkey_spki(key), kms_pkey_spki(key2)));
}
END_TEST

START_TEST(material_of_another_form_is_refused)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;
    struct kms_pkey *out = NULL;
    struct kms_secret *p8 = NULL;
    struct kms_bytes m;

    if (!made(_i, &material, &key))
        return;
    m = kms_secret_view(material);
    ck_assert_int_eq(kms_pkey_load(specs[_i], (struct kms_bytes){m.p, m.n - 1}, &out),
                     KMS_E_CRYPTO);
    ck_assert_int_eq(kms_pkey_load(specs[_i], (struct kms_bytes){NULL, 0}, &out),
                     KMS_E_CRYPTO);
    kms_secret_fill(material)[0] = 2;
    ck_assert_int_eq(kms_pkey_load(specs[_i], m, &out), KMS_E_CRYPTO);
    ck_assert_int_eq(kms_pkey_pkcs8(specs[_i], m, &p8), KMS_E_CRYPTO);
    ck_assert_ptr_null(out);
    ck_assert_ptr_null(p8);
}
END_TEST

/* A stranger's key is strict DER: a byte more, less or another is not the same key. */
START_TEST(public_keys_are_taken_in_their_one_form_only)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;
    KMS_AUTO(pkey) peer = NULL;
    struct kms_pkey *out = NULL;
    struct kms_bytes spki;
    uint8_t copy[4096] = {0};

    if (!made(_i, &material, &key))
        return;
    spki = kms_pkey_spki(key);
    ck_assert_int_eq(kms_pkey_from_spki(specs[_i], spki, &peer), KMS_OK);
    ck_assert(!kms_pkey_private(peer));
    ck_assert(kms_bytes_eq(kms_pkey_spki(peer), spki));
    memcpy(copy, spki.p, spki.n);
    kms_err_clear();
    ck_assert_int_eq(
        kms_pkey_from_spki(specs[_i], (struct kms_bytes){copy, spki.n + 1}, &out),
        KMS_E_VALIDATION);
    for (size_t i = 0; i < spki.n; i++)
        ck_assert_int_eq(kms_pkey_from_spki(specs[_i], (struct kms_bytes){copy, i}, &out),
                         KMS_E_VALIDATION);
    /* The containers' heads; what follows are the key's own numbers. */
    for (size_t i = 0; i < 12; i++) {
        copy[i] ^= 1;
        ck_assert_int_eq(
            kms_pkey_from_spki(specs[_i], (struct kms_bytes){copy, spki.n}, &out),
            KMS_E_VALIDATION);
        copy[i] ^= 1;
    }
    ck_assert_str_eq(kms_err_note(KMS_E_VALIDATION), "");
    for (int other = 0; other < SPECS; other++)
        if (other != _i && kms_pkey_supported(specs[other]) == KMS_OK)
            ck_assert_int_eq(kms_pkey_from_spki(specs[other], spki, &out),
                             KMS_E_VALIDATION);
    ck_assert_ptr_null(out);
}
END_TEST

START_TEST(points_off_the_curve_and_at_infinity_are_refused)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;
    struct kms_pkey *out = NULL;
    struct kms_bytes spki;
    uint8_t copy[256];

    ck_assert_int_eq(kms_pkey_generate(KMS_KEY_SPEC_ECC_NIST_P256, &material, &key),
                     KMS_OK);
    spki = kms_pkey_spki(key);
    memcpy(copy, spki.p, spki.n);
    copy[spki.n - 1] ^= 1;
    ck_assert_int_eq(kms_pkey_from_spki(KMS_KEY_SPEC_ECC_NIST_P256,
                                        (struct kms_bytes){copy, spki.n}, &out),
                     KMS_E_VALIDATION);
    /* The point at infinity is one zero byte (SEC 1 section 2.3.3). */
    memcpy(copy, spki.p, 27);
    copy[1] = 25;
    copy[24] = 2;
    copy[25] = 0;
    copy[26] = 0;
    ck_assert_int_eq(kms_pkey_from_spki(KMS_KEY_SPEC_ECC_NIST_P256,
                                        (struct kms_bytes){copy, 27}, &out),
                     KMS_E_VALIDATION);
    /* A hybrid point: right coordinates, form 6 or 7. */
    memcpy(copy, spki.p, spki.n);
    copy[26] = (uint8_t)(6 | (copy[spki.n - 1] & 1));
    ck_assert_int_eq(kms_pkey_from_spki(KMS_KEY_SPEC_ECC_NIST_P256,
                                        (struct kms_bytes){copy, spki.n}, &out),
                     KMS_E_VALIDATION);
    ck_assert_ptr_null(out);
}
END_TEST

START_TEST(specs_without_a_key_object_are_refused_with_words)
{
    static const enum kms_key_spec none[] = {
        KMS_KEY_SPEC_SYMMETRIC_DEFAULT, KMS_KEY_SPEC_HMAC_256, KMS_KEY_SPEC_ML_KEM_768};
    struct kms_secret *material = NULL;
    struct kms_pkey *key = NULL;

    for (size_t i = 0; i < 3; i++) {
        kms_err_clear();
        ck_assert_int_eq(kms_pkey_generate(none[i], &material, &key),
                         KMS_E_UNSUPPORTED_OPERATION);
        ck_assert_str_ne(kms_err_note(KMS_E_UNSUPPORTED_OPERATION), "");
    }
}
END_TEST

START_TEST(ml_dsa_is_there_from_3_5_and_refused_with_the_reason_before)
{
    bool has = OPENSSL_version_major() > 3 ||
               (OPENSSL_version_major() == 3 && OPENSSL_version_minor() >= 5);
    char words[160];

    ck_assert_int_eq(kms_pkey_supported(KMS_KEY_SPEC_ML_DSA_87),
                     has ? KMS_OK : KMS_E_UNSUPPORTED_OPERATION);
    if (has)
        return;
    snprintf(words, sizeof words,
             "Key spec ML_DSA_87 needs OpenSSL 3.5 or newer; this server runs with %s.",
             OpenSSL_version(OPENSSL_VERSION_STRING));
    ck_assert_str_eq(kms_err_note(KMS_E_UNSUPPORTED_OPERATION), words);
}
END_TEST

START_TEST(known_answers_are_right_with_this_library)
{
    enum kms_rc rc = kms_pkey_selftest();

    ck_assert_msg(rc == KMS_OK, "%s", kms_err_note(rc));
}
END_TEST

/* --- sharing --------------------------------------------------------------------------
 */

enum { THREADS = 4, ROUNDS = 25 };

static void *use(void *arg)
{
    struct kms_pkey *key = arg;
    uint8_t words[] = "shared";
    struct kms_signing_algorithm_spec_list algs = kms_spec_signing(kms_pkey_spec(key));
    struct kms_tbs tbs = {algs.v[algs.n - 1], KMS_MESSAGE_TYPE_RAW, KMS_BYTES(words)};
    struct kms_bytes signature;
    struct kms_arena *arena = NULL;
    bool good = kms_arena_new(&arena) == KMS_OK;

    for (int i = 0; good && i < ROUNDS; i++) {
        words[0] = (uint8_t)i;
        good = kms_sign_make(key, &tbs, arena, &signature) == KMS_OK &&
               kms_sign_check(key, &tbs, signature) == KMS_OK;
        kms_arena_reset(arena);
    }
    kms_arena_free(arena);
    kms_pkey_free(key);
    return good ? key : NULL;
}

START_TEST(one_key_serves_many_threads_and_ends_with_its_last_holder)
{
    KMS_AUTO(secret) material = NULL;
    struct kms_pkey *key = NULL;
    pthread_t thread[THREADS];
    void *good[THREADS];

    if (!made(_i, &material, &key))
        return;
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, use, kms_pkey_ref(key)), 0);
    kms_pkey_free(key);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(thread[i], &good[i]), 0);
        ck_assert_ptr_nonnull(good[i]);
    }
}
END_TEST

static Suite *pkey_suite(void)
{
    Suite *s = suite_create("pkey");
    TCase *t = tcase_create("keys");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, generated_material_loads_to_the_same_key_again, 0, SPECS);
    tcase_add_loop_test(t, two_generated_keys_differ, 0, SPECS);
    tcase_add_loop_test(t, exports_are_byte_for_byte_what_the_library_writes, 0, SPECS);
    tcase_add_loop_test(t, an_exported_key_imports_as_the_same_material, 0, SPECS);
    tcase_add_loop_test(t, material_of_another_form_is_refused, 0, SPECS);
    tcase_add_loop_test(t, public_keys_are_taken_in_their_one_form_only, 0, SPECS);
    tcase_add_test(t, points_off_the_curve_and_at_infinity_are_refused);
    tcase_add_test(t, specs_without_a_key_object_are_refused_with_words);
    tcase_add_test(t, ml_dsa_is_there_from_3_5_and_refused_with_the_reason_before);
    tcase_add_test(t, known_answers_are_right_with_this_library);
    tcase_add_loop_test(t, one_key_serves_many_threads_and_ends_with_its_last_holder, 0,
                        SPECS);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(pkey_suite());
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
