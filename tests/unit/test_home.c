/*
 * An installation: made whole or not at all, opened by one process, refused when it is
 * not what it should be. Needs SoftHSM2.
 */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "common/disk.h"
#include "common/home_pki.h"
#include "common/home_token.h"
#include "common/pin.h"

static char top[64];   /* of the test: a directory of its own */
static char data[96];  /* in it: where the installation goes */
static char path[256]; /* what at() made last */

static const char *at(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", data, name);
    return path;
}

static void setup(void)
{
    unsetenv("CREDENTIALS_DIRECTORY");
    snprintf(top, sizeof top, "/tmp/kmsd-test-home-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(data, sizeof data, "%s/data", top);
}

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(name);
}

static void remove_tree(const char *name)
{
    ck_assert_int_eq(nftw(name, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void teardown(void)
{
    remove_tree(top);
}

static struct kms_home_opts opts_of(const char *profile)
{
    return (struct kms_home_opts){.data = data, .profile = profile};
}

static void make(const char *profile)
{
    struct kms_home_opts opts = opts_of(profile);
    enum kms_rc rc = kms_home_make(&opts);

    ck_assert_msg(rc == KMS_OK, "%s", kms_err_note(rc));
}

static void assert_note(enum kms_rc rc, const char *words)
{
    ck_assert_msg(strstr(kms_err_note(rc), words) != NULL, "\"%s\" is not in \"%s\"",
                  words, kms_err_note(rc));
}

static void assert_mode(const char *name, mode_t mode)
{
    struct stat st;

    ck_assert_int_eq(stat(name, &st), 0);
    ck_assert_msg((st.st_mode & 07777) == mode, "%s has mode %04o", name,
                  (unsigned)st.st_mode & 07777);
}

static enum kms_rc open_home(const char *profile)
{
    struct kms_home_opts opts = opts_of(profile);
    KMS_AUTO(home) home = NULL;

    return kms_home_open(&opts, &home);
}

START_TEST(what_was_made_opens_again_and_again)
{
    ck_assert(!kms_home_exists(data));
    make("dev");
    ck_assert(kms_home_exists(data));
    assert_mode(data, 0700);
    assert_mode(at("pin"), 0600);
    assert_mode(at("kmsd.db"), 0600);
    for (int i = 0; i < 3; i++) {
        enum kms_rc rc = open_home("dev");

        ck_assert_msg(rc == KMS_OK, "%s", kms_err_note(rc));
    }
}
END_TEST

START_TEST(a_server_is_made_after_a_fresh_process_opened_the_canary)
{
    make("server");
    ck_assert_int_eq(open_home("server"), KMS_OK);
}
END_TEST

START_TEST(the_canary_of_another_key_is_not_believed)
{
    struct kms_home_opts opts = opts_of("server");
    KMS_AUTO(token) token = NULL;
    uint8_t first[KMS_KEK_ID_LEN], second[KMS_KEK_ID_LEN];

    make("server");
    ck_assert_int_eq(kms_home_token_open(&opts, &token), KMS_OK);
    ck_assert_int_eq(kms_token_kek_new(token, first), KMS_OK);
    ck_assert_int_eq(kms_token_kek_new(token, second), KMS_OK);
    ck_assert_int_eq(kms_token_kek_use(token, first), KMS_OK);
    ck_assert_int_eq(kms_canary_prove(&opts, token, first), KMS_OK);
    ck_assert_int_eq(kms_canary_prove(&opts, token, second), KMS_E_TOKEN);
    assert_note(KMS_E_TOKEN, "fresh process");
}
END_TEST

START_TEST(the_other_profile_is_refused)
{
    make("dev");
    ck_assert_int_ne(open_home("server"), KMS_OK);
    ck_assert_int_eq(open_home("dev"), KMS_OK);
}
END_TEST

START_TEST(making_again_changes_nothing)
{
    struct kms_home_opts opts = opts_of("dev");
    struct stat before, after;

    make("dev");
    ck_assert_int_eq(stat(at("pin"), &before), 0);
    ck_assert_int_eq(kms_home_make(&opts), KMS_E_CONFIG);
    assert_note(KMS_E_CONFIG, "nothing was changed");
    ck_assert_int_eq(stat(at("pin"), &after), 0);
    ck_assert(before.st_ino == after.st_ino);
    ck_assert_int_eq(open_home("dev"), KMS_OK);
}
END_TEST

START_TEST(one_process_at_a_time_has_an_installation)
{
    struct kms_home_opts opts = opts_of("dev");
    KMS_AUTO(home) home = NULL;
    char pid[32];

    make("dev");
    ck_assert_int_eq(kms_home_open(&opts, &home), KMS_OK);
    ck_assert_int_eq(open_home("dev"), KMS_E_BUSY);
    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_note(KMS_E_BUSY, pid);
    kms_home_free(KMS_TAKE(home));
    ck_assert_int_eq(open_home("dev"), KMS_OK);
}
END_TEST

START_TEST(a_failed_making_names_what_it_left_and_can_be_repeated)
{
    struct kms_home_opts opts = opts_of("dev");
    enum kms_rc rc;

    kms_fault_arm(KMS_FAULT_TOKEN_SEAL, 1);
    rc = kms_home_make(&opts);
    kms_fault_arm(KMS_FAULT_TOKEN_SEAL, 0);
    ck_assert_int_eq(rc, KMS_E_TOKEN);
    assert_note(rc, at("pin"));
    assert_note(rc, at("token"));
    ck_assert(!kms_home_exists(data));
    ck_assert_int_eq(kms_home_make(&opts), KMS_E_CONFIG);
    assert_note(KMS_E_CONFIG, "did not finish");
    ck_assert_int_eq(unlink(at("pin")), 0);
    remove_tree(at("token"));
    make("dev");
    ck_assert_int_eq(open_home("dev"), KMS_OK);
}
END_TEST

START_TEST(a_directory_that_others_may_write_is_refused)
{
    make("dev");
    ck_assert_int_eq(chmod(data, 0770), 0);
    ck_assert_int_eq(open_home("dev"), KMS_E_CONFIG);
    assert_note(KMS_E_CONFIG, "chmod 700");
}
END_TEST

START_TEST(without_a_database_opening_says_how_to_make_one)
{
    ck_assert_int_eq(open_home("dev"), KMS_E_CONFIG);
    assert_note(KMS_E_CONFIG, "kmsctl init");
    ck_assert_int_eq(mkdir(data, 0700), 0);
    ck_assert_int_eq(open_home("dev"), KMS_E_CONFIG);
    assert_note(KMS_E_CONFIG, "kmsctl init");
}
END_TEST

START_TEST(another_token_of_the_same_pin_does_not_open_it)
{
    char moved[128];

    make("dev");
    snprintf(moved, sizeof moved, "%s/old.db", top);
    ck_assert_int_eq(rename(at("kmsd.db"), moved), 0);
    remove_tree(at("token"));
    ck_assert_int_eq(unlink(at("pin")), 0);
    make("dev");
    ck_assert_int_eq(rename(moved, at("kmsd.db")), 0);
    ck_assert_int_eq(open_home("dev"), KMS_E_TOKEN);
}
END_TEST

START_TEST(a_short_pin_is_refused_for_softhsm)
{
    struct kms_home_opts opts = opts_of("dev");
    char pin[128];

    snprintf(pin, sizeof pin, "%s/pin", top);
    opts.pin_file = pin;
    ck_assert_int_eq(kms_disk_make(pin, KMS_BYTES("12345678"), 0600), KMS_OK);
    ck_assert_int_eq(kms_home_make(&opts), KMS_E_CONFIG);
    assert_note(KMS_E_CONFIG, "too short");
    ck_assert(!kms_home_exists(data));
}
END_TEST

START_TEST(a_systemd_credential_is_the_pin)
{
    KMS_AUTO(secret) pin = NULL;
    char file[128];

    snprintf(file, sizeof file, "%s/pin", top);
    ck_assert_int_eq(kms_pin_make(file, &pin), KMS_OK);
    ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", top, 1), 0);
    make("server");
    ck_assert(!kms_disk_exists(at("pin")));
    ck_assert_int_eq(open_home("server"), KMS_OK);
    ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    ck_assert_int_eq(open_home("server"), KMS_E_CONFIG);
}
END_TEST

/* --- certificates --------------------------------------------------------------------
 */

static const struct kms_home_names names = {.account = "111122223333", .client = "alice"};

START_TEST(the_pki_appears_whole_and_once)
{
    static const char *const keys[] = {"pki/ca.key", "pki/server.key", "pki/client.key"};
    static const char *const pems[] = {"pki/ca.pem", "pki/server.pem", "pki/client.pem",
                                       "pki/crl.pem"};

    ck_assert_int_eq(mkdir(data, 0700), 0);
    ck_assert_int_eq(kms_home_make_pki(data, &names), KMS_OK);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_mode(at(keys[i]), 0600);
    for (size_t i = 0; i < sizeof pems / sizeof pems[0]; i++)
        assert_mode(at(pems[i]), 0644);
    ck_assert(!kms_disk_exists(at("pki.new")));
    ck_assert_int_eq(kms_home_make_pki(data, &names), KMS_E_CONFIG);
    assert_note(KMS_E_CONFIG, "nothing was changed");
}
END_TEST

START_TEST(a_client_gets_files_of_its_own_and_never_those_of_another)
{
    static const char *const bad[] = {"", ".x", "-x", "a/b", "a b", "..", "x\n"};

    ck_assert_int_eq(mkdir(data, 0700), 0);
    ck_assert_int_eq(kms_home_make_pki(data, &names), KMS_OK);
    ck_assert_int_eq(kms_home_issue_client(data, names.account, "bob"), KMS_OK);
    assert_mode(at("pki/bob.key"), 0600);
    ck_assert_int_eq(kms_home_issue_client(data, names.account, "bob"), KMS_E_CONFIG);
    ck_assert_int_eq(kms_home_issue_client(data, names.account, "ca"), KMS_E_CONFIG);
    ck_assert_int_eq(kms_home_issue_client(data, names.account, "server"), KMS_E_CONFIG);
    ck_assert_int_eq(kms_home_issue_client(data, names.account, "crl"), KMS_E_CONFIG);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(kms_home_issue_client(data, names.account, bad[i]),
                         KMS_E_CONFIG);
    ck_assert(!kms_disk_exists(at("pki/crl.key")));
}
END_TEST

START_TEST(names_that_no_certificate_can_have_leave_nothing)
{
    static const char *const ip[] = {"not-an-address", NULL};
    const struct kms_home_names wrong = {
        .account = "111122223333", .client = "alice", .ip = ip};

    ck_assert_int_eq(mkdir(data, 0700), 0);
    ck_assert_int_eq(kms_home_make_pki(data, &wrong), KMS_E_CONFIG);
    ck_assert(!kms_disk_exists(at("pki")));
    ck_assert(!kms_disk_exists(at("pki.new")));
    ck_assert_int_eq(kms_home_make_pki(data, &names), KMS_OK);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("home");
    TCase *making = tcase_create("making"), *pki = tcase_create("pki");

    tcase_set_timeout(making, 60);
    tcase_add_checked_fixture(making, setup, teardown);
    tcase_add_checked_fixture(pki, setup, teardown);
    tcase_add_test(making, what_was_made_opens_again_and_again);
    tcase_add_test(making, a_server_is_made_after_a_fresh_process_opened_the_canary);
    tcase_add_test(making, the_canary_of_another_key_is_not_believed);
    tcase_add_test(making, the_other_profile_is_refused);
    tcase_add_test(making, making_again_changes_nothing);
    tcase_add_test(making, one_process_at_a_time_has_an_installation);
    tcase_add_test(making, a_failed_making_names_what_it_left_and_can_be_repeated);
    tcase_add_test(making, a_directory_that_others_may_write_is_refused);
    tcase_add_test(making, without_a_database_opening_says_how_to_make_one);
    tcase_add_test(making, another_token_of_the_same_pin_does_not_open_it);
    tcase_add_test(making, a_short_pin_is_refused_for_softhsm);
    tcase_add_test(making, a_systemd_credential_is_the_pin);
    tcase_add_test(pki, the_pki_appears_whole_and_once);
    tcase_add_test(pki, a_client_gets_files_of_its_own_and_never_those_of_another);
    tcase_add_test(pki, names_that_no_certificate_can_have_leave_nothing);
    suite_add_tcase(s, making);
    suite_add_tcase(s, pki);
    return s;
}

int main(int argc, char **argv)
{
    SRunner *runner;
    int failed;

    /* Started by kms_canary_prove: this program plays kmsctl. */
    if (argc > 2 && strcmp(argv[1], "token") == 0)
        _exit(kms_canary_main(argc - 2, argv + 2));
    runner = srunner_create(suite());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
