#include <check.h>
#include <stdlib.h>

#include "authn/principal.h"
#include "authn/scope.h"

#define SIGNED "SignedHeaders=host;x-amz-date, Signature=abc"
#define ALICE "arn:aws:iam::111122223333:user/alice"

static void ck_str(struct kms_str s, const char *z)
{
    ck_assert_msg(kms_str_is(s, z), "'%.*s' is not '%s'", KMS_FMT(s), z);
}

START_TEST(a_credential_is_split_into_its_parts)
{
    struct kms_credential c;

    ck_assert_int_eq(kms_credential_parse(
                         KMS_LIT("AWS4-HMAC-SHA256 Credential=AKID/20261124/eu-west-1/"
                                 "kms/aws4_request, " SIGNED),
                         &c),
                     KMS_OK);
    ck_str(c.access_key_id, "AKID");
    ck_str(c.region, "eu-west-1");
    ck_str(c.signed_headers, "host;x-amz-date");
    ck_str(c.signature, "abc");
}
END_TEST

static const struct {
    const char *header;
    enum kms_rc rc;
} bad_credentials[] = {
    {"", KMS_E_INCOMPLETE_SIGNATURE},
    {"Basic dXNlcjpwdw==", KMS_E_INCOMPLETE_SIGNATURE},
    {"AWS4-HMAC-SHA256 " SIGNED, KMS_E_INCOMPLETE_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=AKID, " SIGNED, KMS_E_INCOMPLETE_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/kms/aws4, " SIGNED,
     KMS_E_SIGV4_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=AKID/20261124/us east/kms/aws4_request, " SIGNED,
     KMS_E_SIGV4_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/kms/aws4_request/x, " SIGNED,
     KMS_E_INCOMPLETE_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/kms/aws4_request, "
     "Signature=b, " SIGNED,
     KMS_E_INCOMPLETE_SIGNATURE},
    {"AWS4-HMAC-SHA512 Credential=AKID/20261124/us-east-1/kms/aws4_request, " SIGNED,
     KMS_E_INCOMPLETE_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=A\"K/20261124/us-east-1/kms/aws4_request, " SIGNED,
     KMS_E_INCOMPLETE_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/s3/aws4_request, " SIGNED,
     KMS_E_SIGV4_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/kms/aws4_request, Signature=a",
     KMS_E_INCOMPLETE_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/kms/aws4_request, "
     "SignedHeaders=host",
     KMS_E_INCOMPLETE_SIGNATURE},
};

START_TEST(a_malformed_credential_is_refused)
{
    struct kms_credential c;

    ck_assert_int_eq(kms_credential_parse(kms_str_of(bad_credentials[_i].header), &c),
                     bad_credentials[_i].rc);
}
END_TEST

static struct kms_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
}

static void teardown(void)
{
    kms_arena_free(arena);
}

static const struct kms_peer certified = {.subject = {"CN=alice", 8},
                                          .uri_san = {ALICE, sizeof ALICE - 1},
                                          .spki_sha256 = {"00ff", 4}};
static const struct kms_peer plain;

#define CREDENTIAL(akid)                                                                 \
    "AWS4-HMAC-SHA256 Credential=" akid "/20261124/eu-west-1/kms/aws4_request, " SIGNED

static enum kms_rc authenticate(const struct kms_peer *peer, const char *authorization,
                                enum kms_proof wanted, bool dev, struct kms_caller *out)
{
    const struct kms_header headers[] = {
        {KMS_LIT("X-Amz-Date"), KMS_LIT("20261124T000000Z")},
        {KMS_LIT("Authorization"), kms_str_of(authorization)}};
    const struct kms_request request = {.method = KMS_LIT("POST"),
                                        .path = KMS_LIT("/"),
                                        .query = KMS_LIT(""),
                                        .headers = headers,
                                        .n_headers = authorization != NULL ? 2 : 1,
                                        .peer = peer};
    struct kms_proven proven = {0};
    enum kms_rc rc =
        kms_authenticate(&(struct kms_proofs){.request = &request,
                                              .wanted = wanted,
                                              .partition = KMS_LIT("aws"),
                                              .default_account = KMS_LIT("999900001111"),
                                              .default_region = KMS_LIT("us-east-1"),
                                              .dev = dev},
                         arena, &proven);

    *out = proven.caller;
    return rc;
}

