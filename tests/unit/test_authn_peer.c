#include <check.h>
#include <stdlib.h>

#include "authn/peer_rule.h"

#define ALICE "arn:aws:iam::111122223333:user/alice"

static void ck_str(struct kms_str s, const char *z)
{
    ck_assert_msg(kms_str_is(s, z), "'%.*s' is not '%s'", KMS_FMT(s), z);
}

static struct kms_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
}

static void teardown(void)
{
    kms_arena_free(arena);
}

/* Who the certificate is by these rules; "" for nobody. */
static struct kms_str who_is(const struct kms_identity_rule *rules, size_t n,
                             const struct kms_peer *peer)
{
    struct kms_peer_identity found;

    if (kms_principal_of_peer(rules, n, KMS_LIT("aws"), peer, arena, &found) != KMS_OK)
        return KMS_LIT("");
    return found.principal;
}

START_TEST(a_uri_that_is_an_iam_arn_names_its_principal)
{
    struct kms_peer peer = {.subject = KMS_LIT("CN=x"), .uri_san = KMS_LIT(ALICE)};

    ck_str(who_is(NULL, 0, &peer), ALICE);
}
END_TEST

static const char *const no_principals[] = {
    "arn:aws:iam::111122223333:user/",
    "arn:aws:iam::11112222333:user/alice",
    "arn:aws:iam::111122223333:group/staff",
    "arn:aws:sts::111122223333:user/alice",
    "arn:aws-cn:iam::111122223333:user/a",
    "spiffe://example.org/alice",
    "arn:aws:iam:us-east-1:111122223333:user/alice",
    "arn:aws:iam::111122223333:user/*",
    "111122223333",
    "AIDAABCDEFGHIJKLMNOP",
};

START_TEST(a_uri_that_is_no_iam_arn_of_the_partition_names_nobody)
{
    struct kms_peer peer = {.subject = KMS_LIT("CN=alice"),
                            .uri_san = kms_str_of(no_principals[_i])};

    ck_str(who_is(NULL, 0, &peer), "");
}
END_TEST

START_TEST(a_rule_matches_the_whole_text_only)
{
    const struct kms_identity_rule rule = {.match = KMS_MATCH_SUBJECT,
                                           .value = KMS_LIT("CN=build"),
                                           .principal = KMS_LIT(ALICE)};
    struct kms_peer peer = {.subject = KMS_LIT("CN=build")};

    ck_str(who_is(&rule, 1, &peer), ALICE);
    peer.subject = KMS_LIT("CN=builder");
    ck_str(who_is(&rule, 1, &peer), "");
}
END_TEST

#define SESSION "arn:aws:sts::111122223333:assumed-role/app/"

static const struct {
    enum kms_identity_match match;
    const char *value, *uri, *principal, *is;
} uris[] = {
    {KMS_MATCH_URI, "urn:a", "urn:a", ALICE, ALICE},
    {KMS_MATCH_URI, "urn:a", "urn:ab", ALICE, ""},
    {KMS_MATCH_URI, "urn:a", "URN:a", ALICE, ""},
    {KMS_MATCH_URI_PREFIX, "urn:app:", "urn:app:web1", SESSION "{tail}", SESSION "web1"},
    {KMS_MATCH_URI_PREFIX, "urn:app:", "urn:app:", SESSION "{tail}", ""},
    {KMS_MATCH_URI_PREFIX, "urn:app:", "urn:app:a/b", SESSION "{tail}", ""},
    {KMS_MATCH_URI_PREFIX, "urn:app:", "urn:app:*", SESSION "{tail}", ""},
    {KMS_MATCH_URI_PREFIX, "urn:app:", "urn:app:a:b", SESSION "{tail}", ""},
    {KMS_MATCH_URI_PREFIX, "urn:app:", "urn:apq:web1", SESSION "{tail}", ""},
    {KMS_MATCH_URI_PREFIX, "urn:app:", "urn:app:a/b", ALICE, ALICE},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/web", "spiffe://corp.example/web", ALICE,
     ALICE},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/web", "spiffe://corp.example/web/", ALICE,
     ""},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/web", "spiffe://corp.example/Web", ALICE,
     ""},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/...", "spiffe://corp.example/web1",
     SESSION "{tail}", SESSION "web1"},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/...", "spiffe://corp.example", ALICE, ""},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/...", "spiffe://corp.example/a/../b", ALICE,
     ""},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/...", "spiffe://corp.example/a//b", ALICE,
     ""},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/...", "spiffe://corp.example/a%2fb", ALICE,
     ""},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/...", "spiffe://corp.example.org/a", ALICE,
     ""},
    {KMS_MATCH_SPIFFE, "spiffe://corp.example/...", "spiffe://u@corp.example/a", ALICE,
     ""},
};

START_TEST(uris_match_exactly_by_prefix_or_as_spiffe_ids)
{
    const struct kms_identity_rule rule = {.match = uris[_i].match,
                                           .value = kms_str_of(uris[_i].value),
                                           .principal = kms_str_of(uris[_i].principal)};
    struct kms_peer peer = {.subject = KMS_LIT("CN=x"),
                            .uri_san = kms_str_of(uris[_i].uri)};

    ck_str(who_is(&rule, 1, &peer), uris[_i].is);
}
END_TEST

