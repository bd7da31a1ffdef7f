/* Documents: what is one, in words and without, and what becomes of it. */
#include <pthread.h>

#include "policy/document.h"
#include "test_policy_ask.h"

/* A document of one statement in which there is more. */
#define KEY_DOC(more)                                                                    \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*" \
    "\","                                                                                \
    "\"Action\":\"kms:*\",\"Resource\":\"*\"" more "}]}"
#define IAM_DOC(more)                                                                    \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\"" more "}]}"
#define ACTION(a) IAM_DOC(",\"Action\":" a ",\"Resource\":\"*\"")
#define RESOURCE(r) IAM_DOC(",\"Action\":\"*\",\"Resource\":" r)
#define PRINCIPAL(p) "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":" p "}}"
#define CONDITION(c) KEY_DOC(",\"Condition\":" c)

static void check_refused(const char *const *texts, size_t n, enum kms_policy_kind kind,
                          const char *words)
{
    for (size_t i = 0; i < n; i++) {
        enum kms_rc rc = refused(texts[i], kind);

        ck_assert_msg(rc == KMS_E_MALFORMED_POLICY_DOCUMENT, "%s", texts[i]);
        ck_assert_msg(strcmp(kms_err_note(rc), words) == 0, "%s: %s", texts[i],
                      kms_err_note(rc));
    }
}

static void check_taken(const char *const *texts, size_t n, enum kms_policy_kind kind)
{
    for (size_t i = 0; i < n; i++)
        kms_policy_unref(compiled(texts[i], kind));
}

#define REFUSED(texts, kind, words)                                                      \
    check_refused(texts, sizeof texts / sizeof texts[0], kind, words)
#define TAKEN(texts, kind) check_taken(texts, sizeof texts / sizeof texts[0], kind)

START_TEST(actions_are_a_vendor_and_a_name)
{
    static const char *const good[] = {ACTION("\"*\""),
                                       ACTION("\"kms:*\""),
                                       ACTION("\"KMS:encrypt\""),
                                       ACTION("\"kms:En?rypt\""),
                                       ACTION("[\"kms:A\",\"s3:GetObject\"]"),
                                       ACTION("\"execute-api:Invoke\""),
                                       ACTION("\"iam:*Access_Key-*\"")};
    static const char *const bad[] = {ACTION("\"\""),
                                      ACTION("\"Encrypt\""),
                                      ACTION("\"kms:\""),
                                      ACTION("\":Encrypt\""),
                                      ACTION("\"k*:Encrypt\""),
                                      ACTION("\"*:*\""),
                                      ACTION("\"kms:Encrypt \""),
                                      ACTION("\"kms:a:b\""),
                                      ACTION("\"kms:\xc3\xa9\""),
                                      ACTION("\"kms:${aws:username}\""),
                                      ACTION("[]"),
                                      ACTION("[\"kms:*\",1]"),
                                      ACTION("{\"kms\":1}"),
                                      ACTION("null"),
                                      ACTION("[[\"kms:*\"]]")};

    TAKEN(good, KMS_POLICY_IDENTITY);
    REFUSED(bad, KMS_POLICY_IDENTITY, "");
    REFUSED(bad, KMS_POLICY_SESSION, "");
}
END_TEST

START_TEST(resources_are_arns_or_everything)
{
    static const char *const good[] = {
        RESOURCE("\"*\""), RESOURCE("\"arn:aws:kms:*:111122223333:key/*\""),
        RESOURCE("[\"arn:aws:s3:::b\",\"arn:aws:kms:r:1:alias/${aws:username}\"]"),
        RESOURCE("\"arn:aws:kms:*:${aws:PrincipalAccount}:key/?\"")};
    static const char *const bad[] = {RESOURCE("\"\""),
                                      RESOURCE("\"key/1\""),
                                      RESOURCE("\"**\""),
                                      RESOURCE("\"arn:\""),
                                      RESOURCE("\"arn:aws\""),
                                      RESOURCE("\"arn:aws:\""),
                                      RESOURCE("\"arn::kms:r:1:k\""),
                                      RESOURCE("\"arn:*:kms:r:1:k\""),
                                      RESOURCE("\"arn:aws:*:r:1:k\""),
                                      RESOURCE("\"arn:aws:k?s:r:1:k\""),
                                      RESOURCE("\"ARN:aws:kms:r:1:k\""),
                                      RESOURCE("\"arn:aws:${aws:username}:r:1:k\""),
                                      RESOURCE("\"arn:aws:kms:r:1:key/${aws:username\""),
                                      RESOURCE("[]")};
    static const char *const incomplete[] = {RESOURCE("\"arn:aws:kms\""),
                                             RESOURCE("\"arn:aws:kms:*\"")};

    TAKEN(good, KMS_POLICY_IDENTITY);
    TAKEN(good, KMS_POLICY_SESSION);
    REFUSED(bad, KMS_POLICY_IDENTITY, "");
    TAKEN(incomplete, KMS_POLICY_IDENTITY);
    REFUSED(incomplete, KMS_POLICY_SESSION, "");
}
END_TEST

