#include <check.h>
#include <stdlib.h>

#include "key/state.h"

#define ARN "arn:aws:kms:us-east-1:111122223333:key/11223344-5566-7788-9900-aabbccddeeff"
#define IN(state) (1u << KMS_KEY_STATE_##state)

static struct kms_key key_in(enum kms_key_state state)
{
    return (struct kms_key){.arn = KMS_LIT(ARN),
                            .state = state,
                            .usage = KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT,
                            .origin = KMS_ORIGIN_TYPE_AWS_KMS};
}

/* What the service says of each state, where an operation does not allow it. */
static const struct {
    enum kms_key_state state;
    enum kms_rc rc;
    const char *text;
} refusals[] = {
    {KMS_KEY_STATE_CREATING, KMS_E_INVALID_STATE, ARN " is creating."},
    {KMS_KEY_STATE_ENABLED, KMS_E_INVALID_STATE, ARN " is enabled."},
    {KMS_KEY_STATE_DISABLED, KMS_E_DISABLED, ARN " is disabled."},
    {KMS_KEY_STATE_PENDING_DELETION, KMS_E_INVALID_STATE, ARN " is pending deletion."},
    {KMS_KEY_STATE_PENDING_IMPORT, KMS_E_INVALID_STATE, ARN " is pending import."},
    {KMS_KEY_STATE_PENDING_REPLICA_DELETION, KMS_E_INVALID_STATE,
     ARN " is pending replica deletion."},
    {KMS_KEY_STATE_UNAVAILABLE, KMS_E_INVALID_STATE, ARN " is unavailable."},
    {KMS_KEY_STATE_UPDATING, KMS_E_INVALID_STATE, ARN " is updating."},
};
enum { N_STATES = sizeof refusals / sizeof refusals[0] };

static const uint32_t deletion = IN(PENDING_DELETION) | IN(PENDING_REPLICA_DELETION);

START_TEST(every_state_passes_or_is_refused_in_its_own_words_under_every_mask)
{
    ck_assert_int_eq(N_STATES, KMS_KEY_STATE_COUNT - 1);
    for (uint32_t bits = 0; bits < 1u << N_STATES; bits++) {
        uint32_t mask = 0;

        for (unsigned i = 0; i < N_STATES; i++)
            if ((bits >> i & 1) != 0)
                mask |= 1u << refusals[i].state;
        for (unsigned i = 0; i < N_STATES; i++) {
            const struct kms_key k = key_in(refusals[i].state);
            enum kms_rc rc = kms_state_gate(&k, mask);

            if ((mask & 1u << k.state) != 0) {
                ck_assert_int_eq(rc, KMS_OK);
            } else if ((mask & ~deletion) == 0) {
                ck_assert_int_eq(rc, KMS_E_INVALID_STATE);
                ck_assert_str_eq(kms_err_note(rc), ARN " is not pending deletion.");
            } else {
                ck_assert_int_eq(rc, refusals[i].rc);
                ck_assert_str_eq(kms_err_note(rc), refusals[i].text);
            }
        }
    }
}
END_TEST

START_TEST(a_wrong_usage_names_key_usage_and_operation)
{
    const struct kms_key k = key_in(KMS_KEY_STATE_ENABLED);
    enum kms_rc rc = kms_usage_gate(&k, KMS_KEY_USAGE_TYPE_SIGN_VERIFY, "Sign");

    ck_assert_int_eq(rc, KMS_E_INVALID_KEY_USAGE);
    ck_assert_str_eq(kms_err_note(rc),
                     ARN " key usage is ENCRYPT_DECRYPT which is not valid for Sign.");
    ck_assert_int_eq(kms_usage_gate(&k, KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT, "Encrypt"),
                     KMS_OK);
    ck_assert_int_eq(kms_usage_gate(&k, KMS_KEY_USAGE_TYPE_NONE, "DescribeKey"), KMS_OK);
}
END_TEST

START_TEST(a_wrong_origin_names_key_and_origin)
{
    struct kms_key k = key_in(KMS_KEY_STATE_PENDING_IMPORT);
    enum kms_rc rc;

    k.origin = KMS_ORIGIN_TYPE_EXTERNAL;
    rc = kms_origin_gate(&k, 1u << KMS_ORIGIN_TYPE_AWS_KMS);
    ck_assert_int_eq(rc, KMS_E_UNSUPPORTED_OPERATION);
    ck_assert_str_eq(kms_err_note(rc),
                     ARN " origin is EXTERNAL which is not valid for this operation.");
    ck_assert_int_eq(kms_origin_gate(&k, 1u << KMS_ORIGIN_TYPE_EXTERNAL), KMS_OK);
    ck_assert_int_eq(kms_origin_gate(&k, 0), KMS_OK);
}
END_TEST