START_TEST(the_first_rule_that_matches_counts)
{
    const struct kms_identity_rule rules[] = {
        {.match = KMS_MATCH_SPKI,
         .value = KMS_LIT("aa"),
         .principal = KMS_LIT(SESSION "a1")},
        {.match = KMS_MATCH_SUBJECT,
         .value = KMS_LIT("CN=x"),
         .principal = KMS_LIT(ALICE)},
        {.match = KMS_MATCH_SUBJECT,
         .value = KMS_LIT("CN=x"),
         .principal = KMS_LIT(SESSION "b1")},
    };
    struct kms_peer peer = {.subject = KMS_LIT("CN=x"), .spki_sha256 = KMS_LIT("bb")};

    ck_str(who_is(rules, 3, &peer), ALICE);
    peer.spki_sha256 = KMS_LIT("aa");
    ck_str(who_is(rules, 3, &peer), SESSION "a1");
}
END_TEST

START_TEST(a_rule_may_ask_for_an_issuer_and_a_listener)
{
    const struct kms_identity_rule rule = {.match = KMS_MATCH_SUBJECT,
                                           .value = KMS_LIT("CN=x"),
                                           .issuer = KMS_LIT("CN=ca1"),
                                           .listener = KMS_LIT("https"),
                                           .principal = KMS_LIT(ALICE)};
    struct kms_peer peer = {.subject = KMS_LIT("CN=x")};

    ck_str(who_is(&rule, 1, &peer), "");
    peer.issuer = KMS_LIT("CN=ca1");
    ck_str(who_is(&rule, 1, &peer), "");
    peer.listener = KMS_LIT("https");
    ck_str(who_is(&rule, 1, &peer), ALICE);
    peer.issuer = KMS_LIT("CN=ca2");
    ck_str(who_is(&rule, 1, &peer), "");
}
END_TEST

START_TEST(a_role_is_called_by_a_session_named_after_the_key)
{
    const struct kms_identity_rule rule = {
        .match = KMS_MATCH_SUBJECT,
        .value = KMS_LIT("CN=x"),
        .principal = KMS_LIT("arn:aws:iam::111122223333:role/team/app")};
    struct kms_peer peer = {.subject = KMS_LIT("CN=x"),
                            .spki_sha256 = KMS_LIT("0123456789abcdef0123456789abcdef")};

    ck_str(who_is(&rule, 1, &peer), SESSION "0123456789abcdef");
}
END_TEST

static const struct {
    struct kms_identity_rule rule;
    bool ok;
} checks[] = {
    {{.match = KMS_MATCH_URI,
      .value = {"urn:a", 5},
      .principal = {ALICE, sizeof ALICE - 1}},
     true},
    {{.match = KMS_MATCH_URI, .value = {"", 0}, .principal = {ALICE, sizeof ALICE - 1}},
     false},
    {{.match = KMS_MATCH_URI, .value = {"urn:a", 5}, .principal = {"*", 1}}, false},
    {{.match = KMS_MATCH_URI, .value = {"urn:a", 5}, .principal = {"111122223333", 12}},
     false},
    {{.match = KMS_MATCH_URI,
      .value = {"urn:a", 5},
      .principal = {SESSION "{tail}", sizeof SESSION - 1 + 6}},
     false},
    {{.match = KMS_MATCH_URI_PREFIX,
      .value = {"urn:a", 5},
      .principal = {SESSION "{tail}", sizeof SESSION - 1 + 6}},
     true},
    {{.match = KMS_MATCH_SPIFFE,
      .value = {"spiffe://a/b", 12},
      .principal = {ALICE, sizeof ALICE - 1}},
     true},
    {{.match = KMS_MATCH_SPIFFE,
      .value = {"https://a/b", 11},
      .principal = {ALICE, sizeof ALICE - 1}},
     false},
    {{.match = KMS_MATCH_SPKI,
      .value = {"ABCDEF", 6},
      .principal = {ALICE, sizeof ALICE - 1}},
     false},
};

START_TEST(a_rule_that_can_match_nothing_sensible_is_refused)
{
    ck_assert_int_eq(kms_identity_rule_check(&checks[_i].rule),
                     checks[_i].ok ? KMS_OK : KMS_E_CONFIG);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("authn_peer");
    TCase *t = tcase_create("authn_peer");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_uri_that_is_an_iam_arn_names_its_principal);
    tcase_add_loop_test(t, a_uri_that_is_no_iam_arn_of_the_partition_names_nobody, 0,
                        sizeof no_principals / sizeof no_principals[0]);
    tcase_add_test(t, a_rule_matches_the_whole_text_only);
    tcase_add_loop_test(t, uris_match_exactly_by_prefix_or_as_spiffe_ids, 0,
                        sizeof uris / sizeof uris[0]);
    tcase_add_test(t, the_first_rule_that_matches_counts);
    tcase_add_test(t, a_rule_may_ask_for_an_issuer_and_a_listener);
    tcase_add_test(t, a_role_is_called_by_a_session_named_after_the_key);
    tcase_add_loop_test(t, a_rule_that_can_match_nothing_sensible_is_refused, 0,
                        sizeof checks / sizeof checks[0]);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
