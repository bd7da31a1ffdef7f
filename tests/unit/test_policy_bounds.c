/* The worst documents: they end, and what would take too long is denied. */
#include "policy/document.h"
#include "test_policy_ask.h"

/* A document of KMS_POLICY_MAX bytes: head, as many units as fit, tail. */
static struct kms_str filled(char *out, const char *head, const char *unit,
                             const char *tail)
{
    size_t n = strlen(unit), at = strlen(head);

    memcpy(out, head, at);
    while (at + n + strlen(tail) + 1 <= KMS_POLICY_MAX) {
        memcpy(out + at, unit, n);
        at += n;
    }
    if (out[at - 1] == ',')
        at--;
    memcpy(out + at, tail, strlen(tail));
    return (struct kms_str){out, at + strlen(tail)};
}

START_TEST(the_densest_documents_compile_and_end)
{
    static char text[KMS_POLICY_MAX + 1], value[8192 + 8];
    static const char *const parts[][3] = {
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Resource\":\"*\","
         "\"Action\":[",
         "\"*\",", "]}}"},
        {"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\","
         "\"Resource\":\"arn:aws:kms:",
         "*?", "\"}}"},
        {"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\","
         "\"Resource\":\"*\",\"Condition\":{\"NumericEquals\":{\"a:k\":[",
         "1,", "]}}}}"},
        {"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\","
         "\"Resource\":\"*\",\"Condition\":{\"StringLike\":{\"a:k\":[",
         "\"\",", "]}}}}"},
        {"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\","
         "\"Resource\":\"*\",\"Condition\":{\"StringLike\":{\"a:k\":[",
         "\"*a*a*a*a*b\",", "]}}}}"},
        {"{\"Statement\":[", "{\"Effect\":\"Deny\",\"Principal\":\"*\"},", "]}"},
        {"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[",
         "\"111122223333\",", "]},\"Action\":\"*\",\"Resource\":\"*\"}}"},
    };
    struct kms_str one = {value, 8192};
    struct kms_policy_pair pair = {KMS_LIT("a:k"), &one, 1};
    struct kms_policy_pairs pairs = {&pair, 1};

    memset(value, 'a', 8192);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        KMS_AUTO_POLICY policy = NULL;
        struct kms_str doc = filled(text, parts[i][0], parts[i][1], parts[i][2]);
        struct kms_policy_request r = {
            &alice, KMS_LIT("kms:Encrypt"),          KMS_LIT(KEY_ARN),
            false,  {kms_policy_pairs_find, &pairs}, NULL};
        struct kms_policy_verdict v;

        ck_assert_msg(kms_policy_compile(doc, KMS_POLICY_KEY, &policy) == KMS_OK,
                      "%zu: %s", i, kms_err_note(KMS_E_NOMEM));
        kms_policy_evaluate(policy, &r, &v);
        ck_assert_msg(!v.unfinished, "%zu", i);
    }
}
END_TEST

START_TEST(what_would_take_too_long_is_not_allowed)
{
    static char text[KMS_POLICY_MAX + 1], value[8192 + 8];
    struct kms_str one = {value, 8192}, doc;
    struct kms_policy_pair pair = {KMS_LIT("a:k"), &one, 1};
    struct kms_policy_pairs pairs = {&pair, 1};
    struct kms_policy_request r = {
        &alice, KMS_LIT("kms:Encrypt"),          KMS_LIT(KEY_ARN),
        false,  {kms_policy_pairs_find, &pairs}, NULL};
    struct kms_policy_verdict v;
    KMS_AUTO_POLICY policy = NULL;

    memset(value, 'a', 8192);
    doc = filled(
        text,
        "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\","
        "\"Resource\":\"*\",\"Condition\":{\"StringNotLike\":{\"a:k\":[",
        "\"*a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?b*\",",
        "]}}}}");
    ck_assert_int_eq(kms_policy_compile(doc, KMS_POLICY_KEY, &policy), KMS_OK);
    kms_policy_evaluate(policy, &r, &v);
    ck_assert(v.unfinished);
    ck_assert(!kms_policy_allows(&v));
}
END_TEST

RUN("policy_bounds", the_densest_documents_compile_and_end,
    what_would_take_too_long_is_not_allowed)
