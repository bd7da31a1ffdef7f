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

/* What is due in a state by itself, with deletion_ms set where the state has one. */
static enum kms_due_kind due_by_state(struct kms_key *k)
{
    k->deletion_ms = k->state == KMS_KEY_STATE_PENDING_DELETION ? 700 : 0;
    switch (k->state) {
    case KMS_KEY_STATE_PENDING_DELETION:
        return KMS_DUE_DELETION;
    case KMS_KEY_STATE_CREATING:
    case KMS_KEY_STATE_UPDATING:
        return KMS_DUE_SETTLE;
    default:
        return KMS_DUE_NONE;
    }
}

START_TEST(automatic_rotation_is_due_only_while_enabled)
{
    for (unsigned i = 0; i < N_STATES; i++) {
        struct kms_key k = key_in(refusals[i].state);
        enum kms_due_kind kind = due_by_state(&k);

        k.rotation_period_days = 90;
        k.next_rotation_ms = 500;
        if (k.state == KMS_KEY_STATE_ENABLED)
            expect_due(&k, KMS_DUE_ROTATION, 500);
        else
            expect_due(&k, kind,
                       kind == KMS_DUE_DELETION ? 700
                       : kind == KMS_DUE_SETTLE ? 0
                                                : -1);
    }
}
END_TEST

START_TEST(an_on_demand_rotation_completes_in_every_state)
{
    for (unsigned i = 0; i < N_STATES; i++) {
        struct kms_key k = key_in(refusals[i].state);
        enum kms_due_kind kind = due_by_state(&k);

        k.on_demand_started_ms = 100;
        if (kind == KMS_DUE_SETTLE) { /* comes first, and then it is its turn */
            expect_due(&k, KMS_DUE_SETTLE, 0);
            k.state = KMS_KEY_STATE_ENABLED;
        }
        expect_due(&k, KMS_DUE_ON_DEMAND, 100);
    }
}
END_TEST

/* A key of a family: a replica when its primary is elsewhere. */
static struct kms_key member_in(enum kms_key_state state, const char *primary_region)
{
    struct kms_key k = key_in(state);

    k.multi_region = true;
    k.region = KMS_LIT("us-east-1");
    k.primary_region = kms_str_of(primary_region);
    return k;
}

START_TEST(a_replica_is_what_has_its_primary_in_another_region)
{
    const struct kms_key one = key_in(KMS_KEY_STATE_ENABLED);
    const struct kms_key primary = member_in(KMS_KEY_STATE_ENABLED, "us-east-1");
    const struct kms_key replica = member_in(KMS_KEY_STATE_ENABLED, "eu-west-1");

    ck_assert(!kms_state_is_replica(&one));
    ck_assert(!kms_state_is_replica(&primary));
    ck_assert(kms_state_is_replica(&replica));
}
END_TEST

START_TEST(a_replica_never_rotates_by_itself)
{
    struct kms_key k = member_in(KMS_KEY_STATE_ENABLED, "eu-west-1");

    k.rotation_period_days = 90;
    k.next_rotation_ms = 500;
    k.on_demand_started_ms = 100;
    expect_due(&k, KMS_DUE_NONE, -1);
    k.primary_region = k.region;
    expect_due(&k, KMS_DUE_ON_DEMAND, 100);
}
END_TEST

/* Versions 1 to n; what is in missing (bit n - 1) was destroyed. */
static void give_versions(struct kms_key *k, struct kms_key_version *v, unsigned n,
                          unsigned missing)
{
    for (unsigned i = 0; i < n; i++)
        v[i] = (struct kms_key_version){.number = i + 1,
                                        .sealed = (missing >> i & 1) != 0
                                                      ? (struct kms_bytes){NULL, 0}
                                                      : KMS_BYTES("sealed")};
    k->versions = v;
    k->n_versions = n;
    k->current_version = n;
}

START_TEST(a_key_is_complete_while_all_material_up_to_the_current_is_there)
{
    struct kms_key_version v[3];

    for (unsigned current = 0; current <= 3; current++) {
        for (unsigned missing = 0; missing < 8; missing++) {
            struct kms_key k = key_in(KMS_KEY_STATE_ENABLED);
            unsigned bound = (1u << current) - 1;
            bool whole = current != 0 && (missing & bound) == 0;

            give_versions(&k, v, 3, missing);
            k.current_version = current;
            ck_assert(kms_state_complete(&k) == whole);
            ck_assert_int_eq(kms_state_at_rest(&k), whole ? KMS_KEY_STATE_ENABLED
                                                          : KMS_KEY_STATE_PENDING_IMPORT);
        }
    }
}
END_TEST

