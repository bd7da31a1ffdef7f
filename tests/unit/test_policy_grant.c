/* Grants: operations, grantees, constraints, and grants made by grants. */
#include "test_policy_ask.h"

#define BIT(op) KMS_GRANT_BIT(KMS_GRANT_OPERATION_##op)

static const struct kms_str_pair dept[] = {{{"Department", 10}, {"IT", 2}}};
static const struct kms_str_pair more[] = {{{"Purpose", 7}, {"Test", 4}},
                                           {{"Department", 10}, {"IT", 2}}};
static const struct kms_str_pair lower[] = {{{"department", 10}, {"IT", 2}}};

#define MAP(pairs)                                                                       \
    {                                                                                    \
        pairs, sizeof pairs / sizeof pairs[0], true                                      \
    }

static const struct kms_grant_constraints none = {.source_arn = {NULL, 0}};
static const struct kms_grant_constraints equals = {.encryption_context_equals =
                                                        MAP(dept)};
static const struct kms_grant_constraints subset = {.encryption_context_subset =
                                                        MAP(dept)};
static const struct kms_grant_constraints subset2 = {.encryption_context_subset =
                                                         MAP(more)};
static const struct kms_grant_constraints equals2 = {.encryption_context_equals =
                                                         MAP(more)};
static const struct kms_grant_constraints source = {
    .source_arn = {"arn:aws:s3:::bucket", 19}};
static const struct kms_str_map no_context = {NULL, 0, false};
static const struct kms_str_map it = MAP(dept);
static const struct kms_str_map it_test = MAP(more);
static const struct kms_str_map wrong_case = MAP(lower);

/* Grade in which a grant to alice lets who do action with the context. */
static enum kms_grade grade(const struct kms_principal *who, const char *action,
                            const struct kms_grant_constraints *constraints,
                            const struct kms_str_map *context, const char *circumstances)
{
    struct circumstances c = {0};
    struct kms_policy_request r = {.principal = who,
                                   .action = kms_str_of(action),
                                   .resource = KMS_LIT(KEY_ARN),
                                   .context = {kms_policy_pairs_find, &c.all}};
    struct kms_grant_facts grant = {
        .grantee = {KMS_WHO_ARN, {alice.arn.p, alice.arn.n}, {NULL, 0}},
        .issuing_account = {ACCOUNT, 12},
        .operations = BIT(ENCRYPT) | BIT(DECRYPT) | BIT(DESCRIBE_KEY) | BIT(CREATE_GRANT),
        .constraints = constraints,
    };
    struct kms_grant_use use = {.encryption_context = *context};

    circumstances_read(&c, circumstances);
    return kms_grant_match(&grant, &r, kms_grant_operation_of(r.action), &use);
}

START_TEST(a_grant_is_for_its_grantee_and_its_operations)
{
    ck_assert_int_eq(grade(&alice, "kms:Encrypt", NULL, &no_context, ""), KMS_GRADE_SELF);
    ck_assert_int_eq(grade(&alice, "kms:Encrypt", &none, &it, ""), KMS_GRADE_SELF);
    ck_assert_int_eq(grade(&app, "kms:Encrypt", NULL, &no_context, ""), KMS_GRADE_NONE);
    ck_assert_int_eq(grade(&alice, "kms:Sign", NULL, &no_context, ""), KMS_GRADE_NONE);
    ck_assert_int_eq(grade(&alice, "kms:PutKeyPolicy", NULL, &no_context, ""),
                     KMS_GRADE_NONE);
    ck_assert_int_eq(grade(&alice, "kms:encrypt", NULL, &no_context, ""), KMS_GRADE_NONE);
    ck_assert_int_eq(grade(&alice, "s3:Encrypt", NULL, &no_context, ""), KMS_GRADE_NONE);
    ck_assert_int_eq(grade(&alice, "kms:", NULL, &no_context, ""), KMS_GRADE_NONE);
}
END_TEST

