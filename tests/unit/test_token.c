#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "support/p11.h"
#include "support/token.h"

static struct spare_token spare;

static const struct kms_bytes other_aad = {(const uint8_t *)"whose it is not", 15};

static void setup(void)
{
    spare_token_make(&spare);
}

static void teardown(void)
{
    spare_token_free(&spare);
}

START_TEST(what_is_sealed_unseals)
{
    static const size_t sizes[] = {1, 15, 16, 32, 64, 2400, 16384};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        KMS_AUTO(secret) s = spare_secret(sizes[i]);
        KMS_AUTO(secret) back = NULL;
        KMS_AUTO_BUF sealed = {0};

        spare_seal(&spare, s, &sealed);
        ck_assert_uint_eq(sealed.n, sizes[i] + 12 + 16);
        ck_assert_int_eq(
            kms_token_unseal(spare.token, spare_aad, kms_buf_view(&sealed), &back),
            KMS_OK);
        ck_assert(kms_secret_equal(s, back));
    }
    ck_assert(kms_token_healthy(spare.token));
}
END_TEST

START_TEST(the_same_secret_is_sealed_differently_each_time)
{
    KMS_AUTO(secret) s = spare_secret(32);
    KMS_AUTO_BUF a = {0};
    KMS_AUTO_BUF b = {0};

    spare_seal(&spare, s, &a);
    spare_seal(&spare, s, &b);
    ck_assert_mem_ne(a.p, b.p, 12);
    ck_assert_mem_ne(a.p + 12, b.p + 12, 32);
}
END_TEST

START_TEST(what_is_damaged_or_named_otherwise_does_not_unseal)
{
    KMS_AUTO(secret) s = spare_secret(32);
    KMS_AUTO_BUF sealed = {0};

    spare_seal(&spare, s, &sealed);
    ck_assert_int_eq(spare_opens(&spare, other_aad, kms_buf_view(&sealed)), KMS_E_TOKEN);
    for (size_t i = 0; i < sealed.n; i++) {
        sealed.p[i] ^= 0x10;
        ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)),
                         KMS_E_TOKEN);
        sealed.p[i] ^= 0x10;
    }
    for (size_t n = 0; n < sealed.n; n++)
        ck_assert_int_eq(spare_opens(&spare, spare_aad, (struct kms_bytes){sealed.p, n}),
                         KMS_E_TOKEN);
    /* Refusals say nothing against the token. */
    ck_assert(kms_token_healthy(spare.token));
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_OK);
}
END_TEST

START_TEST(the_token_refuses_everything_that_the_self_test_tries)
{
    ck_assert_msg(kms_token_selftest(spare.token) == KMS_OK, "%s",
                  kms_err_note(KMS_E_TOKEN));
    /* And is as good as before. */
    ck_assert_int_eq(kms_token_selftest(spare.token), KMS_OK);
    spare_token_reopen(&spare);
    ck_assert_int_eq(kms_token_selftest(spare.token), KMS_OK);
}
END_TEST

static const struct {
    CK_ATTRIBUTE_TYPE odd;
    CK_BBOOL value;
    bool any_mechanism;
    const char *says;
} bad_keys[] = {
    {CKA_EXTRACTABLE, CK_TRUE, false, "CKA_EXTRACTABLE"},
    {CKA_SENSITIVE, CK_FALSE, false, "CKA_SENSITIVE"},
    {CKA_MODIFIABLE, CK_TRUE, false, "CKA_MODIFIABLE"},
    {CKA_WRAP, CK_TRUE, false, "CKA_WRAP"},
    {CKA_UNWRAP, CK_TRUE, false, "CKA_UNWRAP"},
    {CKA_DERIVE, CK_TRUE, false, "CKA_DERIVE"},
    {CKA_SIGN, CK_TRUE, false, "CKA_SIGN"},
    {CKA_TOKEN, CK_TRUE, true, "other mechanisms"},
};