START_TEST(importing_the_last_missing_material_enables_whatever_is_not_on_its_way)
{
    struct kms_key_version v[2];

    for (unsigned i = 0; i < N_STATES; i++) {
        struct kms_key k = key_in(refusals[i].state);
        bool rests = k.state == KMS_KEY_STATE_ENABLED ||
                     k.state == KMS_KEY_STATE_DISABLED ||
                     k.state == KMS_KEY_STATE_PENDING_IMPORT;

        give_versions(&k, v, 2, 1);
        kms_state_after_import(&k);
        ck_assert_int_eq(k.state,
                         rests ? KMS_KEY_STATE_PENDING_IMPORT : refusals[i].state);
        k.state = refusals[i].state;
        give_versions(&k, v, 2, 0);
        kms_state_after_import(&k);
        ck_assert_int_eq(k.state, rests ? KMS_KEY_STATE_ENABLED : refusals[i].state);
    }
}
END_TEST

START_TEST(losing_bound_material_makes_a_key_wait_unless_it_is_on_its_way)
{
    struct kms_key_version v[2];

    for (unsigned i = 0; i < N_STATES; i++) {
        struct kms_key k = key_in(refusals[i].state);
        bool rests = k.state == KMS_KEY_STATE_ENABLED ||
                     k.state == KMS_KEY_STATE_DISABLED ||
                     k.state == KMS_KEY_STATE_PENDING_IMPORT;

        give_versions(&k, v, 2, 0);
        kms_state_after_loss(&k);
        ck_assert_int_eq(k.state, refusals[i].state);
        give_versions(&k, v, 2, 2);
        k.current_version = 1; /* the second waits for a rotation */
        kms_state_after_loss(&k);
        ck_assert_int_eq(k.state, refusals[i].state);
        k.current_version = 2;
        kms_state_after_loss(&k);
        ck_assert_int_eq(k.state,
                         rests ? KMS_KEY_STATE_PENDING_IMPORT : refusals[i].state);
    }
}
END_TEST

START_TEST(material_that_is_there_expires_in_every_state_the_first_of_it_first)
{
    struct kms_key_version v[3];

    for (unsigned i = 0; i < N_STATES; i++) {
        struct kms_key k = key_in(refusals[i].state);
        enum kms_due_kind kind = due_by_state(&k);

        give_versions(&k, v, 3, 1);
        k.current_version = 2;
        v[0].expires_ms = 100; /* is gone */
        v[1].expires_ms = 400;
        v[2].expires_ms = 300; /* waits for a rotation, and expires all the same */
        if (kind == KMS_DUE_SETTLE)
            expect_due(&k, KMS_DUE_SETTLE, 0);
        else
            expect_due(&k, KMS_DUE_EXPIRY, 300);
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

START_TEST(at_the_same_moment_what_is_due_comes_in_the_order_of_the_enum)
{
    struct kms_key k = key_in(KMS_KEY_STATE_ENABLED);
    struct kms_key_version v[1];

    give_versions(&k, v, 1, 0);
    v[0].expires_ms = 100;
    k.rotation_period_days = 90;
    k.next_rotation_ms = 100;
    k.on_demand_started_ms = 100;
    expect_due(&k, KMS_DUE_ON_DEMAND, 100);
    k.on_demand_started_ms = 0;
    expect_due(&k, KMS_DUE_ROTATION, 100);

    k.state = KMS_KEY_STATE_PENDING_DELETION;
    k.deletion_ms = 100;
    expect_due(&k, KMS_DUE_EXPIRY, 100);
    k.on_demand_started_ms = 100;
    expect_due(&k, KMS_DUE_ON_DEMAND, 100);
    ck_assert(KMS_DUE_SETTLE < KMS_DUE_ON_DEMAND &&
              KMS_DUE_ON_DEMAND < KMS_DUE_ROTATION && KMS_DUE_ROTATION < KMS_DUE_EXPIRY &&
              KMS_DUE_EXPIRY < KMS_DUE_DELETION);
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
    tcase_add_test(t, a_replica_is_what_has_its_primary_in_another_region);
    tcase_add_test(t, a_replica_never_rotates_by_itself);
    tcase_add_test(t, a_key_is_complete_while_all_material_up_to_the_current_is_there);
    tcase_add_test(
        t, importing_the_last_missing_material_enables_whatever_is_not_on_its_way);
    tcase_add_test(t, losing_bound_material_makes_a_key_wait_unless_it_is_on_its_way);
    tcase_add_test(t,
                   material_that_is_there_expires_in_every_state_the_first_of_it_first);
    tcase_add_test(t, the_earliest_comes_first);
    tcase_add_test(t, at_the_same_moment_what_is_due_comes_in_the_order_of_the_enum);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
