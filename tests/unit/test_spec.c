#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key/spec.h"

/* The words of a refusal, as the client reads them. */
static void refused(enum kms_rc rc, enum kms_rc expected, const char *words)
{
    ck_assert_int_eq(rc, expected);
    ck_assert_str_eq(kms_err_note(rc), words);
}

/*
 * The reference's table, row by row: usages and algorithm lists as DescribeKey shows
 * them. Algorithms are written with their service names, in order.
 */
static const struct row {
    enum kms_key_spec spec;
    const char *usages, *encryption, *signing, *mac, *agreement;
} table[] = {
#define RSA_ALGS                                                                         \
    "RSASSA_PKCS1_V1_5_SHA_256 RSASSA_PKCS1_V1_5_SHA_384 RSASSA_PKCS1_V1_5_SHA_512 "     \
    "RSASSA_PSS_SHA_256 RSASSA_PSS_SHA_384 RSASSA_PSS_SHA_512"
#define OAEP_ALGS "RSAES_OAEP_SHA_1 RSAES_OAEP_SHA_256"
    {KMS_KEY_SPEC_SYMMETRIC_DEFAULT, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", "", ""},
    {KMS_KEY_SPEC_RSA_2048, "SIGN_VERIFY ENCRYPT_DECRYPT", OAEP_ALGS, RSA_ALGS, "", ""},
    {KMS_KEY_SPEC_RSA_3072, "SIGN_VERIFY ENCRYPT_DECRYPT", OAEP_ALGS, RSA_ALGS, "", ""},
    {KMS_KEY_SPEC_RSA_4096, "SIGN_VERIFY ENCRYPT_DECRYPT", OAEP_ALGS, RSA_ALGS, "", ""},
    {KMS_KEY_SPEC_ECC_NIST_P256, "SIGN_VERIFY KEY_AGREEMENT", "", "ECDSA_SHA_256", "",
     "ECDH"},
    {KMS_KEY_SPEC_ECC_NIST_P384, "SIGN_VERIFY KEY_AGREEMENT", "", "ECDSA_SHA_384", "",
     "ECDH"},
    {KMS_KEY_SPEC_ECC_NIST_P521, "SIGN_VERIFY KEY_AGREEMENT", "", "ECDSA_SHA_512", "",
     "ECDH"},
    {KMS_KEY_SPEC_ECC_SECG_P256K1, "SIGN_VERIFY", "", "ECDSA_SHA_256", "", ""},
    {KMS_KEY_SPEC_ECC_NIST_EDWARDS25519, "SIGN_VERIFY", "",
     "ED25519_PH_SHA_512 ED25519_SHA_512", "", ""},
    {KMS_KEY_SPEC_HMAC_224, "GENERATE_VERIFY_MAC", "", "", "HMAC_SHA_224", ""},
    {KMS_KEY_SPEC_HMAC_256, "GENERATE_VERIFY_MAC", "", "", "HMAC_SHA_256", ""},
    {KMS_KEY_SPEC_HMAC_384, "GENERATE_VERIFY_MAC", "", "", "HMAC_SHA_384", ""},
    {KMS_KEY_SPEC_HMAC_512, "GENERATE_VERIFY_MAC", "", "", "HMAC_SHA_512", ""},
    {KMS_KEY_SPEC_SM2, "SIGN_VERIFY ENCRYPT_DECRYPT KEY_AGREEMENT", "SM2PKE", "SM2DSA",
     "", "ECDH"},
    {KMS_KEY_SPEC_ML_DSA_44, "SIGN_VERIFY", "", "ML_DSA_SHAKE_256", "", ""},
    {KMS_KEY_SPEC_ML_DSA_65, "SIGN_VERIFY", "", "ML_DSA_SHAKE_256", "", ""},
    {KMS_KEY_SPEC_ML_DSA_87, "SIGN_VERIFY", "", "ML_DSA_SHAKE_256", "", ""},
};
enum { ROWS = sizeof table / sizeof table[0] };

/* "A B" from the names of a list; empty for an absent one. */
#define JOIN(list, name_of)                                                              \
    do {                                                                                 \
        text[0] = '\0';                                                                  \
        ck_assert_int_eq((list).present, (list).n > 0);                                  \
        for (size_t i = 0; i < (list).n; i++) {                                          \
            if (i > 0)                                                                   \
                strcat(text, " ");                                                       \
            strcat(text, name_of((list).v[i]));                                          \
        }                                                                                \
    } while (0)

START_TEST(every_spec_lists_what_the_reference_lists)
{
    const struct row *r = &table[_i];
    struct kms_encryption_algorithm_spec_list encryption = kms_spec_encryption(r->spec);
    struct kms_signing_algorithm_spec_list signing = kms_spec_signing(r->spec);
    struct kms_mac_algorithm_spec_list mac = kms_spec_mac(r->spec);
    struct kms_key_agreement_algorithm_spec_list agreement = kms_spec_agreement(r->spec);
    char text[512];

    JOIN(encryption, kms_encryption_algorithm_spec_name);
    ck_assert_str_eq(text, r->encryption);
    JOIN(signing, kms_signing_algorithm_spec_name);
    ck_assert_str_eq(text, r->signing);
    JOIN(mac, kms_mac_algorithm_spec_name);
    ck_assert_str_eq(text, r->mac);
    JOIN(agreement, kms_key_agreement_algorithm_spec_name);
    ck_assert_str_eq(text, r->agreement);
    text[0] = '\0';
    for (int u = 1; u < KMS_KEY_USAGE_TYPE_COUNT; u++) {
        if (!kms_spec_allows(r->spec, (enum kms_key_usage_type)u))
            continue;
        if (text[0] != '\0')
            strcat(text, " ");
        strcat(text, kms_key_usage_type_name((enum kms_key_usage_type)u));
    }
    ck_assert_str_eq(text, r->usages);
}
END_TEST

START_TEST(no_spec_is_missing_from_the_table)
{
    for (int s = 1; s < KMS_KEY_SPEC_COUNT; s++) {
        enum kms_spec_family family = kms_spec_family((enum kms_key_spec)s);

        ck_assert_msg(family != KMS_FAMILY_NONE, "%s", kms_key_spec_name(s));
        ck_assert_int_eq(kms_spec_asymmetric(s),
                         family != KMS_FAMILY_SYMMETRIC && family != KMS_FAMILY_HMAC);
        ck_assert_int_eq(kms_spec_symmetric(s), s == KMS_KEY_SPEC_SYMMETRIC_DEFAULT);
    }
    ck_assert_int_eq(kms_spec_family(KMS_KEY_SPEC_NONE), KMS_FAMILY_NONE);
    ck_assert(!kms_spec_asymmetric(KMS_KEY_SPEC_NONE));
}
END_TEST

START_TEST(algorithms_of_other_specs_are_refused_in_the_services_words)
{
    ck_assert_int_eq(kms_spec_signs(KMS_KEY_SPEC_ECC_SECG_P256K1,
                                    KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_256),
                     KMS_OK);
    refused(kms_spec_signs(KMS_KEY_SPEC_ECC_NIST_P384,
                           KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_256),
            KMS_E_INVALID_KEY_USAGE,
            "Algorithm ECDSA_SHA_256 is incompatible with key spec ECC_NIST_P384.");
    ck_assert_int_eq(
        kms_spec_macs(KMS_KEY_SPEC_HMAC_256, KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_256),
        KMS_OK);
    refused(kms_spec_macs(KMS_KEY_SPEC_HMAC_256, KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_512),
            KMS_E_INVALID_KEY_USAGE,
            "Algorithm HMAC_SHA_512 is incompatible with key spec HMAC_256.");
    ck_assert_int_eq(kms_spec_encrypts(KMS_KEY_SPEC_RSA_3072,
                                       KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1),
                     KMS_OK);
    refused(kms_spec_encrypts(KMS_KEY_SPEC_RSA_3072,
                              KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT),
            KMS_E_INVALID_KEY_USAGE,
            "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_3072.");
    ck_assert_int_eq(kms_spec_agrees(KMS_KEY_SPEC_ECC_NIST_P521,
                                     KMS_KEY_AGREEMENT_ALGORITHM_SPEC_ECDH),
                     KMS_OK);
    refused(kms_spec_agrees(KMS_KEY_SPEC_ECC_SECG_P256K1,
                            KMS_KEY_AGREEMENT_ALGORITHM_SPEC_ECDH),
            KMS_E_INVALID_KEY_USAGE,
            "Algorithm ECDH is incompatible with key spec ECC_SECG_P256K1.");
}
END_TEST

/* Which message types an algorithm takes, and of which length. 0: not at all. */
static const struct {
    enum kms_signing_algorithm_spec alg;
    bool raw;
    size_t digest, mu;
} takes[] = {
    {KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_256, true, 32, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_384, true, 48, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_512, true, 64, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_256, true, 32, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_384, true, 48, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_512, true, 64, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_256, true, 32, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_384, true, 48, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_512, true, 64, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_SM2DSA, true, 32, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_ML_DSA_SHAKE_256, true, 0, 64},
    {KMS_SIGNING_ALGORITHM_SPEC_ED25519_SHA_512, true, 0, 0},
    {KMS_SIGNING_ALGORITHM_SPEC_ED25519_PH_SHA_512, false, 64, 0},
};
enum { TAKES = sizeof takes / sizeof takes[0] };

static void check_type(enum kms_signing_algorithm_spec alg, enum kms_message_type type,
                       size_t len)
{
    const char *name = kms_signing_algorithm_spec_name(alg);
    char words[160];

    if (len == 0) {
        snprintf(words, sizeof words,
                 "Message type %s is incompatible with algorithm %s.",
                 kms_message_type_name(type), name);
        refused(kms_spec_message(alg, type, 64), KMS_E_VALIDATION, words);
        return;
    }
    snprintf(words, sizeof words, "%s is invalid length for algorithm %s.",
             type == KMS_MESSAGE_TYPE_DIGEST ? "Digest" : "External Mu", name);
    ck_assert_int_eq(kms_spec_message(alg, type, len), KMS_OK);
    refused(kms_spec_message(alg, type, len - 1), KMS_E_VALIDATION, words);
    refused(kms_spec_message(alg, type, len + 1), KMS_E_VALIDATION, words);
}

START_TEST(each_algorithm_takes_its_message_types_and_lengths_only)
{
    enum kms_signing_algorithm_spec alg = takes[_i].alg;

    ck_assert_uint_eq(kms_spec_digest_len(alg), takes[_i].digest);
    check_type(alg, KMS_MESSAGE_TYPE_DIGEST, takes[_i].digest);
    check_type(alg, KMS_MESSAGE_TYPE_EXTERNAL_MU, takes[_i].mu);
    if (!takes[_i].raw) {
        check_type(alg, KMS_MESSAGE_TYPE_RAW, 0);
        return;
    }
    ck_assert_int_eq(kms_spec_message(alg, KMS_MESSAGE_TYPE_RAW, 1), KMS_OK);
    ck_assert_int_eq(kms_spec_message(alg, KMS_MESSAGE_TYPE_RAW, 4096), KMS_OK);
}
END_TEST

static const struct {
    enum kms_key_spec spec;
    bool digest, mu;
} spec_takes[] = {
    {KMS_KEY_SPEC_RSA_3072, true, false},
    {KMS_KEY_SPEC_ECC_NIST_P256, true, false},
    {KMS_KEY_SPEC_ECC_SECG_P256K1, true, false},
    {KMS_KEY_SPEC_ECC_NIST_EDWARDS25519, true, false},
    {KMS_KEY_SPEC_SM2, true, false},
    {KMS_KEY_SPEC_ML_DSA_87, false, true},
};
enum { SPEC_TAKES = sizeof spec_takes / sizeof spec_takes[0] };

static void check_spec_type(enum kms_key_spec spec, enum kms_message_type type, bool ok)
{
    char words[160];

    if (ok) {
        ck_assert_int_eq(kms_spec_message_type(spec, type), KMS_OK);
        return;
    }
    snprintf(words, sizeof words, "Message type %s is incompatible with key spec %s.",
             kms_message_type_name(type), kms_key_spec_name(spec));
    refused(kms_spec_message_type(spec, type), KMS_E_VALIDATION, words);
}

START_TEST(a_spec_takes_a_type_when_one_of_its_algorithms_does)
{
    enum kms_key_spec spec = spec_takes[_i].spec;

    check_spec_type(spec, KMS_MESSAGE_TYPE_RAW, true);
    check_spec_type(spec, KMS_MESSAGE_TYPE_DIGEST, spec_takes[_i].digest);
    check_spec_type(spec, KMS_MESSAGE_TYPE_EXTERNAL_MU, spec_takes[_i].mu);
}
END_TEST

static const struct {
    enum kms_key_spec spec;
    enum kms_encryption_algorithm_spec alg;
    size_t max;
} limits[] = {
#define OAEP_1 KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1
#define OAEP_256 KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_256
    {KMS_KEY_SPEC_SYMMETRIC_DEFAULT, KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT,
     4096},
    {KMS_KEY_SPEC_RSA_2048, OAEP_1, 214},
    {KMS_KEY_SPEC_RSA_2048, OAEP_256, 190},
    {KMS_KEY_SPEC_RSA_3072, OAEP_1, 342},
    {KMS_KEY_SPEC_RSA_3072, OAEP_256, 318},
    {KMS_KEY_SPEC_RSA_4096, OAEP_1, 470},
    {KMS_KEY_SPEC_RSA_4096, OAEP_256, 446},
    {KMS_KEY_SPEC_SM2, KMS_ENCRYPTION_ALGORITHM_SPEC_SM2PKE, 1024},
};
enum { LIMITS = sizeof limits / sizeof limits[0] };

START_TEST(a_plaintext_over_the_limit_is_refused_with_the_limit)
{
    char words[160];

    snprintf(words, sizeof words,
             "Algorithm %s and key spec %s cannot encrypt data larger than %zu bytes.",
             kms_encryption_algorithm_spec_name(limits[_i].alg),
             kms_key_spec_name(limits[_i].spec), limits[_i].max);
    ck_assert_uint_eq(kms_spec_plaintext_max(limits[_i].spec, limits[_i].alg),
                      limits[_i].max);
    ck_assert_int_eq(kms_spec_plaintext(limits[_i].spec, limits[_i].alg, limits[_i].max),
                     KMS_OK);
    refused(kms_spec_plaintext(limits[_i].spec, limits[_i].alg, limits[_i].max + 1),
            KMS_E_VALIDATION, words);
}
END_TEST

START_TEST(lengths_are_those_of_the_reference)
{
    ck_assert_uint_eq(kms_spec_plaintext_max(KMS_KEY_SPEC_ECC_NIST_P256, OAEP_1), 0);
    ck_assert_uint_eq(kms_spec_signature_max(KMS_KEY_SPEC_RSA_3072), 384);
    ck_assert_uint_eq(kms_spec_signature_max(KMS_KEY_SPEC_ECC_NIST_P256), 72);
    ck_assert_uint_eq(kms_spec_signature_max(KMS_KEY_SPEC_ECC_NIST_P384), 104);
    ck_assert_uint_eq(kms_spec_signature_max(KMS_KEY_SPEC_ECC_NIST_P521), 139);
    ck_assert_uint_eq(kms_spec_signature_max(KMS_KEY_SPEC_ECC_NIST_EDWARDS25519), 64);
    ck_assert_uint_eq(kms_spec_signature_max(KMS_KEY_SPEC_ML_DSA_44), 2420);
    ck_assert_uint_eq(kms_spec_signature_max(KMS_KEY_SPEC_ML_DSA_65), 3309);
    ck_assert_uint_eq(kms_spec_signature_max(KMS_KEY_SPEC_ML_DSA_87), 4627);
    ck_assert_uint_eq(kms_spec_mac_len(KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_224), 28);
    ck_assert_uint_eq(kms_spec_mac_len(KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_256), 32);
    ck_assert_uint_eq(kms_spec_mac_len(KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_384), 48);
    ck_assert_uint_eq(kms_spec_mac_len(KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_512), 64);
    ck_assert_uint_eq(kms_spec_width(KMS_KEY_SPEC_RSA_4096), 512);
    ck_assert_uint_eq(kms_spec_width(KMS_KEY_SPEC_ECC_NIST_P521), 66);
    ck_assert_uint_eq(kms_spec_width(KMS_KEY_SPEC_HMAC_512), 0);
}
END_TEST

START_TEST(raw_material_has_its_lengths)
{
    ck_assert_uint_eq(kms_spec_material_len(KMS_KEY_SPEC_SYMMETRIC_DEFAULT), 32);
    ck_assert_uint_eq(kms_spec_material_len(KMS_KEY_SPEC_HMAC_224), 28);
    ck_assert_uint_eq(kms_spec_material_len(KMS_KEY_SPEC_HMAC_512), 64);
    ck_assert_uint_eq(kms_spec_material_len(KMS_KEY_SPEC_RSA_2048), 0);
    ck_assert(kms_spec_material_fits(KMS_KEY_SPEC_SYMMETRIC_DEFAULT, 32));
    ck_assert(!kms_spec_material_fits(KMS_KEY_SPEC_SYMMETRIC_DEFAULT, 31));
    ck_assert(!kms_spec_material_fits(KMS_KEY_SPEC_SYMMETRIC_DEFAULT, 33));
    ck_assert(!kms_spec_material_fits(KMS_KEY_SPEC_HMAC_384, 47));
    ck_assert(kms_spec_material_fits(KMS_KEY_SPEC_HMAC_384, 48));
    ck_assert(kms_spec_material_fits(KMS_KEY_SPEC_HMAC_384, 128));
    ck_assert(!kms_spec_material_fits(KMS_KEY_SPEC_HMAC_384, 129));
    ck_assert(!kms_spec_material_fits(KMS_KEY_SPEC_ECC_NIST_P256, 32));
}
END_TEST

/* 1 2048, 2 3072, 4 4096: the wrapping keys that go with the material. */
static const struct {
    enum kms_key_spec spec;
    int oaep, aes;
} wrapping[] = {
    {KMS_KEY_SPEC_SYMMETRIC_DEFAULT, 7, 0},
    {KMS_KEY_SPEC_HMAC_224, 7, 0},
    {KMS_KEY_SPEC_HMAC_256, 7, 0},
    {KMS_KEY_SPEC_HMAC_384, 7, 0},
    {KMS_KEY_SPEC_HMAC_512, 7, 0},
    {KMS_KEY_SPEC_RSA_2048, 0, 7},
    {KMS_KEY_SPEC_RSA_3072, 0, 7},
    {KMS_KEY_SPEC_RSA_4096, 0, 7},
    {KMS_KEY_SPEC_ECC_NIST_P256, 7, 7},
    {KMS_KEY_SPEC_ECC_NIST_P384, 7, 7},
    {KMS_KEY_SPEC_ECC_SECG_P256K1, 7, 7},
    {KMS_KEY_SPEC_ECC_NIST_P521, 6, 7},
    {KMS_KEY_SPEC_ECC_NIST_EDWARDS25519, 6, 7},
    {KMS_KEY_SPEC_ML_DSA_44, 0, 0},
    {KMS_KEY_SPEC_ML_DSA_65, 0, 0},
    {KMS_KEY_SPEC_ML_DSA_87, 0, 0},
};
enum { WRAPPING = sizeof wrapping / sizeof wrapping[0] };

static void check_wrap(enum kms_key_spec spec, enum kms_algorithm_spec alg, int good)
{
    static const enum kms_key_spec keys[] = {KMS_KEY_SPEC_RSA_2048, KMS_KEY_SPEC_RSA_3072,
                                             KMS_KEY_SPEC_RSA_4096};
    char words[200];

    for (int i = 0; i < 3; i++) {
        snprintf(
            words, sizeof words,
            "Wrapping algorithm %s and wrapping key spec %s cannot be used to import "
            "a %s key.",
            kms_algorithm_spec_name(alg), kms_key_spec_name(keys[i]),
            kms_key_spec_name(spec));
        if ((good & 1 << i) != 0)
            ck_assert_int_eq(kms_spec_wraps(spec, alg, keys[i]), KMS_OK);
        else
            refused(kms_spec_wraps(spec, alg, keys[i]), KMS_E_VALIDATION, words);
    }
}

START_TEST(material_comes_in_by_the_reference_s_combinations_only)
{
    enum kms_key_spec spec = wrapping[_i].spec;

    check_wrap(spec, KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_1, wrapping[_i].oaep);
    check_wrap(spec, KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_256, wrapping[_i].oaep);
    check_wrap(spec, KMS_ALGORITHM_SPEC_RSA_AES_KEY_WRAP_SHA_1, wrapping[_i].aes);
    check_wrap(spec, KMS_ALGORITHM_SPEC_RSA_AES_KEY_WRAP_SHA_256, wrapping[_i].aes);
    check_wrap(spec, KMS_ALGORITHM_SPEC_RSAES_PKCS1_V1_5, 0);
    check_wrap(spec, KMS_ALGORITHM_SPEC_SM2PKE, 0);
}
END_TEST

static Suite *spec_suite(void)
{
    Suite *s = suite_create("spec");
    TCase *t = tcase_create("spec");

    tcase_add_loop_test(t, every_spec_lists_what_the_reference_lists, 0, ROWS);
    tcase_add_test(t, no_spec_is_missing_from_the_table);
    tcase_add_test(t, algorithms_of_other_specs_are_refused_in_the_services_words);
    tcase_add_loop_test(t, each_algorithm_takes_its_message_types_and_lengths_only, 0,
                        TAKES);
    tcase_add_loop_test(t, a_spec_takes_a_type_when_one_of_its_algorithms_does, 0,
                        SPEC_TAKES);
    tcase_add_loop_test(t, a_plaintext_over_the_limit_is_refused_with_the_limit, 0,
                        LIMITS);
    tcase_add_test(t, lengths_are_those_of_the_reference);
    tcase_add_test(t, raw_material_has_its_lengths);
    tcase_add_loop_test(t, material_comes_in_by_the_reference_s_combinations_only, 0,
                        WRAPPING);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(spec_suite());
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