START_TEST(the_self_test_names_what_a_weaker_key_permits)
{
    const uint8_t id[KMS_KEK_ID_LEN] = "a weaker key";

    raw_bad_key(id, bad_keys[_i].odd, bad_keys[_i].value, bad_keys[_i].any_mechanism);
    ck_assert_int_eq(kms_token_kek_use(spare.token, id), KMS_OK);
    ck_assert_int_eq(kms_token_selftest(spare.token), KMS_E_TOKEN);
    ck_assert_msg(strstr(kms_err_note(KMS_E_TOKEN), bad_keys[_i].says) != NULL, "%s",
                  kms_err_note(KMS_E_TOKEN));
}
END_TEST

/* SoftHSM2 copies only modifiable keys: the way of a token that copies ours. */
START_TEST(a_session_copy_serves_where_the_token_makes_one)
{
    const uint8_t id[KMS_KEK_ID_LEN] = "a copied key";
    KMS_AUTO(secret) s = spare_secret(32);
    KMS_AUTO_BUF sealed = {0};

    raw_bad_key(id, CKA_MODIFIABLE, CK_TRUE, false);
    ck_assert_int_eq(kms_token_kek_use(spare.token, id), KMS_OK);
    spare_seal(&spare, s, &sealed);
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_OK);
    spare_token_reopen(&spare);
    ck_assert_int_eq(kms_token_kek_use(spare.token, id), KMS_OK);
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_OK);
}
END_TEST

START_TEST(the_sealing_key_is_found_by_its_id_alone)
{
    const uint8_t none[KMS_KEK_ID_LEN] = {1};
    KMS_AUTO(secret) s = spare_secret(32);
    KMS_AUTO_BUF sealed = {0};
    uint8_t second[KMS_KEK_ID_LEN];

    ck_assert_int_eq(kms_token_kek_use(spare.token, none), KMS_E_TOKEN);
    ck_assert(strstr(kms_err_note(KMS_E_TOKEN), "01000000") != NULL);
    ck_assert_int_eq(kms_token_seal(spare.token, spare_aad, s, &sealed), KMS_E_TOKEN);
    /* Another sealing key opens nothing of the first. */
    ck_assert_int_eq(kms_token_kek_use(spare.token, spare.kek_id), KMS_OK);
    spare_seal(&spare, s, &sealed);
    ck_assert_int_eq(kms_token_kek_new(spare.token, second), KMS_OK);
    ck_assert_mem_ne(second, spare.kek_id, sizeof second);
    ck_assert_int_eq(kms_token_kek_use(spare.token, second), KMS_OK);
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_E_TOKEN);
    ck_assert_int_eq(kms_token_kek_use(spare.token, spare.kek_id), KMS_OK);
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_OK);
}
END_TEST

START_TEST(two_keys_with_one_id_are_refused)
{
    raw_bad_key(spare.kek_id, CKA_TOKEN, CK_TRUE, false);
    ck_assert_int_eq(kms_token_kek_use(spare.token, spare.kek_id), KMS_E_TOKEN);
    ck_assert(strstr(kms_err_note(KMS_E_TOKEN), "more than one") != NULL);
}
END_TEST

START_TEST(armed_faults_fail_once)
{
    KMS_AUTO(secret) s = spare_secret(32);
    KMS_AUTO_BUF sealed = {0};

    kms_fault_arm(KMS_FAULT_TOKEN_SEAL, 1);
    ck_assert_int_eq(kms_token_seal(spare.token, spare_aad, s, &sealed), KMS_E_TOKEN);
    ck_assert_uint_eq(sealed.n, 0);
    spare_seal(&spare, s, &sealed);
    kms_fault_arm(KMS_FAULT_TOKEN_UNSEAL, 2);
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_OK);
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_E_TOKEN);
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_OK);
}
END_TEST

START_TEST(a_description_names_token_and_library)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_str text;

    ck_assert_int_eq(kms_arena_new(&a), KMS_OK);
    ck_assert_int_eq(kms_token_describe(spare.token, a, &text), KMS_OK);
    ck_assert(kms_str_starts(text, "SoftHSM project, SoftHSM v2, library 2."));
}
END_TEST

