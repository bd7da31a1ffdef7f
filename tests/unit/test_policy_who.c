/* Principals: which texts are some, and who they are. */
#include "test_policy_ask.h"

enum {
    SELF = KMS_GRADE_SELF,
    ROLE = KMS_GRADE_ROLE,
    ACCT = KMS_GRADE_ACCOUNT,
    NONE = KMS_GRADE_NONE
};

static const struct kms_principal root = {
    .kind = KMS_PRINCIPAL_ROOT,
    .account = {ACCOUNT, 12},
    .arn = {"arn:aws:iam::" ACCOUNT ":root", 30},
};
static const struct kms_principal carol = {
    .kind = KMS_PRINCIPAL_FEDERATED,
    .account = {ACCOUNT, 12},
    .arn = {"arn:aws:sts::" ACCOUNT ":federated-user/carol", 46},
    .parent_arn = {"arn:aws:iam::" ACCOUNT ":user/alice", 36},
    .unique_id = {"AIDACKCEVSQ6C2EXAMPLE", 21},
};
static const struct kms_principal web = {
    .kind = KMS_PRINCIPAL_ROLE,
    .account = {ACCOUNT, 12},
    .arn = {"arn:aws:sts::" ACCOUNT ":assumed-role/app/web", 46},
    .provider = {"accounts.google.com", 19},
};
static const struct kms_principal s3 = {
    .kind = KMS_PRINCIPAL_SERVICE,
    .account = {"", 0},
    .arn = {"s3.amazonaws.com", 16},
};
static const struct kms_principal china = {
    .kind = KMS_PRINCIPAL_USER,
    .account = {ACCOUNT, 12},
    .arn = {"arn:aws-cn:iam::" ACCOUNT ":user/alice", 39},
};

static struct kms_who parsed(const char *text)
{
    struct kms_who who;

    ck_assert_msg(kms_who_parse(kms_str_of(text), &who), "%s", text);
    return who;
}

