#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "signed.h"

static struct kms_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
}

static void teardown(void)
{
    kms_arena_free(arena);
}

static enum kms_rc verify(struct signed_request *m, int64_t at)
{
    struct kms_signature s;
    enum kms_rc rc = kms_signature_parse(&m->request, arena, &s);

    return rc != KMS_OK ? rc
                        : kms_signature_verify(&s, &m->request, m->signer, at, arena);
}

static bool says(enum kms_rc rc, const char *words)
{
    return strstr(kms_err_note(rc), words) != NULL;
}

START_TEST(a_good_signature_is_good_within_a_quarter_of_an_hour)
{
    const int64_t at = signed_at(TIME), minute = 60 * 1000;
    struct signed_request m;
    enum kms_rc rc;

    signed_make(&m, arena);
    ck_assert_int_eq(verify(&m, at), KMS_OK);
    ck_assert_int_eq(verify(&m, at + 15 * minute), KMS_OK);
    ck_assert_int_eq(verify(&m, at - 15 * minute), KMS_OK);
    rc = verify(&m, at + 15 * minute + 1000);
    ck_assert_int_eq(rc, KMS_E_SIGV4_SIGNATURE);
    ck_assert(says(rc, "Signature expired: " TIME " is now earlier than 20261124T025156Z "
                       "(20261124T030656Z - 15 min.)"));
    rc = verify(&m, at - 15 * minute - 1000);
    ck_assert_int_eq(rc, KMS_E_SIGV4_SIGNATURE);
    ck_assert(says(rc, "Signature not yet current: " TIME " is still later than "
                       "20261124T025154Z (20261124T023654Z + 15 min.)"));
    kms_signer_free(m.signer);
}
END_TEST

START_TEST(any_change_of_what_was_signed_is_found)
{
    for (int what = 0; what < 9; what++) {
        struct signed_request m;
        enum kms_rc rc;

        signed_make(&m, arena);
        switch (what) {
        case 0:
            m.request.body = KMS_BYTES("{ }");
            break;
        case 1:
            m.headers[3].value = KMS_LIT("TrentService.Decrypt");
            break;
        case 2:
            m.headers[0].value = KMS_LIT("kms.example");
            break;
        case 3:
            m.headers[1].value = KMS_LIT("application/json");
            break;
        case 4:
            m.request.method = KMS_LIT("GET");
            break;
        case 5:
            m.request.query = KMS_LIT("a=b");
            break;
        case 6:
            m.request.path = KMS_LIT("/x");
            break;
        case 7:
            m.authorization[strlen(m.authorization) - 1] ^= 1;
            break;
        default:
            kms_signer_free(m.signer);
            signed_signer("another secret", &m.signer);
        }
        rc = verify(&m, signed_at(TIME));
        ck_assert_msg(rc == KMS_E_SIGV4_SIGNATURE, "%d: %s", what, kms_rc_info(rc)->id);
        ck_assert(says(rc, "The request signature we calculated does not match"));
        kms_signer_free(m.signer);
    }
}
END_TEST