START_TEST(incomplete_arns_are_completed_in_identity_policies_alone)
{
    static const char key[] =
        "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\","
        "\"Resource\":\"arn:aws:kms:us-east-1\"}}";

    ck_assert_int_eq(
        asked(RESOURCE("\"arn:aws:kms\""), KMS_POLICY_IDENTITY, &alice, "").allow[0], 0);
    ck_assert_int_eq(
        asked(RESOURCE("\"arn:aws:kms:eu-central-1\""), KMS_POLICY_IDENTITY, &alice, "")
            .allow[0],
        -1);
    ck_assert_int_eq(asked(key, KMS_POLICY_KEY, &alice, "").allow[0], -1);
}
END_TEST

START_TEST(identity_policies_name_no_principals)
{
    static const char *const bad[] = {
        KEY_DOC(""),
        IAM_DOC(",\"NotPrincipal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\""),
        IAM_DOC(",\"Action\":\"*\""),
        IAM_DOC(",\"Resource\":\"*\""),
        IAM_DOC(",\"Sid\":\"a b\",\"Action\":\"*\",\"Resource\":\"*\""),
        "{\"Id\":\"x\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":"
        "\"*"
        "\"}}",
        "{\"Statement\":[{\"Sid\":\"A\",\"Effect\":\"Allow\",\"Action\":\"*\","
        "\"Resource\":"
        "\"*\"},{\"Sid\":\"A\",\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}]"
        "}"};
    static const char *const good[] = {
        IAM_DOC(",\"Sid\":\"A1\",\"Action\":\"*\",\"Resource\":\"*\""),
        IAM_DOC(",\"NotAction\":\"s3:*\",\"NotResource\":\"arn:aws:s3:::b\"")};

    REFUSED(bad, KMS_POLICY_IDENTITY, "");
    TAKEN(good, KMS_POLICY_IDENTITY);
    TAKEN(good, KMS_POLICY_SESSION);
}
END_TEST

START_TEST(who_is_no_principal_is_said_in_words)
{
    static const char *const bad[] = {
        PRINCIPAL("{\"AWS\":\"me\"}"),
        PRINCIPAL("{\"AWS\":\"\"}"),
        PRINCIPAL("{\"AWS\":\"1111222233334\"}"),
        PRINCIPAL("{\"AWS\":[\"*\",\"arn:aws:iam::111122223333:user/*\"]}"),
        PRINCIPAL("{\"AWS\":\"arn:aws:iam::111122223333:group/Admins\"}"),
        PRINCIPAL("{\"AWS\":\"arn:aws:iam::111122223333:user/\"}"),
        PRINCIPAL("{\"AWS\":\"arn:aws:iam::111122223333:ROOT\"}"),
        PRINCIPAL("{\"AWS\":\"arn:aws:iam:us-east-1:111122223333:root\"}"),
        PRINCIPAL("{\"AWS\":\"arn:aws:sts::111122223333:assumed-role/app\"}"),
        PRINCIPAL("{\"AWS\":\"arn:aws:sts::111122223333:assumed-role/svc/app/web\"}"),
        PRINCIPAL("{\"AWS\":\"arn:aws:iam::111122223333:user/\xd0\xb0lice\"}"),
        PRINCIPAL("{\"Service\":\"*\"}"),
        PRINCIPAL("{\"Service\":\"\"}"),
        PRINCIPAL("{\"CanonicalUser\":\"79a59df900b949e55d96a1e698fbaced\"}")};
    static const char *const bare[] = {
        PRINCIPAL("\"me\""),
        PRINCIPAL("[]"),
        PRINCIPAL("{}"),
        PRINCIPAL("{\"AWS\":[]}"),
        PRINCIPAL("{\"AWS\":1}"),
        PRINCIPAL("{\"aws\":\"*\"}"),
        PRINCIPAL("{\"AWS\":[[]]}"),
        PRINCIPAL("{\"AWS\":\"me\",\"Who\":\"*\"}"),
        "{\"Statement\":{\"Effect\":\"Allow\",\"NotPrincipal\":\"*\"}}"};

    REFUSED(bad, KMS_POLICY_KEY,
            "Policy contains a statement with one or more invalid principals.");
    REFUSED(bare, KMS_POLICY_KEY, "");
}
END_TEST