static void expect_due(const struct kms_key *k, enum kms_due_kind kind, int64_t at_ms)
{
    int64_t when_ms = -1;

    ck_assert_int_eq(kms_state_due(k, &when_ms), kind);
    ck_assert_int_eq(when_ms, at_ms);
}

START_TEST(a_key_without_schedule_has_nothing_due)
{
    const struct kms_key k = key_in(KMS_KEY_STATE_ENABLED);

    expect_due(&k, KMS_DUE_NONE, -1);
}
END_TEST

START_TEST(automatic_rotation_is_due_only_while_enabled)
{
    for (unsigned i = 0; i < N_STATES; i++) {
        struct kms_key k = key_in(refusals[i].state);

        k.rotation_period_days = 90;
        k.next_rotation_ms = 500;
        k.deletion_ms = k.state == KMS_KEY_STATE_PENDING_DELETION ? 700 : 0;
        if (k.state == KMS_KEY_STATE_ENABLED)
            expect_due(&k, KMS_DUE_ROTATION, 500);
        else if (k.state == KMS_KEY_STATE_PENDING_DELETION)
            expect_due(&k, KMS_DUE_DELETION, 700);
        else
            expect_due(&k, KMS_DUE_NONE, -1);
    }
}
END_TEST

START_TEST(an_on_demand_rotation_completes_in_every_state)
{
    for (unsigned i = 0; i < N_STATES; i++) {
        struct kms_key k = key_in(refusals[i].state);

        k.on_demand_started_ms = 100;
        k.deletion_ms = k.state == KMS_KEY_STATE_PENDING_DELETION ? 700 : 0;
        expect_due(&k, KMS_DUE_ON_DEMAND, 100);
    }
}
END_TEST

START_TEST(the_earliest_comes_first)
{
    struct kms_key k = key_in(KMS_KEY_STATE_ENABLED);

    k.rotation_period_days = 90;
    k.next_rotation_ms = 100;
    k.on_demand_started_ms = 200;
    expect_due(&k, KMS_DUE_ROTATION, 100);
    k.next_rotation_ms = 300;
    expect_due(&k, KMS_DUE_ON_DEMAND, 200);

    k.state = KMS_KEY_STATE_PENDING_DELETION;
    k.deletion_ms = 150;
    expect_due(&k, KMS_DUE_DELETION, 150);
}
END_TEST

START_TEST(at_the_same_moment_on_demand_precedes_rotation_precedes_deletion)
{
    struct kms_key k = key_in(KMS_KEY_STATE_ENABLED);

    k.rotation_period_days = 90;
    k.next_rotation_ms = 100;
    k.on_demand_started_ms = 100;
    expect_due(&k, KMS_DUE_ON_DEMAND, 100);
    k.on_demand_started_ms = 0;
    expect_due(&k, KMS_DUE_ROTATION, 100);

    k.state = KMS_KEY_STATE_PENDING_DELETION;
    k.deletion_ms = 100;
    k.on_demand_started_ms = 100;
    expect_due(&k, KMS_DUE_ON_DEMAND, 100);
    ck_assert(KMS_DUE_ON_DEMAND < KMS_DUE_ROTATION &&
              KMS_DUE_ROTATION < KMS_DUE_DELETION);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("state");
    TCase *t = tcase_create("state");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_test(t, every_state_passes_or_is_refused_in_its_own_words_under_every_mask);
    tcase_add_test(t, a_wrong_usage_names_key_usage_and_operation);
    tcase_add_test(t, a_wrong_origin_names_key_and_origin);
    tcase_add_test(t, a_key_without_schedule_has_nothing_due);
    tcase_add_test(t, automatic_rotation_is_due_only_while_enabled);
    tcase_add_test(t, an_on_demand_rotation_completes_in_every_state);
    tcase_add_test(t, the_earliest_comes_first);
    tcase_add_test(t, at_the_same_moment_on_demand_precedes_rotation_precedes_deletion);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
