/* test_policy_ask.h - a policy, a caller and a context, in a line of a test's table. */
#ifndef KMS_TESTS_TEST_POLICY_ASK_H
#define KMS_TESTS_TEST_POLICY_ASK_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"

#define ACCOUNT "111122223333"
#define OTHER "444455556666"
#define KEY_ARN                                                                          \
    "arn:aws:kms:us-east-1:" ACCOUNT ":key/1234abcd-12ab-34cd-56ef-1234567890ab"

static const struct kms_principal alice __attribute__((unused)) = {
    .kind = KMS_PRINCIPAL_USER,
    .account = {ACCOUNT, 12},
    .arn = {"arn:aws:iam::" ACCOUNT ":user/alice", 36},
    .unique_id = {"AIDACKCEVSQ6C2EXAMPLE", 21},
};
static const struct kms_principal app __attribute__((unused)) = {
    .kind = KMS_PRINCIPAL_ROLE,
    .account = {ACCOUNT, 12},
    .arn = {"arn:aws:sts::" ACCOUNT ":assumed-role/app/web", 46},
    .parent_arn = {"arn:aws:iam::" ACCOUNT ":role/svc/app", 38},
    .unique_id = {"AROADBQP57FF2AEXAMPLE", 21},
};

/* "name=value|value;name=value", names and values as they are; "name=" is one empty
 * value. */
struct circumstances {
    char text[512];
    struct kms_str values[32];
    struct kms_policy_pair pairs[16];
    struct kms_policy_pairs all;
};

static inline void circumstances_read(struct circumstances *c, const char *text)
{
    size_t n_values = 0, n_pairs = 0;
    char *rest = c->text, *entry;

    ck_assert_uint_lt(strlen(text), sizeof c->text);
    strcpy(c->text, text);
    while ((entry = strsep(&rest, ";")) != NULL && *entry != '\0') {
        char *value = strchr(entry, '='), *one;
        struct kms_policy_pair *pair = &c->pairs[n_pairs++];

        ck_assert_ptr_nonnull(value);
        *value++ = '\0';
        pair->name = kms_str_of(entry);
        pair->v = &c->values[n_values];
        while ((one = strsep(&value, "|")) != NULL) {
            c->values[n_values++] = kms_str_of(one);
            pair->n++;
        }
    }
    c->all = (struct kms_policy_pairs){c->pairs, n_pairs};
}

static inline const struct kms_policy *compiled(const char *text,
                                                enum kms_policy_kind kind)
{
    const struct kms_policy *policy = NULL;
    enum kms_rc rc = kms_policy_compile(kms_str_of(text), kind, &policy);

    ck_assert_msg(rc == KMS_OK, "%s: %s", text, kms_err_note(rc));
    return policy;
}

static inline enum kms_rc refused(const char *text, enum kms_policy_kind kind)
{
    const struct kms_policy *policy = NULL;
    enum kms_rc rc;

    kms_err_clear();
    rc = kms_policy_compile(kms_str_of(text), kind, &policy);
    ck_assert_msg(rc != KMS_OK, "accepted: %s", text);
    ck_assert_ptr_null(policy);
    return rc;
}

/* What text says about who asking for kms:Encrypt of the key under the circumstances. */
static inline struct kms_policy_verdict asked(const char *text, enum kms_policy_kind kind,
                                              const struct kms_principal *who,
                                              const char *circumstances)
{
    KMS_AUTO_POLICY policy = compiled(text, kind);
    struct circumstances c = {0};
    struct kms_policy_verdict verdict;
    struct kms_policy_request r = {
        .principal = who,
        .action = KMS_LIT("kms:Encrypt"),
        .resource = KMS_LIT(KEY_ARN),
        .context = {kms_policy_pairs_find, &c.all},
    };

    circumstances_read(&c, circumstances);
    kms_policy_evaluate(policy, &r, &verdict);
    return verdict;
}

#define RUN(name, ...)                                                                   \
    int main(void)                                                                       \
    {                                                                                    \
        const TTest *const tests[] = {__VA_ARGS__};                                      \
        Suite *s = suite_create(name);                                                   \
        TCase *t = tcase_create(name);                                                   \
        SRunner *r = srunner_create(s);                                                  \
        int failed;                                                                      \
                                                                                         \
        suite_add_tcase(s, t);                                                           \
        for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)                      \
            tcase_add_test(t, tests[i]);                                                 \
        srunner_run_all(r, CK_NORMAL);                                                   \
        failed = srunner_ntests_failed(r);                                               \
        srunner_free(r);                                                                 \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                \
    }

#endif
