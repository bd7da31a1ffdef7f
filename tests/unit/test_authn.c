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

    ck_assert_int_eq(
        kms_credential_parse(KMS_LIT("AWS4-HMAC-SHA256 Credential=AKID/20261124/eu-west-1/"
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
     KMS_E_INCOMPLETE_SIGNATURE},
    {"AWS4-HMAC-SHA256 Credential=AKID/20261124/us east/kms/aws4_request, " SIGNED,
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

START_TEST(a_uri_that_is_an_iam_arn_names_its_principal)
{
    struct kms_peer peer = {.subject = KMS_LIT("CN=x"), .uri_san = KMS_LIT(ALICE)};
    struct kms_str principal;

    ck_assert_int_eq(kms_principal_of_peer(NULL, 0, KMS_LIT("aws"), &peer, &principal),
                     KMS_OK);
    ck_str(principal, ALICE);
}
END_TEST

static const char *const no_principals[] = {
    "arn:aws:iam::111122223333:user/",       "arn:aws:iam::11112222333:user/alice",
    "arn:aws:iam::111122223333:group/staff", "arn:aws:sts::111122223333:user/alice",
    "arn:aws-cn:iam::111122223333:user/a",   "spiffe://example.org/alice",
    "arn:aws:iam:us-east-1:111122223333:user/alice",
};

START_TEST(a_uri_that_is_no_iam_arn_of_the_partition_names_nobody)
{
    struct kms_peer peer = {.subject = KMS_LIT("CN=alice"),
                            .uri_san = kms_str_of(no_principals[_i])};
    struct kms_str principal;

    ck_assert_int_eq(kms_principal_of_peer(NULL, 0, KMS_LIT("aws"), &peer, &principal),
                     KMS_E_ACCESS_DENIED);
}
END_TEST

START_TEST(a_rule_matches_the_whole_text_only)
{
    const struct kms_identity_rule rule = {.match = KMS_MATCH_SUBJECT,
                                           .value = KMS_LIT("CN=build"),
                                           .principal = KMS_LIT(ALICE)};
    struct kms_peer peer = {.subject = KMS_LIT("CN=build")};
    struct kms_str principal;

    ck_assert_int_eq(kms_principal_of_peer(&rule, 1, KMS_LIT("aws"), &peer, &principal),
                     KMS_OK);
    ck_str(principal, ALICE);
    peer.subject = KMS_LIT("CN=builder");
    ck_assert_int_eq(kms_principal_of_peer(&rule, 1, KMS_LIT("aws"), &peer, &principal),
                     KMS_E_ACCESS_DENIED);
}
END_TEST

static const struct kms_peer certified = {.subject = {"CN=alice", 8},
                                          .uri_san = {ALICE, sizeof ALICE - 1},
                                          .spki_sha256 = {"00ff", 4}};
static const struct kms_peer plain;

#define CREDENTIAL(akid)                                                                 \
    KMS_LIT("AWS4-HMAC-SHA256 Credential=" akid                                          \
            "/20261124/eu-west-1/kms/aws4_request, " SIGNED)

static enum kms_rc authenticate(const struct kms_peer *peer, struct kms_str authorization,
                                bool dev, struct kms_arena *a, struct kms_caller *out)
{
    return kms_authenticate(&(struct kms_proofs){.peer = peer,
                                                 .authorization = authorization,
                                                 .partition = KMS_LIT("aws"),
                                                 .default_account = KMS_LIT("999900001111"),
                                                 .default_region = KMS_LIT("us-east-1"),
                                                 .dev = dev},
                            a, out);
}

START_TEST(a_server_believes_the_certificate_and_takes_only_the_region_of_a_credential)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_caller c;

    ck_assert_int_eq(kms_arena_new(&a), KMS_OK);
    ck_assert_int_eq(authenticate(&certified, CREDENTIAL("444455556666"), false, a, &c),
                     KMS_OK);
    ck_str(c.account, "111122223333");
    ck_str(c.principal_arn, ALICE);
    ck_str(c.region, "eu-west-1");
}
END_TEST

START_TEST(a_server_lets_nobody_in_without_a_certificate)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_caller c;

    ck_assert_int_eq(kms_arena_new(&a), KMS_OK);
    ck_assert_int_eq(authenticate(&plain, CREDENTIAL("AKID"), false, a, &c),
                     KMS_E_MISSING_AUTHENTICATION_TOKEN);
}
END_TEST

START_TEST(in_dev_twelve_digits_name_the_account_and_other_ids_the_configured_one)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_caller c;

    ck_assert_int_eq(kms_arena_new(&a), KMS_OK);
    ck_assert_int_eq(authenticate(&plain, CREDENTIAL("444455556666"), true, a, &c), KMS_OK);
    ck_str(c.account, "444455556666");
    ck_assert_int_eq(authenticate(&certified, CREDENTIAL("444455556666"), true, a, &c),
                     KMS_OK);
    ck_str(c.account, "444455556666");
    ck_assert_int_eq(authenticate(&plain, CREDENTIAL("test"), true, a, &c), KMS_OK);
    ck_str(c.account, "999900001111");
    ck_str(c.principal_arn, "arn:aws:iam::999900001111:user/test");
}
END_TEST

START_TEST(in_dev_a_request_without_any_proof_is_refused)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_caller c;

    ck_assert_int_eq(kms_arena_new(&a), KMS_OK);
    ck_assert_int_eq(authenticate(&plain, (struct kms_str){NULL, 0}, true, a, &c),
                     KMS_E_MISSING_AUTHENTICATION_TOKEN);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("authn");
    TCase *t = tcase_create("authn");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, a_credential_is_split_into_its_parts);
    tcase_add_loop_test(t, a_malformed_credential_is_refused, 0,
                        sizeof bad_credentials / sizeof bad_credentials[0]);
    tcase_add_test(t, a_uri_that_is_an_iam_arn_names_its_principal);
    tcase_add_loop_test(t, a_uri_that_is_no_iam_arn_of_the_partition_names_nobody, 0,
                        sizeof no_principals / sizeof no_principals[0]);
    tcase_add_test(t, a_rule_matches_the_whole_text_only);
    tcase_add_test(t, a_server_believes_the_certificate_and_takes_only_the_region_of_a_credential);
    tcase_add_test(t, a_server_lets_nobody_in_without_a_certificate);
    tcase_add_test(t, in_dev_twelve_digits_name_the_account_and_other_ids_the_configured_one);
    tcase_add_test(t, in_dev_a_request_without_any_proof_is_refused);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
