/* What may be imported, and what may not: the containers of tests/vectors/pkcs8.txt. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/pkey.h"
#include "key/spec.h"
#include "support/pkey_der.h"
#include "support/vectors.h"

/* "RSA_2048: a byte too much", for what a check prints. */
static const char *title(const struct vector *v)
{
    static char text[200];
    struct kms_bytes spec = vector_get(v, "spec"), what = vector_get(v, "what");

    snprintf(text, sizeof text, "%.*s: %.*s", (int)spec.n, (const char *)spec.p,
             (int)what.n, (const char *)what.p);
    return text;
}

START_TEST(good_containers_give_the_key_that_others_see_in_them)
{
    FILE *in = vector_open("pkcs8.txt");
    struct vector v;
    int good = 0;

    while (vector_next(in, &v)) {
        enum kms_key_spec spec = der_spec(vector_get(&v, "spec"));
        KMS_AUTO(secret) material = NULL;
        KMS_AUTO(pkey) key = NULL;
        enum kms_rc rc;

        if (vector_get(&v, "ok").p[0] == 0)
            continue;
        good++;
        rc = kms_pkey_import_pkcs8(spec, vector_get(&v, "der"), &material, &key);
        ck_assert_msg(rc == KMS_OK, "%s: %s", title(&v), kms_err_note(rc));
        ck_assert_msg(kms_bytes_eq(kms_pkey_spki(key), vector_get(&v, "spki")), "%s",
                      title(&v));
        ck_assert(kms_pkey_private(key));
    }
    fclose(in);
    ck_assert_int_gt(good, 20);
}
END_TEST

START_TEST(bad_containers_are_refused_and_leave_nothing_behind)
{
    FILE *in = vector_open("pkcs8.txt");
    struct vector v;
    int bad = 0;

    while (vector_next(in, &v)) {
        struct kms_secret *material = NULL;
        struct kms_pkey *key = NULL;
        enum kms_rc rc;

        if (vector_get(&v, "ok").p[0] == 1)
            continue;
        bad++;
        rc = kms_pkey_import_pkcs8(der_spec(vector_get(&v, "spec")),
                                   vector_get(&v, "der"), &material, &key);
        ck_assert_msg(rc == KMS_E_INVALID_CIPHERTEXT, "%s: %d", title(&v), (int)rc);
        ck_assert_msg(kms_err_note(rc)[0] != '\0', "%s: no words for the log", title(&v));
        ck_assert_ptr_null(material);
        ck_assert_ptr_null(key);
    }
    fclose(in);
    ck_assert_int_gt(bad, 50);
}
END_TEST

/* Whether the container carries the public key, so that a changed scalar is noticed. */
static bool carries_public(struct kms_bytes der, struct kms_bytes spki)
{
    return memmem(der.p, der.n, spki.p + spki.n - 32, 32) != NULL;
}

/* No prefix is a key; with one byte changed it is refused or still the same public key.
 */
START_TEST(damaged_containers_never_pass_for_another_key)
{
    FILE *in = vector_open("pkcs8.txt");
    struct vector v;

    while (vector_next(in, &v)) {
        enum kms_key_spec spec = der_spec(vector_get(&v, "spec"));
        struct kms_bytes der = vector_get(&v, "der");
        uint8_t copy[512];

        if (vector_get(&v, "ok").p[0] == 0 || kms_spec_family(spec) == KMS_FAMILY_RSA)
            continue;
        for (size_t i = 0; i < der.n; i++) {
            KMS_AUTO(secret) material = NULL;
            KMS_AUTO(pkey) key = NULL;

            ck_assert_int_eq(kms_pkey_import_pkcs8(spec, (struct kms_bytes){der.p, i},
                                                   &material, &key),
                             KMS_E_INVALID_CIPHERTEXT);
            ck_assert_uint_le(der.n, sizeof copy);
            memcpy(copy, der.p, der.n);
            copy[i] ^= 0x11;
            if (kms_pkey_import_pkcs8(spec, (struct kms_bytes){copy, der.n}, &material,
                                      &key) != KMS_OK)
                continue;
            ck_assert_msg(!carries_public(der, vector_get(&v, "spki")) ||
                              kms_bytes_eq(kms_pkey_spki(key), vector_get(&v, "spki")),
                          "%s: byte %zu", title(&v), i);
        }
    }
    fclose(in);
}
END_TEST

START_TEST(a_key_of_one_spec_is_not_a_key_of_another)
{
    FILE *in = vector_open("pkcs8.txt");
    struct vector v;

    while (vector_next(in, &v)) {
        enum kms_key_spec own = der_spec(vector_get(&v, "spec"));

        if (vector_get(&v, "ok").p[0] == 0)
            continue;
        for (int s = 1; s < KMS_KEY_SPEC_COUNT; s++) {
            enum kms_key_spec spec = (enum kms_key_spec)s;
            struct kms_secret *material = NULL;
            struct kms_pkey *key = NULL;

            if (spec == own || kms_pkey_supported(spec) != KMS_OK ||
                kms_spec_family(spec) == KMS_FAMILY_ML_DSA)
                continue;
            ck_assert_int_eq(
                kms_pkey_import_pkcs8(spec, vector_get(&v, "der"), &material, &key),
                KMS_E_INVALID_CIPHERTEXT);
        }
    }
    fclose(in);
}
END_TEST

START_TEST(specs_without_import_say_so)
{
    static const uint8_t der[] = {0x30, 0};
    struct kms_secret *material = NULL;
    struct kms_pkey *key = NULL;

    ck_assert_int_eq(
        kms_pkey_import_pkcs8(KMS_KEY_SPEC_ML_DSA_65, KMS_BYTES(der), &material, &key),
        KMS_E_UNSUPPORTED_OPERATION);
    ck_assert_str_ne(kms_err_note(KMS_E_UNSUPPORTED_OPERATION), "");
    ck_assert_int_eq(
        kms_pkey_import_pkcs8(KMS_KEY_SPEC_HMAC_256, KMS_BYTES(der), &material, &key),
        KMS_E_UNSUPPORTED_OPERATION);
}
END_TEST

static Suite *import_suite(void)
{
    Suite *s = suite_create("pkey_import");
    TCase *t = tcase_create("import");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, good_containers_give_the_key_that_others_see_in_them);
    tcase_add_test(t, bad_containers_are_refused_and_leave_nothing_behind);
    tcase_add_test(t, damaged_containers_never_pass_for_another_key);
    tcase_add_test(t, a_key_of_one_spec_is_not_a_key_of_another);
    tcase_add_test(t, specs_without_import_say_so);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(import_suite());
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