START_TEST(overly_permissive_conditions_are_said_in_words)
{
    static const char *const bad[] = {
        CONDITION("{\"ForAllValues:StringEquals\":{\"kms:EncryptionContext:a\":\"1\"}}"),
        CONDITION("{\"forallvalues:StringLike\":{\"KMS:encryptioncontext:a\":\"1\"}}"),
        CONDITION("{\"ForAllValues:StringEquals\":{\"aws:RequestTag/a\":\"1\"}}")};
    static const char *const good[] = {
        CONDITION("{\"ForAnyValue:StringEquals\":{\"kms:EncryptionContext:a\":\"1\"}}"),
        CONDITION(
            "{\"ForAllValues:StringEquals\":{\"kms:EncryptionContextKeys\":\"1\"}}")};
    static const char *const iam[] = {
        IAM_DOC(",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{"
                "\"ForAllValues:StringEquals\":{\"aws:RequestTag/a\":\"1\"}}")};

    REFUSED(
        bad, KMS_POLICY_KEY,
        "OverlyPermissiveCondition: Using the ForAllValues set operator with a "
        "single-valued condition key matches requests without the specified [encryption "
        "context or tag] or with an unspecified [encryption context or tag]. To fix, "
        "remove ForAllValues.");
    TAKEN(good, KMS_POLICY_KEY);
    TAKEN(iam, KMS_POLICY_IDENTITY);
}
END_TEST

START_TEST(conditions_have_known_operators_and_values_of_their_type)
{
    static const char *const bad[] = {
        CONDITION("{\"StringFoo\":{\"a:k\":\"x\"}}"),
        CONDITION("{\"\":{\"a:k\":\"x\"}}"),
        CONDITION("{\"ForSomeValues:StringEquals\":{\"a:k\":\"x\"}}"),
        CONDITION("{\"ForAllValues:ForAnyValue:StringEquals\":{\"a:k\":\"x\"}}"),
        CONDITION("{\"ForAllValues:\":{\"a:k\":\"x\"}}"),
        CONDITION("{\"StringEqualsIfExistsIfExists\":{\"a:k\":\"x\"}}"),
        CONDITION("{\"IfExists\":{\"a:k\":\"x\"}}"),
        CONDITION("{\"NullIfExists\":{\"a:k\":\"true\"}}"),
        CONDITION("{\"ForAnyValue:Null\":{\"a:k\":\"true\"}}"),
        CONDITION("{\"StringEquals\":{\"k\":\"x\"}}"),
        CONDITION("{\"StringEquals\":{\":k\":\"x\"}}"),
        CONDITION("{\"StringEquals\":{\"a:\":\"x\"}}"),
        CONDITION("{\"StringEquals\":{\"a:k\":null}}"),
        CONDITION("{\"StringEquals\":{\"a:k\":[[\"x\"]]}}"),
        CONDITION("{\"StringEquals\":{\"a:k\":\"${x\"}}"),
        CONDITION("{\"NumericEquals\":{\"a:k\":\"x\"}}"),
        CONDITION("{\"NumericEquals\":{\"a:k\":1.5}}"),
        CONDITION("{\"NumericEquals\":{\"a:k\":1e3}}"),
        CONDITION("{\"NumericEquals\":{\"a:k\":99999999999999999999}}"),
        CONDITION("{\"NumericEquals\":{\"a:k\":\"${b:v}\"}}"),
        CONDITION("{\"DateEquals\":{\"a:k\":\"soon\"}}"),
        CONDITION("{\"Bool\":{\"a:k\":\"yes\"}}"),
        CONDITION("{\"Null\":{\"a:k\":1}}"),
        CONDITION("{\"BinaryEquals\":{\"a:k\":\"a\"}}"),
        CONDITION("{\"BinaryEquals\":{\"a:k\":\"YR==\"}}"),
        CONDITION("{\"IpAddress\":{\"a:k\":\"10.0.0.0/33\"}}"),
        CONDITION("{\"ArnEquals\":{\"a:k\":\"alice\"}}"),
        CONDITION("{\"ArnEquals\":{\"a:k\":\"arn:aws:iam::1\"}}"),
        CONDITION("[]"),
        CONDITION("\"x\""),
        CONDITION("{\"Bool\":true}"),
        CONDITION("{\"Bool\":{\"a:k\":\"true\",\"a:k\":\"false\"}}")};

    REFUSED(bad, KMS_POLICY_KEY, "");
}
END_TEST