START_TEST(a_wrong_pin_label_or_module_says_so)
{
    KMS_AUTO(secret) wrong = NULL;
    struct kms_token_opts opts = spare_token_opts(&spare);
    struct kms_token *t;

    kms_token_free(spare.token);
    spare.token = NULL;
    ck_assert_int_eq(kms_secret_copy(kms_bytes_of_str(KMS_LIT("swordfish")), &wrong),
                     KMS_OK);
    opts.pin = wrong;
    ck_assert_int_eq(kms_token_open(&opts, &t), KMS_E_CONFIG);
    ck_assert(strstr(kms_err_note(KMS_E_CONFIG), "CKR_PIN_INCORRECT") != NULL);
    ck_assert(strstr(kms_err_note(KMS_E_CONFIG), "swordfish") == NULL);
    opts = spare_token_opts(&spare);
    opts.label = "another";
    ck_assert_int_eq(kms_token_open(&opts, &t), KMS_E_CONFIG);
    ck_assert(strstr(kms_err_note(KMS_E_CONFIG), "\"another\"") != NULL);
    opts.label = "a label of more than thirty-two bytes";
    ck_assert_int_eq(kms_token_open(&opts, &t), KMS_E_CONFIG);
    opts = spare_token_opts(&spare);
    opts.module = "/nonexistent/module.so";
    ck_assert_int_eq(kms_token_open(&opts, &t), KMS_E_CONFIG);
    ck_assert(strstr(kms_err_note(KMS_E_CONFIG), "/nonexistent/module.so") != NULL);
    /* A label names one token. */
    opts = spare_token_opts(&spare);
    ck_assert_int_eq(kms_token_init(&opts), KMS_E_CONFIG);
    ck_assert(strstr(kms_err_note(KMS_E_CONFIG), "already") != NULL);
}
END_TEST

static void move_away(const char *dir, bool back)
{
    char from[96], to[96];

    snprintf(from, sizeof from, "%s/token", dir);
    snprintf(to, sizeof to, "%s/elsewhere", dir);
    ck_assert_int_eq(back ? rename(to, from) : rename(from, to), 0);
}

START_TEST(the_directory_is_private_and_may_be_moved)
{
    KMS_AUTO(secret) s = spare_secret(32);
    KMS_AUTO_BUF sealed = {0};
    char path[96];
    struct stat st;

    spare_seal(&spare, s, &sealed);
    kms_token_free(spare.token);
    spare.token = NULL;
    move_away(spare.dir, false);
    snprintf(path, sizeof path, "%s/elsewhere", spare.dir);
    ck_assert_int_eq(kms_token_softhsm_dir(path), KMS_OK);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
    snprintf(path, sizeof path, "%s/elsewhere/softhsm2.conf", spare.dir);
    ck_assert_str_eq(getenv("SOFTHSM2_CONF"), path);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(kms_token_open(&(struct kms_token_opts){kms_token_default_module(),
                                                             "kmsd", spare.pin},
                                    &spare.token),
                     KMS_OK);
    ck_assert_int_eq(kms_token_kek_use(spare.token, spare.kek_id), KMS_OK);
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_OK);
    /* SoftHSM2 would read another path than this one out of its configuration. */
    snprintf(path, sizeof path, "%s/a=b", spare.dir);
    ck_assert_int_eq(kms_token_softhsm_dir(path), KMS_E_CONFIG);
    rmdir(path);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("token");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed;

    if (!spare_token_possible()) {
        puts("SoftHSM2 is not installed");
        return 77;
    }
    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_is_sealed_unseals);
    tcase_add_test(t, the_same_secret_is_sealed_differently_each_time);
    tcase_add_test(t, what_is_damaged_or_named_otherwise_does_not_unseal);
    tcase_add_test(t, the_token_refuses_everything_that_the_self_test_tries);
    tcase_add_loop_test(t, the_self_test_names_what_a_weaker_key_permits, 0,
                        sizeof bad_keys / sizeof bad_keys[0]);
    tcase_add_test(t, a_session_copy_serves_where_the_token_makes_one);
    tcase_add_test(t, the_sealing_key_is_found_by_its_id_alone);
    tcase_add_test(t, two_keys_with_one_id_are_refused);
    tcase_add_test(t, armed_faults_fail_once);
    tcase_add_test(t, a_description_names_token_and_library);
    tcase_add_test(t, a_wrong_pin_label_or_module_says_so);
    tcase_add_test(t, the_directory_is_private_and_may_be_moved);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