START_TEST(a_principal_is_the_caller_in_a_grade)
{
    static const struct {
        const char *text;
        const struct kms_principal *caller;
        int want;
    } rows[] = {
        {"*", &alice, SELF},
        {"*", &s3, SELF},
        {ACCOUNT, &alice, ACCT},
        {ACCOUNT, &root, ACCT},
        {ACCOUNT, &app, ACCT},
        {ACCOUNT, &s3, NONE},
        {OTHER, &alice, NONE},
        {"arn:aws:iam::" ACCOUNT ":root", &alice, ACCT},
        {"arn:aws:iam::" ACCOUNT ":root", &root, ACCT},
        {"arn:aws-cn:iam::" ACCOUNT ":root", &alice, NONE},
        {"arn:aws-cn:iam::" ACCOUNT ":root", &china, ACCT},
        {"arn:aws:iam::" ACCOUNT ":root", &china, NONE},
        {"arn:aws:iam::" ACCOUNT ":user/alice", &alice, SELF},
        {"arn:aws:iam::" ACCOUNT ":user/Alice", &alice, NONE},
        {"arn:aws:iam::" ACCOUNT ":user/ops/alice", &alice, NONE},
        {"arn:aws:iam::" OTHER ":user/alice", &alice, NONE},
        {"arn:aws:iam::" ACCOUNT ":user/alice", &china, NONE},
        {"arn:aws:iam::" ACCOUNT ":role/alice", &alice, NONE},
        {"AIDACKCEVSQ6C2EXAMPLE", &alice, SELF},
        {"AIDACKCEVSQ6C2EXAMPLF", &alice, NONE},
        {"AIDACKCEVSQ6C2EXAMPLE", &china, NONE},
        {"arn:aws:sts::" ACCOUNT ":assumed-role/app/web", &app, SELF},
        {"arn:aws:sts::" ACCOUNT ":assumed-role/app/we", &app, NONE},
        {"arn:aws:iam::" ACCOUNT ":role/svc/app", &app, ROLE},
        {"arn:aws:iam::" ACCOUNT ":role/app", &app, NONE},
        {"arn:aws:iam::" ACCOUNT ":role/svc/app", &web, NONE},
        {"AROADBQP57FF2AEXAMPLE", &app, ROLE},
        {"AROADBQP57FF2AEXAMPLE", &web, NONE},
        {"arn:aws:sts::" ACCOUNT ":federated-user/carol", &carol, SELF},
        {"arn:aws:iam::" ACCOUNT ":user/alice", &carol, ROLE},
        {"AIDACKCEVSQ6C2EXAMPLE", &carol, ROLE},
        {"arn:aws:iam::" ACCOUNT ":user/alice", &root, NONE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kms_who who = parsed(rows[i].text);
        int got = (int)kms_who_grade(&who, rows[i].caller);

        ck_assert_msg(got == rows[i].want, "%s, %.*s: %d", rows[i].text,
                      KMS_FMT(rows[i].caller->arn), got);
    }
}
END_TEST

START_TEST(services_and_providers_are_compared_as_they_are)
{
    struct kms_who service, provider;

    ck_assert(
        kms_who_parse_other(KMS_LIT("s3.amazonaws.com"), KMS_WHO_SERVICE, &service));
    ck_assert(
        kms_who_parse_other(KMS_LIT("accounts.google.com"), KMS_WHO_PROVIDER, &provider));
    ck_assert_int_eq(kms_who_grade(&service, &s3), KMS_GRADE_SELF);
    ck_assert_int_eq(kms_who_grade(&service, &alice), KMS_GRADE_NONE);
    ck_assert_int_eq(kms_who_grade(&provider, &web), KMS_GRADE_ROLE);
    ck_assert_int_eq(kms_who_grade(&provider, &app), KMS_GRADE_NONE);
    ck_assert_int_eq(kms_who_grade(&provider, &s3), KMS_GRADE_NONE);
    ck_assert(
        !kms_who_parse_other(KMS_LIT("*.amazonaws.com"), KMS_WHO_SERVICE, &service));
    ck_assert(!kms_who_parse_other(KMS_LIT(""), KMS_WHO_PROVIDER, &provider));
}
END_TEST

START_TEST(arns_of_principals_have_one_form)
{
    static const char *const bad[] = {
        "",
        "a",
        "**",
        "11112222333",
        "1111222233331",
        "11112222333a",
        "\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1\xd9\xa1",
        "arn",
        "arn:aws:iam::111122223333",
        "arn:aws:iam::111122223333:",
        "arn:aws:iam::111122223333:user",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::111122223333:user//a",
        "arn:aws:iam::111122223333:user/a/",
        "arn:aws:iam::111122223333:user/a b",
        "arn:aws:iam::111122223333:user/a:b",
        "arn:aws:iam::111122223333:user/?",
        "arn:aws:iam::111122223333:root/",
        "arn:aws:iam::111122223333:instance-profile/a",
        "arn:aws:iam::11112222333:user/a",
        "arn:aws:iam:us-east-1:111122223333:user/a",
        "arn::iam::111122223333:user/a",
        "arn:a*s:iam::111122223333:user/a",
        "Arn:aws:iam::111122223333:user/a",
        "arn:aws:IAM::111122223333:user/a",
        "arn:aws:iam::111122223333:assumed-role/a/b",
        "arn:aws:sts::111122223333:user/a",
        "arn:aws:sts::111122223333:assumed-role/a",
        "arn:aws:sts::111122223333:assumed-role/a/b/c",
        "arn:aws:sts::111122223333:federated-user/a/b",
        "arn:aws:kms:us-east-1:111122223333:key/a",
        "AIDA",
        "AIDAAAAAAAAAAAA",
        "AIDACKCEVSQ6C2EXAMPLe",
        "AGPACKCEVSQ6C2EXAMPLE",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct kms_who who;

        ck_assert_msg(!kms_who_parse(kms_str_of(bad[i]), &who), "%s", bad[i]);
    }
}
END_TEST

/* NotPrincipal of the texts: is caller spared? */
static bool spared(const struct kms_principal *caller, bool bounded,
                   const char *const *texts)
{
    struct kms_who who[4];
    size_t n = 0;

    for (; texts[n] != NULL; n++)
        who[n] = parsed(texts[n]);
    return kms_who_spares(who, n, caller, bounded);
}

#define SPARED(caller, bounded, ...)                                                     \
    spared(caller, bounded, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(not_principal_spares_who_is_listed_up_to_the_account)
{
    static const char user[] = "arn:aws:iam::" ACCOUNT ":user/alice";
    static const char session[] = "arn:aws:sts::" ACCOUNT ":assumed-role/app/web";
    static const char role[] = "arn:aws:iam::" ACCOUNT ":role/svc/app";

    ck_assert(SPARED(&alice, false, user, ACCOUNT));
    ck_assert(
        SPARED(&alice, false, "AIDACKCEVSQ6C2EXAMPLE", "arn:aws:iam::" ACCOUNT ":root"));
    ck_assert(!SPARED(&alice, false, user));
    ck_assert(!SPARED(&alice, false, ACCOUNT));
    ck_assert(!SPARED(&alice, false, user, OTHER));
    ck_assert(SPARED(&app, false, session, role, ACCOUNT));
    ck_assert(!SPARED(&app, false, role, ACCOUNT));
    ck_assert(!SPARED(&app, false, session, ACCOUNT));
    ck_assert(!SPARED(&app, false, session, role));
    ck_assert(
        SPARED(&carol, false, "arn:aws:sts::" ACCOUNT ":federated-user/carol", ACCOUNT));
    ck_assert(!SPARED(&carol, false, user, ACCOUNT));
    ck_assert(SPARED(&root, false, ACCOUNT));
    ck_assert(!SPARED(&root, false, OTHER));
    ck_assert(SPARED(&s3, false, "*"));
    ck_assert(SPARED(&alice, false, "*"));
}
END_TEST

START_TEST(a_boundary_is_never_spared)
{
    ck_assert(!SPARED(&alice, true, "arn:aws:iam::" ACCOUNT ":user/alice", ACCOUNT));
    ck_assert(!SPARED(&alice, true, "*"));
}
END_TEST

START_TEST(a_provider_does_not_stand_for_the_role)
{
    struct kms_who who[3] = {parsed("arn:aws:sts::" ACCOUNT ":assumed-role/app/web"),
                             parsed(ACCOUNT)};

    ck_assert(kms_who_parse_other(web.provider, KMS_WHO_PROVIDER, &who[2]));
    ck_assert(!kms_who_spares(who, 3, &web, false));
}
END_TEST

RUN("policy_who", a_principal_is_the_caller_in_a_grade,
    services_and_providers_are_compared_as_they_are, arns_of_principals_have_one_form,
    not_principal_spares_who_is_listed_up_to_the_account, a_boundary_is_never_spared,
    a_provider_does_not_stand_for_the_role)