START_TEST(hostile_json_is_refused)
{
    static char deep[4096], wide[KMS_POLICY_MAX + 2];
    static const char *const bad[] = {
        KEY_DOC(",\"Sid\":\"\\u0000\""), KEY_DOC(",\"Sid\":\"\\ud800\""),
        KEY_DOC(",\"Sid\":\"\xff\""), KEY_DOC(",\"Effect\":\"Deny\""), "\xef\xbb\xbf{}"};
    const char *const made[] = {deep, wide};

    memset(deep, '[', 2000);
    memset(wide, ' ', KMS_POLICY_MAX + 1);
    memcpy(wide, KEY_DOC(""), sizeof KEY_DOC("") - 1);
    REFUSED(bad, KMS_POLICY_KEY, "");
    REFUSED(made, KMS_POLICY_KEY, "");
}
END_TEST

START_TEST(a_usual_policy_is_small)
{
    KMS_AUTO_POLICY policy = compiled(
        "{\"Version\":\"2012-10-17\",\"Id\":\"key-default-1\",\"Statement\":[{\"Sid\":"
        "\"Enable IAM User Permissions\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"
        "\"arn:aws:iam::111122223333:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}",
        KMS_POLICY_KEY);

    ck_assert_uint_lt(kms_policy_size(policy), 512);
    ck_assert_uint_eq(kms_policy_statements(policy), 1);
    ck_assert_int_eq(kms_policy_kind_of(policy), KMS_POLICY_KEY);
    ck_assert(kms_str_is(kms_policy_sid(policy, 0), "Enable IAM User Permissions"));
    ck_assert_ptr_null(kms_policy_sid(policy, 1).p);
    ck_assert_ptr_null(kms_policy_sid(policy, -1).p);
}
END_TEST

static bool collect(void *arg, const struct kms_who *who)
{
    char *out = arg;

    snprintf(out + strlen(out), 200, "%.*s ", KMS_FMT(who->text));
    return strstr(out, "stop") == NULL;
}

START_TEST(principals_can_be_asked_for)
{
    KMS_AUTO_POLICY policy = compiled(
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\"},{\"Effect\":\"Deny\","
        "\"NotPrincipal\":{\"AWS\":[\"111122223333\",\"arn:aws:iam::444455556666:root\"]}"
        "},"
        "{\"Effect\":\"Deny\",\"Principal\":{\"Service\":\"stop\"}},{\"Effect\":\"Deny\","
        "\"Principal\":{\"Service\":\"more\"}}]}",
        KMS_POLICY_KEY);
    char names[500] = "";

    ck_assert(!kms_policy_principals(policy, collect, names));
    ck_assert_str_eq(names, "111122223333 444455556666 stop ");
}
END_TEST

enum { HOLDERS = 4, TURNS = 5000 };

static void *hold(void *arg)
{
    const struct kms_policy *policy = arg;

    for (int i = 0; i < TURNS; i++)
        kms_policy_unref(kms_policy_ref(policy));
    return NULL;
}

START_TEST(a_policy_is_shared_between_threads)
{
    KMS_AUTO_POLICY policy = compiled(KEY_DOC(""), KMS_POLICY_KEY);
    pthread_t threads[HOLDERS];

    for (int i = 0; i < HOLDERS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, hold, (void *)(uintptr_t)policy), 0);
    for (int i = 0; i < HOLDERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(kms_policy_statements(policy), 1);
    kms_policy_unref(NULL);
    ck_assert_ptr_null(kms_policy_ref(NULL));
}
END_TEST

RUN("policy", actions_are_a_vendor_and_a_name, resources_are_arns_or_everything,
    incomplete_arns_are_completed_in_identity_policies_alone,
    identity_policies_name_no_principals, who_is_no_principal_is_said_in_words,
    overly_permissive_conditions_are_said_in_words,
    conditions_have_known_operators_and_values_of_their_type, hostile_json_is_refused,
    a_usual_policy_is_small, principals_can_be_asked_for,
    a_policy_is_shared_between_threads)
