#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authz/actor.h"
#include "authz/policies.h"

#define ALICE "arn:aws:iam::111122223333:user/div/alice"
#define APP "arn:aws:iam::111122223333:role/team/app"
#define ROOT "arn:aws:iam::444455556666:root"
#define ALL                                                                              \
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\","  \
    "\"Resource\":\"*\"}}"

static struct kms_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
}

static void teardown(void)
{
    kms_arena_free(arena);
}

static const struct kms_policy_spec policies[] = {{{"all", 3}, {ALL, sizeof ALL - 1}}};
static const struct kms_str all[] = {{"all", 3}};
static const struct kms_identity_tag team[] = {{{"team", 4}, {"blue", 4}}};

static const struct kms_identity_spec three[] = {
    {.arn = {ALICE, sizeof ALICE - 1},
     .id = {"AIDAABCDEFGHIJKLMNOP", 20},
     .policies = all,
     .n_policies = 1,
     .tags = team,
     .n_tags = 1},
    {.arn = {APP, sizeof APP - 1}, .boundary = {"all", 3}},
    {.arn = {ROOT, sizeof ROOT - 1}, .policies = all, .n_policies = 1},
};

static struct kms_identities *load(bool open)
{
    const struct kms_identities_spec spec = {policies, 1, three, 3, open};
    struct kms_identities_fault fault;
    struct kms_identities *ids = NULL;

    ck_assert_msg(kms_identities_new(&spec, &fault, &ids) == KMS_OK, "%s",
                  kms_err_note(KMS_E_CONFIG));
    return ids;
}

static struct kms_actor actor(struct kms_identities *ids, const char *arn)
{
    const struct kms_actor_session none = {0};
    struct kms_actor a;

    ck_assert_msg(kms_actor_of(ids, kms_str_of(arn), &none, arena, &a) == KMS_OK,
                  "%s: %s", arn, kms_err_note(KMS_E_ACCESS_DENIED));
    return a;
}

START_TEST(a_user_has_its_entry_and_nobody_elses)
{
    KMS_AUTO(identities) ids = load(false);
    struct kms_actor a = actor(ids, ALICE);

    ck_assert_int_eq(a.principal.kind, KMS_PRINCIPAL_USER);
    ck_assert(a.listed && kms_str_is(a.name, "alice"));
    ck_assert(kms_str_is(a.principal.unique_id, "AIDAABCDEFGHIJKLMNOP"));
    ck_assert_uint_eq(a.identity.n, 1);
    ck_assert_uint_eq(a.n_tags, 1);
    a = actor(ids, "arn:aws:iam::111122223333:user/alice");
    ck_assert(!a.listed && a.identity.n == 0 && a.n_tags == 0);
    ck_assert_ptr_null(a.principal.unique_id.p);
}
END_TEST

START_TEST(a_session_has_the_entry_of_its_role_whatever_the_path)
{
    KMS_AUTO(identities) ids = load(false);
    struct kms_actor a = actor(ids, "arn:aws:sts::111122223333:assumed-role/app/web1");

    ck_assert_int_eq(a.principal.kind, KMS_PRINCIPAL_ROLE);
    ck_assert(kms_str_is(a.principal.parent_arn, APP));
    ck_assert(kms_str_is(a.session, "web1"));
    ck_assert_ptr_nonnull(a.boundary);
    a = actor(ids, "arn:aws:sts::111122223333:assumed-role/other/web1");
    ck_assert(kms_str_is(a.principal.parent_arn, "arn:aws:iam::111122223333:role/other"));
    ck_assert(!a.listed && a.boundary == NULL);
    a = actor(ids, "arn:aws:sts::999900001111:assumed-role/app/web1");
    ck_assert(!a.listed);
}
END_TEST

START_TEST(who_has_no_entry_has_that_of_the_account_but_root_has_none)
{
    KMS_AUTO(identities) ids = load(false);

    ck_assert(actor(ids, "arn:aws:iam::444455556666:user/x").listed);
    ck_assert(actor(ids, "arn:aws:sts::444455556666:assumed-role/x/yz").listed);
    ck_assert(!actor(ids, ROOT).listed);
    ck_assert_int_eq(actor(ids, ROOT).principal.kind, KMS_PRINCIPAL_ROOT);
}
END_TEST

START_TEST(in_dev_who_has_no_entry_may_do_everything_and_who_has_one_may_not)
{
    KMS_AUTO(identities) ids = load(true);

    ck_assert_uint_eq(actor(ids, "arn:aws:iam::111122223333:user/x").identity.n, 1);
    ck_assert_uint_eq(
        actor(ids, "arn:aws:sts::111122223333:assumed-role/app/web1").identity.n, 0);
}
END_TEST