START_TEST(constraints_look_at_the_encryption_context)
{
    static const struct {
        const struct kms_grant_constraints *constraints;
        const struct kms_str_map *context;
        bool want;
    } rows[] = {
        {&equals, &it, true},          {&equals, &it_test, false},
        {&equals, &no_context, false}, {&subset, &it, true},
        {&subset, &it_test, true},     {&subset, &no_context, false},
        {&equals, &wrong_case, false}, {&subset, &wrong_case, false},
        {&equals2, &it_test, true},    {&subset2, &it, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum kms_grade got =
            grade(&alice, "kms:Decrypt", rows[i].constraints, rows[i].context, "");

        ck_assert_msg((got == KMS_GRADE_SELF) == rows[i].want, "%zu", i);
    }
    ck_assert_int_eq(grade(&alice, "kms:DescribeKey", &equals, &no_context, ""),
                     KMS_GRADE_SELF);
}
END_TEST

START_TEST(a_source_arn_is_for_every_operation)
{
    static const char from[] = "aws:SourceArn=arn:aws:s3:::bucket";

    ck_assert_int_eq(grade(&alice, "kms:DescribeKey", &source, &no_context, from),
                     KMS_GRADE_SELF);
    ck_assert_int_eq(grade(&alice, "kms:DescribeKey", &source, &no_context, ""),
                     KMS_GRADE_NONE);
    ck_assert_int_eq(grade(&alice, "kms:Encrypt", &source, &no_context,
                           "aws:SourceArn=arn:aws:s3:::bucket2"),
                     KMS_GRADE_NONE);
}
END_TEST

START_TEST(nobody_is_everybody)
{
    struct kms_policy_request r = {.principal = &alice, .action = KMS_LIT("kms:Encrypt")};
    struct kms_grant_facts grant = {.grantee = {KMS_WHO_EVERYBODY, {"*", 1}, {NULL, 0}},
                                    .operations = ~UINT32_C(0)};

    ck_assert_int_eq(kms_grant_match(&grant, &r, KMS_GRANT_OPERATION_ENCRYPT, NULL),
                     KMS_GRADE_NONE);
}
END_TEST

START_TEST(a_grant_by_a_grant_is_never_wider)
{
    static const struct {
        const struct kms_grant_constraints *parent, *child;
        uint32_t operations;
        bool want;
    } rows[] = {
        {NULL, NULL, BIT(DECRYPT), true},
        {NULL, &equals, BIT(DECRYPT) | BIT(CREATE_GRANT), true},
        {NULL, NULL, BIT(DECRYPT) | BIT(SIGN), false},
        {&subset, &subset, BIT(DECRYPT), true},
        {&subset, &subset2, BIT(DECRYPT), true},
        {&subset2, &subset, BIT(DECRYPT), false},
        {&subset, &equals, BIT(DECRYPT), true},
        {&subset, &equals2, BIT(DECRYPT), true},
        {&subset2, &equals, BIT(DECRYPT), false},
        {&subset, NULL, BIT(DECRYPT), false},
        {&equals, &equals, BIT(DECRYPT), true},
        {&equals, &equals2, BIT(DECRYPT), false},
        {&equals, &subset, BIT(DECRYPT), false},
        {&equals, &subset2, BIT(DECRYPT), false},
        {&equals, NULL, BIT(DECRYPT), false},
        {&source, &source, BIT(DECRYPT), true},
        {&source, NULL, BIT(DECRYPT), false},
    };
    struct circumstances c = {0};

    circumstances_read(&c, "aws:SourceArn=arn:aws:s3:::bucket");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kms_policy_request r = {.principal = &alice,
                                       .action = KMS_LIT("kms:CreateGrant"),
                                       .context = {kms_policy_pairs_find, &c.all}};
        struct kms_grant_facts grant = {
            .grantee = {KMS_WHO_ARN, {alice.arn.p, alice.arn.n}, {NULL, 0}},
            .operations = BIT(DECRYPT) | BIT(CREATE_GRANT),
            .constraints = rows[i].parent,
        };
        struct kms_grant_use use = {.child_operations = rows[i].operations,
                                    .child_constraints = rows[i].child};
        enum kms_grade got =
            kms_grant_match(&grant, &r, KMS_GRANT_OPERATION_CREATE_GRANT, &use);

        ck_assert_msg((got == KMS_GRADE_SELF) == rows[i].want, "%zu", i);
    }
}
END_TEST

RUN("policy_grant", a_grant_is_for_its_grantee_and_its_operations,
    constraints_look_at_the_encryption_context, a_source_arn_is_for_every_operation,
    nobody_is_everybody, a_grant_by_a_grant_is_never_wider)