START_TEST(what_gives_a_request_its_meaning_has_to_be_signed)
{
    static const struct {
        const char *list;
        enum kms_rc rc;
        const char *words;
    } cases[] = {
        {"content-type;x-amz-date;x-amz-target", KMS_E_SIGV4_SIGNATURE, "'Host'"},
        {"content-type;host;x-amz-target", KMS_E_SIGV4_SIGNATURE, "'X-Amz-Date'"},
        {"content-type;host;x-amz-date", KMS_E_SIGV4_SIGNATURE, "'X-Amz-Target'"},
        {"host;content-type;x-amz-date;x-amz-target", KMS_E_INCOMPLETE_SIGNATURE,
         "in order"},
        {"content-type;host;host;x-amz-date;x-amz-target", KMS_E_INCOMPLETE_SIGNATURE,
         ""},
        {"Content-Type;host;x-amz-date;x-amz-target", KMS_E_INCOMPLETE_SIGNATURE, ""},
        {";host;x-amz-date;x-amz-target", KMS_E_INCOMPLETE_SIGNATURE, ""},
        {"host;x-amz-date;x-amz-target;", KMS_E_INCOMPLETE_SIGNATURE, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct signed_request m;
        enum kms_rc rc;

        signed_make(&m, arena);
        signed_sign(&m, cases[i].list, arena);
        rc = verify(&m, signed_at(TIME));
        ck_assert_msg(rc == cases[i].rc && says(rc, cases[i].words), "%s: %s",
                      cases[i].list, kms_err_note(rc));
        kms_signer_free(m.signer);
    }
}
END_TEST

START_TEST(a_date_that_is_none_or_another_day_is_refused)
{
    static const struct {
        const char *time;
        enum kms_rc rc;
    } cases[] = {{"20261125T025155Z", KMS_E_SIGV4_SIGNATURE},
                 {"2026-11-24T02:51:55Z", KMS_E_INCOMPLETE_SIGNATURE},
                 {"20261124T025155", KMS_E_INCOMPLETE_SIGNATURE},
                 {"20261124T996199Z", KMS_E_INCOMPLETE_SIGNATURE},
                 {"", KMS_E_INCOMPLETE_SIGNATURE}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct signed_request m;

        signed_make(&m, arena);
        m.headers[2].value = kms_str_of(cases[i].time);
        signed_sign(&m, LIST, arena);
        ck_assert_int_eq(verify(&m, signed_at(TIME)), cases[i].rc);
        kms_signer_free(m.signer);
    }
}
END_TEST

/* --- the parts of presigned requests ---------------------------------------------------
 */

#define QUERY                                                                            \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261124%2Fus-"     \
    "east-1"                                                                             \
    "%2Fkms%2Faws4_request&X-Amz-Date=" TIME "&X-Amz-SignedHeaders=host"

static const struct {
    const char *query;
    enum kms_rc rc;
} presigned[] = {
    {QUERY "&X-Amz-Expires=60&X-Amz-Signature=00", KMS_OK},
    {QUERY "&X-Amz-Signature=00", KMS_E_INCOMPLETE_SIGNATURE},
    {QUERY "&X-Amz-Expires=0&X-Amz-Signature=00", KMS_E_INCOMPLETE_SIGNATURE},
    {QUERY "&X-Amz-Expires=604801&X-Amz-Signature=00", KMS_E_INCOMPLETE_SIGNATURE},
    {QUERY "&X-Amz-Expires=99999999999999999999&X-Amz-Signature=00",
     KMS_E_INCOMPLETE_SIGNATURE},
    {QUERY "&X-Amz-Expires=6o&X-Amz-Signature=00", KMS_E_INCOMPLETE_SIGNATURE},
    {QUERY "&X-Amz-Expires=60", KMS_E_INCOMPLETE_SIGNATURE},
    {"X-Amz-Algorithm=AWS4-HMAC-SHA1", KMS_E_INCOMPLETE_SIGNATURE},
};

START_TEST(a_presigned_request_has_all_its_parts)
{
    const struct kms_request r = {.method = KMS_LIT("POST"),
                                  .path = KMS_LIT("/"),
                                  .query = kms_str_of(presigned[_i].query)};
    struct kms_signature s;

    ck_assert(kms_signature_there(&r));
    ck_assert_int_eq(kms_signature_parse(&r, arena, &s), presigned[_i].rc);
}
END_TEST

START_TEST(a_presigned_request_lasts_as_long_as_it_says)
{
    struct kms_signature s = {.credential = {.date = KMS_LIT("20261124"),
                                             .region = KMS_LIT("us-east-1"),
                                             .service = KMS_LIT("kms"),
                                             .scope = KMS_LIT(SCOPE),
                                             .signed_headers = KMS_LIT("host")},
                              .time = KMS_LIT(TIME),
                              .presigned = true,
                              .expires_s = 3600};
    struct signed_request m;
    uint8_t mac[32], digest[KMS_SHA256_LEN];
    KMS_AUTO_BUF canonical = {0};
    KMS_AUTO_BUF text = {0};
    char payload[65], hex[65];

    signed_make(&m, arena);
    m.request.n_headers = 1;
    m.request.query = KMS_LIT(QUERY "&X-Amz-Expires=3600&X-Amz-Signature=ff");
    ck_assert_int_eq(kms_sha256(m.request.body, digest), KMS_OK);
    kms_hex_encode(digest, sizeof digest, payload);
    ck_assert_int_eq(
        kms_canonical_request(&m.request, KMS_LIT("host"), payload, arena, &canonical),
        KMS_OK);
    ck_assert_int_eq(
        kms_signature_string(s.time, s.credential.scope, kms_buf_view(&canonical), &text),
        KMS_OK);
    ck_assert_int_eq(kms_signer_sign(m.signer, &s.credential, kms_buf_view(&text), mac),
                     KMS_OK);
    kms_hex_encode(mac, sizeof mac, hex);
    s.credential.signature = kms_str_of(hex);
    ck_assert_int_eq(kms_signature_verify(&s, &m.request, m.signer,
                                          signed_at(TIME) + 3600 * 1000, arena),
                     KMS_OK);
    ck_assert_int_eq(kms_signature_verify(&s, &m.request, m.signer,
                                          signed_at(TIME) + 3601 * 1000, arena),
                     KMS_E_SIGV4_SIGNATURE);
    kms_signer_free(m.signer);
}
END_TEST

START_TEST(two_signatures_are_one_too_many)
{
    struct signed_request m;

    signed_make(&m, arena);
    m.request.query = KMS_LIT(QUERY "&X-Amz-Expires=60&X-Amz-Signature=00");
    ck_assert_int_eq(verify(&m, signed_at(TIME)), KMS_E_INCOMPLETE_SIGNATURE);
    kms_signer_free(m.signer);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sigv4");
    TCase *t = tcase_create("sigv4");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_good_signature_is_good_within_a_quarter_of_an_hour);
    tcase_add_test(t, any_change_of_what_was_signed_is_found);
    tcase_add_test(t, what_gives_a_request_its_meaning_has_to_be_signed);
    tcase_add_test(t, a_date_that_is_none_or_another_day_is_refused);
    tcase_add_loop_test(t, a_presigned_request_has_all_its_parts, 0,
                        sizeof presigned / sizeof presigned[0]);
    tcase_add_test(t, a_presigned_request_lasts_as_long_as_it_says);
    tcase_add_test(t, two_signatures_are_one_too_many);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