static const char *const nobodies[] = {
    "",
    "*",
    "111122223333",
    APP,
    "arn:aws:iam::111122223333:user/",
    "AIDAABCDEFGHIJKLMNOP",
    "arn:aws:sts::111122223333:assumed-role/app",
    "arn:aws:iam::111122223333:group/g",
    "arn:aws:iam::111122223333:user/a*",
    "s3.amazonaws.com",
};

START_TEST(what_cannot_call_is_no_caller)
{
    KMS_AUTO(identities) ids = load(true);
    const struct kms_actor_session none = {0};
    struct kms_actor a;

    ck_assert_int_eq(kms_actor_of(ids, kms_str_of(nobodies[_i]), &none, arena, &a),
                     KMS_E_ACCESS_DENIED);
}
END_TEST

START_TEST(a_grant_is_looked_for_by_every_name_of_a_caller)
{
    KMS_AUTO(identities) ids = load(false);
    struct kms_actor a = actor(ids, "arn:aws:sts::111122223333:assumed-role/app/web1");

    ck_assert_uint_eq(a.n_spellings, 3);
    ck_assert(kms_str_is(a.spellings[0], "arn:aws:iam::111122223333:root"));
    ck_assert(kms_str_eq(a.spellings[1], a.principal.arn));
    ck_assert(kms_str_is(a.spellings[2], APP));
    ck_assert_uint_eq(actor(ids, ALICE).n_spellings, 3);
    ck_assert_uint_eq(actor(ids, ROOT).n_spellings, 1);
}
END_TEST

/* --- what is wrong with a file, and where
 * ------------------------------------------------ */

#define S(text)                                                                          \
    {                                                                                    \
        text, sizeof text - 1                                                            \
    }

static const struct kms_str missing[] = {{"all", 3}, {"none", 4}};
static const struct kms_identity_tag twice[] = {
    {S("a"), S("1")}, {S("b"), S("2")}, {S("a"), S("3")}};

static const struct {
    struct kms_identity_spec spec;
    const char *member;
    size_t item;
} wrongs[] = {
    {{.arn = S("alice")}, "arn", 0},
    {{.arn = S("")}, "arn", 0},
    {{.arn = S("arn:aws:iam::111122223333:group/g")}, "arn", 0},
    {{.arn = S("arn:aws:sts::111122223333:assumed-role/app/x")}, "arn", 0},
    {{.arn = S(ALICE), .id = S("AROAABCDEFGHIJKLMNOP")}, "id", 0},
    {{.arn = S(ALICE), .id = S("AIDA1")}, "id", 0},
    {{.arn = S(APP), .id = S("AIDAABCDEFGHIJKLMNOP")}, "id", 0},
    {{.arn = S(ALICE), .policies = missing, .n_policies = 2}, "policies", 1},
    {{.arn = S(ALICE), .boundary = S("none")}, "boundary", 0},
    {{.arn = S(ALICE), .tags = twice, .n_tags = 3}, "tags", 2},
};

START_TEST(what_is_wrong_with_an_entry_is_told_with_its_place)
{
    const struct kms_identity_spec v[] = {three[2], wrongs[_i].spec};
    const struct kms_identities_spec spec = {policies, 1, v, 2, false};
    struct kms_identities_fault fault = {0};
    KMS_AUTO(identities) ids = NULL;

    ck_assert_int_eq(kms_identities_new(&spec, &fault, &ids), KMS_E_CONFIG);
    ck_assert_int_eq(fault.list, KMS_FAULT_IDENTITY);
    ck_assert_uint_eq(fault.at, 1);
    ck_assert_str_eq(fault.member, wrongs[_i].member);
    ck_assert_uint_eq(fault.item, wrongs[_i].item);
    ck_assert_ptr_null(ids);
}
END_TEST

static const struct kms_identity_spec clashes[][2] = {
    {{.arn = S(ALICE)}, {.arn = S(ALICE)}},
    {{.arn = S(APP)}, {.arn = S("arn:aws:iam::111122223333:role/app")}},
    {{.arn = S(ALICE), .id = S("AIDAABCDEFGHIJKLMNOP")},
     {.arn = S("arn:aws:iam::111122223333:user/bob"), .id = S("AIDAABCDEFGHIJKLMNOP")}},
};

START_TEST(two_entries_for_one_principal_are_a_fault_of_the_second)
{
    const struct kms_identities_spec spec = {NULL, 0, clashes[_i], 2, false};
    struct kms_identities_fault fault = {0};
    KMS_AUTO(identities) ids = NULL;

    ck_assert_int_eq(kms_identities_new(&spec, &fault, &ids), KMS_E_CONFIG);
    ck_assert_uint_eq(fault.at, 1);
}
END_TEST

