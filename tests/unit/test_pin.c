/* The PIN file of a token: random, private, one line. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/disk.h"
#include "common/pin.h"

static char top[64];   /* of the test: a directory of its own */
static char path[128]; /* in it: what at() made last */

static const char *at(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", top, name);
    return path;
}

static void setup(void)
{
    snprintf(top, sizeof top, "/tmp/kmsd-test-pin-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
}

static void teardown(void)
{
    static const char *const files[] = {"a", "b", "none", "long", "line"};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(at(files[i]));
    ck_assert_int_eq(rmdir(top), 0);
}

static void assert_note(enum kms_rc rc, const char *words)
{
    ck_assert_msg(strstr(kms_err_note(rc), words) != NULL, "\"%s\" is not in \"%s\"",
                  words, kms_err_note(rc));
}

START_TEST(a_pin_is_random_and_reads_back)
{
    KMS_AUTO(secret) made = NULL;
    KMS_AUTO(secret) other = NULL;
    KMS_AUTO(secret) read = NULL;

    ck_assert_int_eq(kms_pin_make(at("a"), &made), KMS_OK);
    ck_assert_int_eq(kms_pin_read(at("a"), &read), KMS_OK);
    ck_assert(kms_secret_equal(made, read));
    ck_assert_int_eq(kms_secret_view(made).n, 43);
    ck_assert_int_eq(kms_pin_make(at("b"), &other), KMS_OK);
    ck_assert(!kms_secret_equal(made, other));
}
END_TEST

START_TEST(a_pin_is_never_written_over_another)
{
    KMS_AUTO(secret) made = NULL;
    KMS_AUTO(secret) again = NULL;

    ck_assert_int_eq(kms_pin_make(at("a"), &made), KMS_OK);
    ck_assert_int_eq(kms_pin_make(at("a"), &again), KMS_E_IO);
    ck_assert_ptr_null(again);
}
END_TEST

START_TEST(a_pin_that_others_may_read_is_refused)
{
    KMS_AUTO(secret) pin = NULL;

    ck_assert_int_eq(kms_disk_make(at("a"), KMS_BYTES("1234"), 0640), KMS_OK);
    ck_assert_int_eq(kms_pin_read(at("a"), &pin), KMS_E_CONFIG);
    assert_note(KMS_E_CONFIG, "chmod 600");
}
END_TEST

START_TEST(a_pin_is_one_line_of_255_bytes_at_most)
{
    KMS_AUTO(secret) pin = NULL;
    uint8_t text[258];

    memset(text, 'x', sizeof text);
    text[255] = '\r';
    text[256] = '\n';
    ck_assert_int_eq(kms_disk_make(at("none"), (struct kms_bytes){text, 0}, 0600),
                     KMS_OK);
    ck_assert_int_eq(kms_disk_make(at("long"), KMS_BYTES(text), 0600), KMS_OK);
    ck_assert_int_eq(kms_disk_make(at("line"), (struct kms_bytes){text, 256}, 0600),
                     KMS_OK);
    ck_assert_int_eq(kms_pin_read(at("none"), &pin), KMS_E_CONFIG);
    ck_assert_int_eq(kms_pin_read(at("long"), &pin), KMS_E_CONFIG);
    ck_assert_int_eq(kms_pin_read(at("absent"), &pin), KMS_E_CONFIG);
    ck_assert_int_eq(kms_pin_read(at("line"), &pin), KMS_OK);
    ck_assert_int_eq(kms_secret_view(pin).n, 255);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pin");
    TCase *tc = tcase_create("pin");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_pin_is_random_and_reads_back);
    tcase_add_test(tc, a_pin_is_never_written_over_another);
    tcase_add_test(tc, a_pin_that_others_may_read_is_refused);
    tcase_add_test(tc, a_pin_is_one_line_of_255_bytes_at_most);
    suite_add_tcase(s, tc);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