START_TEST(a_server_believes_the_certificate_and_takes_only_the_region_of_a_credential)
{
    const enum kms_proof enough[] = {KMS_PROOF_CERTIFICATE, KMS_PROOF_EITHER};
    struct kms_caller c;

    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(
            authenticate(&certified, CREDENTIAL("444455556666"), enough[i], false, &c),
            KMS_OK);
        ck_str(c.account, "111122223333");
        ck_str(c.principal_arn, ALICE);
        ck_str(c.region, "eu-west-1");
    }
}
END_TEST

START_TEST(a_server_lets_nobody_in_without_the_proofs_it_wants)
{
    const struct {
        enum kms_proof wanted;
        const struct kms_peer *peer;
        const char *authorization;
        enum kms_rc rc;
    } cases[] = {
        {KMS_PROOF_CERTIFICATE, &plain, CREDENTIAL("AKID"),
         KMS_E_MISSING_AUTHENTICATION_TOKEN},
        {KMS_PROOF_CERTIFICATE, &plain, NULL, KMS_E_MISSING_AUTHENTICATION_TOKEN},
        {KMS_PROOF_SIGNATURE, &plain, NULL, KMS_E_MISSING_AUTHENTICATION_TOKEN},
        {KMS_PROOF_SIGNATURE, &plain, CREDENTIAL("AKID"), KMS_E_UNRECOGNIZED_CLIENT},
        {KMS_PROOF_SIGNATURE, &certified, NULL, KMS_E_MISSING_AUTHENTICATION_TOKEN},
        {KMS_PROOF_SIGNATURE, &certified, CREDENTIAL("AKID"), KMS_E_UNRECOGNIZED_CLIENT},
        {KMS_PROOF_BOTH, &certified, NULL, KMS_E_MISSING_AUTHENTICATION_TOKEN},
        {KMS_PROOF_BOTH, &certified, CREDENTIAL("AKID"), KMS_E_UNRECOGNIZED_CLIENT},
        {KMS_PROOF_EITHER, &plain, NULL, KMS_E_MISSING_AUTHENTICATION_TOKEN},
        {KMS_PROOF_EITHER, &plain, CREDENTIAL("AKID"), KMS_E_UNRECOGNIZED_CLIENT},
    };
    struct kms_caller c;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(authenticate(cases[i].peer, cases[i].authorization,
                                      cases[i].wanted, false, &c),
                         cases[i].rc);
}
END_TEST

START_TEST(in_dev_twelve_digits_name_the_account_and_other_ids_the_configured_one)
{
    struct kms_caller c;

    ck_assert_int_eq(authenticate(&plain, CREDENTIAL("444455556666"), 0, true, &c),
                     KMS_OK);
    ck_str(c.account, "444455556666");
    ck_assert_int_eq(authenticate(&certified, CREDENTIAL("444455556666"), 0, true, &c),
                     KMS_OK);
    ck_str(c.account, "444455556666");
    ck_assert_int_eq(authenticate(&plain, CREDENTIAL("test"), 0, true, &c), KMS_OK);
    ck_str(c.account, "999900001111");
    ck_str(c.principal_arn, "arn:aws:iam::999900001111:user/test");
}
END_TEST

START_TEST(in_dev_an_access_key_id_that_is_no_name_is_nobody)
{
    struct kms_caller c;

    ck_assert_int_eq(authenticate(&plain, CREDENTIAL("a*b"), 0, true, &c),
                     KMS_E_UNRECOGNIZED_CLIENT);
}
END_TEST

START_TEST(in_dev_a_request_without_any_proof_is_refused)
{
    struct kms_caller c;

    ck_assert_int_eq(authenticate(&plain, NULL, 0, true, &c),
                     KMS_E_MISSING_AUTHENTICATION_TOKEN);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("authn");
    TCase *t = tcase_create("authn");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_credential_is_split_into_its_parts);
    tcase_add_loop_test(t, a_malformed_credential_is_refused, 0,
                        sizeof bad_credentials / sizeof bad_credentials[0]);
    tcase_add_test(
        t, a_server_believes_the_certificate_and_takes_only_the_region_of_a_credential);
    tcase_add_test(t, a_server_lets_nobody_in_without_the_proofs_it_wants);
    tcase_add_test(
        t, in_dev_twelve_digits_name_the_account_and_other_ids_the_configured_one);
    tcase_add_test(t, in_dev_an_access_key_id_that_is_no_name_is_nobody);
    tcase_add_test(t, in_dev_a_request_without_any_proof_is_refused);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