START_TEST(a_policy_that_is_none_or_is_there_twice_is_told)
{
    const struct kms_policy_spec broken[] = {{S("a"), S(ALL)}, {S("b"), S("{}")}};
    const struct kms_policy_spec same[] = {{S("a"), S(ALL)}, {S("a"), S(ALL)}};
    const struct kms_policy_spec key[] = {
        {S("k"), S("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":"
                   "\"*\",\"Resource\":\"*\"}}")}};
    const struct {
        const struct kms_policy_spec *v;
        size_t n, at;
        const char *member;
    } cases[] = {
        {broken, 2, 1, "document"}, {same, 2, 1, "name"}, {key, 1, 0, "document"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct kms_identities_spec spec = {cases[i].v, cases[i].n, NULL, 0, false};
        struct kms_identities_fault fault = {0};
        KMS_AUTO(identities) ids = NULL;

        ck_assert_int_eq(kms_identities_new(&spec, &fault, &ids), KMS_E_CONFIG);
        ck_assert_int_eq(fault.list, KMS_FAULT_POLICY);
        ck_assert_uint_eq(fault.at, cases[i].at);
        ck_assert_str_eq(fault.member, cases[i].member);
    }
}
END_TEST

/* --- compiled key policies
 * ----------------------------------------------------------------- */

#define KEY_POLICY(sid)                                                                  \
    "{\"Statement\":{\"Sid\":\"" sid "\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"   \
    "\"111122223333\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}}"

START_TEST(the_same_text_is_compiled_once)
{
    KMS_AUTO(policies) p = NULL;
    KMS_AUTO_POLICY a = NULL;
    KMS_AUTO_POLICY b = NULL;
    KMS_AUTO_POLICY other = NULL;

    ck_assert_int_eq(kms_policies_new(64, &p), KMS_OK);
    a = kms_policies_get(p, KMS_LIT(KEY_POLICY("a")));
    b = kms_policies_get(p, KMS_LIT(KEY_POLICY("a")));
    other = kms_policies_get(p, KMS_LIT(KEY_POLICY("b")));
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_eq(a, b);
    ck_assert_ptr_ne(a, other);
    ck_assert(kms_str_is(kms_policy_sid(other, 0), "b"));
    ck_assert_ptr_null(kms_policies_get(p, KMS_LIT("{}")));
    ck_assert_ptr_null(kms_policies_get(p, KMS_LIT("")));
}
END_TEST

START_TEST(policies_that_were_thrown_out_live_as_long_as_they_are_used)
{
    KMS_AUTO(policies) p = NULL;
    KMS_AUTO_POLICY first = NULL;

    ck_assert_int_eq(kms_policies_new(1, &p), KMS_OK);
    first = kms_policies_get(p, KMS_LIT(KEY_POLICY("first")));
    for (int i = 0; i < 500; i++) {
        KMS_AUTO_POLICY next = NULL;
        char text[256];

        snprintf(text, sizeof text, KEY_POLICY("n%d"), i);
        next = kms_policies_get(p, kms_str_of(text));
        snprintf(text, sizeof text, "n%d", i);
        ck_assert(kms_str_is(kms_policy_sid(next, 0), text));
    }
    ck_assert(kms_str_is(kms_policy_sid(first, 0), "first"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("authz");
    TCase *t = tcase_create("authz");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_user_has_its_entry_and_nobody_elses);
    tcase_add_test(t, a_session_has_the_entry_of_its_role_whatever_the_path);
    tcase_add_test(t, who_has_no_entry_has_that_of_the_account_but_root_has_none);
    tcase_add_test(t, in_dev_who_has_no_entry_may_do_everything_and_who_has_one_may_not);
    tcase_add_loop_test(t, what_cannot_call_is_no_caller, 0,
                        sizeof nobodies / sizeof nobodies[0]);
    tcase_add_test(t, a_grant_is_looked_for_by_every_name_of_a_caller);
    tcase_add_loop_test(t, what_is_wrong_with_an_entry_is_told_with_its_place, 0,
                        sizeof wrongs / sizeof wrongs[0]);
    tcase_add_loop_test(t, two_entries_for_one_principal_are_a_fault_of_the_second, 0,
                        sizeof clashes / sizeof clashes[0]);
    tcase_add_test(t, a_policy_that_is_none_or_is_there_twice_is_told);
    tcase_add_test(t, the_same_text_is_compiled_once);
    tcase_add_test(t, policies_that_were_thrown_out_live_as_long_as_they_are_used);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
