/*
 * test_due.c - background acts on records that no client can bring about: between one
 * step of the schedule and the next.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/world.h"
#include "dispatch/due.h"
#include "ops/due.h"
#include "ops/family.h"
#include "store/keys.h"
#include "store/versions.h"

enum { AT_MS = 5000 };

static struct world w;
static char key[37];

static void make(const char *members)
{
    struct world_reply r = world_call(&w, "CreateKey", members);

    ck_assert_msg(r.status == 200, "%s", r.body);
    world_member(&r, "KeyId", key, sizeof key);
}

static void setup(void)
{
    world_make(&w);
    make("{\"Origin\":\"EXTERNAL\"}");
}

static void teardown(void)
{
    world_free(&w);
}

/* One transaction of the writer: edit the record, act on it, look at what came of it. */
struct scene {
    void (*edit)(struct kms_key *k);
    enum kms_due_kind kind;
    void (*check)(const struct kms_key *k, const struct kms_due_done *done);
};

static enum kms_rc play(struct kms_service *s, struct kms_tx *tx, void *arg)
{
    const struct scene *scene = arg;
    const struct kms_due due = {scene->kind, AT_MS};
    KMS_AUTO(arena) arena = NULL;
    KMS_AUTO_KEY before = NULL;
    KMS_AUTO_KEY placed = NULL;
    KMS_AUTO_KEY after = NULL;
    KMS_AUTO(key) k = NULL;
    struct kms_due_done done = {0};

    KMS_TRY(kms_arena_new(&arena));
    KMS_TRY(kms_keys_get(tx, KMS_LIT("111122223333"), KMS_LIT("us-east-1"),
                         kms_str_of(key), &before));
    KMS_TRY(kms_key_copy(before, &k));
    scene->edit(k);
    KMS_TRY(kms_keys_update(tx, k));
    KMS_TRY(kms_keys_get(tx, before->account, before->region, before->id, &placed));
    KMS_TRY(kms_due_act(tx, w.home->keyring, placed, &due, arena, &done));
    KMS_TRY(kms_keys_get(tx, before->account, before->region, before->id, &after));
    (void)s;
    scene->check(after, &done);
    return KMS_OK;
}

static void run(struct scene scene)
{
    ck_assert_int_eq(kms_service_run(w.service, play, &scene), KMS_OK);
}

/* n versions of imported material, of which bits of missing are gone; m are bound. */
static void give(struct kms_key *k, uint32_t n, unsigned missing, uint32_t m)
{
    struct kms_key_version *v = kms_arena_alloc(k->arena, n * sizeof *v);

    ck_assert_ptr_nonnull(v);
    for (uint32_t i = 0; i < n; i++) {
        v[i] = (struct kms_key_version){.number = i + 1, .created_ms = 1000 + i};
        memset(v[i].kmid, (int)(i + 1), sizeof v[i].kmid);
        if ((missing >> i & 1) == 0)
            v[i].sealed = KMS_BYTES("as the token sealed it");
    }
    k->versions = v;
    k->n_versions = n;
    k->current_version = m;
    k->state = KMS_KEY_STATE_ENABLED;
}

static struct kms_key_version *version(struct kms_key *k, size_t i)
{
    return (struct kms_key_version *)(uintptr_t)&k->versions[i];
}

/* --- an on-demand rotation under way ------------------------------------------------ */

static void rotating(struct kms_key *k)
{
    k->on_demand_started_ms = 4000;
    k->on_demand_count = 3;
}

static void taken_back(struct kms_key *k)
{
    give(k, 1, 0, 1);
    rotating(k);
}

static void check_lapsed(const struct kms_key *k, const struct kms_due_done *done)
{
    ck_assert_uint_eq(k->current_version, 1);
    ck_assert_int_eq(k->on_demand_started_ms, 0);
    ck_assert_int_eq(k->on_demand_count, 2);
    ck_assert_int_eq(k->state, KMS_KEY_STATE_ENABLED);
    ck_assert_ptr_null(done->event);
    ck_assert(!done->destroyed);
}

START_TEST(a_rotation_whose_material_was_taken_back_lapses_and_does_not_count)
{
    run((struct scene){taken_back, KMS_DUE_ON_DEMAND, check_lapsed});
}
END_TEST

static void pending(struct kms_key *k)
{
    give(k, 2, 0, 1);
    rotating(k);
}

static void pending_disabled(struct kms_key *k)
{
    pending(k);
    k->state = KMS_KEY_STATE_DISABLED;
}

static void pending_in_deletion(struct kms_key *k)
{
    pending(k);
    k->state = KMS_KEY_STATE_PENDING_DELETION;
    k->deletion_ms = 10000;
}

static void check_rotated(const struct kms_key *k)
{
    ck_assert_uint_eq(k->current_version, 2);
    ck_assert_int_eq(k->on_demand_started_ms, 0);
    ck_assert_int_eq(k->on_demand_count, 3);
    ck_assert_int_eq(k->versions[0].rotation_type, KMS_ROTATION_TYPE_NONE);
    ck_assert_int_eq(k->versions[1].rotation_type, KMS_ROTATION_TYPE_ON_DEMAND);
    ck_assert_int_eq(k->versions[1].rotated_ms, AT_MS);
}

static void check_rotated_enabled(const struct kms_key *k,
                                  const struct kms_due_done *done)
{
    check_rotated(k);
    ck_assert_int_eq(k->state, KMS_KEY_STATE_ENABLED);
    ck_assert_str_eq(done->event, "RotateKey");
}

static void check_rotated_disabled(const struct kms_key *k,
                                   const struct kms_due_done *done)
{
    (void)done;
    check_rotated(k);
    ck_assert_int_eq(k->state, KMS_KEY_STATE_DISABLED);
}

static void check_rotated_in_deletion(const struct kms_key *k,
                                      const struct kms_due_done *done)
{
    (void)done;
    check_rotated(k);
    ck_assert_int_eq(k->state, KMS_KEY_STATE_PENDING_DELETION);
    ck_assert_int_eq(k->deletion_ms, 10000);
}

START_TEST(a_rotation_completes_also_when_the_key_was_disabled_or_is_to_be_deleted)
{
    run((struct scene){pending, KMS_DUE_ON_DEMAND, check_rotated_enabled});
    run((struct scene){pending_disabled, KMS_DUE_ON_DEMAND, check_rotated_disabled});
    run((struct scene){pending_in_deletion, KMS_DUE_ON_DEMAND,
                       check_rotated_in_deletion});
}
END_TEST

static void pending_and_gone(struct kms_key *k)
{
    give(k, 2, 2, 1);
    rotating(k);
}

static void check_missed(const struct kms_key *k, const struct kms_due_done *done)
{
    (void)done;
    check_rotated(k);
    ck_assert_int_eq(k->state, KMS_KEY_STATE_PENDING_IMPORT);
}

START_TEST(material_that_is_gone_rotates_in_and_is_missed)
{
    run((struct scene){pending_and_gone, KMS_DUE_ON_DEMAND, check_missed});
}
END_TEST

/* --- expiry ------------------------------------------------------------------------- */

static void expiring(struct kms_key *k)
{
    give(k, 4, 0, 3);
    version(k, 0)->expires_ms = AT_MS;
    version(k, 1)->expires_ms = AT_MS + 1;
    version(k, 3)->expires_ms = AT_MS - 1;
    for (size_t i = 0; i < 4; i++)
        version(k, i)->expiration = KMS_EXPIRATION_MODEL_TYPE_KEY_MATERIAL_EXPIRES;
}

static void check_expired(const struct kms_key *k, const struct kms_due_done *done)
{
    ck_assert_uint_eq(k->n_versions, 4);
    ck_assert_ptr_null(k->versions[0].sealed.p);
    ck_assert_int_eq(k->versions[0].expires_ms, 0);
    ck_assert_int_eq(k->versions[0].expiration, KMS_EXPIRATION_MODEL_TYPE_NONE);
    ck_assert_ptr_nonnull(k->versions[1].sealed.p);
    ck_assert_int_eq(k->versions[1].expires_ms, AT_MS + 1);
    ck_assert_ptr_nonnull(k->versions[2].sealed.p);
    ck_assert_ptr_null(k->versions[3].sealed.p); /* waited for a rotation, still does */
    ck_assert_int_eq(k->state, KMS_KEY_STATE_PENDING_IMPORT);
    ck_assert_str_eq(done->event, "DeleteExpiredKeyMaterial");
    ck_assert(done->destroyed);
}

START_TEST(everything_that_has_expired_goes_in_one_act_and_nothing_else)
{
    run((struct scene){expiring, KMS_DUE_EXPIRY, check_expired});
}
END_TEST

/* --- keys on their way -------------------------------------------------------------- */

static void creating(struct kms_key *k)
{
    give(k, 1, 0, 1);
    k->state = KMS_KEY_STATE_CREATING;
}

static void updating(struct kms_key *k)
{
    give(k, 1, 0, 1);
    k->state = KMS_KEY_STATE_UPDATING;
}

static void creating_without_material(struct kms_key *k)
{
    give(k, 1, 1, 1);
    k->state = KMS_KEY_STATE_CREATING;
}

static void updating_without_material(struct kms_key *k)
{
    give(k, 1, 1, 1);
    k->state = KMS_KEY_STATE_UPDATING;
}

static void check_enabled(const struct kms_key *k, const struct kms_due_done *done)
{
    ck_assert_int_eq(k->state, KMS_KEY_STATE_ENABLED);
    ck_assert_str_eq(done->event, kms_family_synchronized);
}

static void check_waits(const struct kms_key *k, const struct kms_due_done *done)
{
    ck_assert_int_eq(k->state, KMS_KEY_STATE_PENDING_IMPORT);
    ck_assert_str_eq(done->event, kms_family_synchronized);
}

START_TEST(what_was_on_its_way_is_enabled_or_waits_for_its_material)
{
    run((struct scene){creating, KMS_DUE_SETTLE, check_enabled});
    run((struct scene){updating, KMS_DUE_SETTLE, check_enabled});
    run((struct scene){creating_without_material, KMS_DUE_SETTLE, check_waits});
    run((struct scene){updating_without_material, KMS_DUE_SETTLE, check_waits});
}
END_TEST

/* --- versions that are forgotten ---------------------------------------------------- */

static enum kms_rc forget_one(struct kms_service *s, struct kms_tx *tx, void *arg)
{
    KMS_AUTO_KEY k = NULL;
    KMS_AUTO_KEY less = NULL;
    KMS_AUTO(key) edit = NULL;

    (void)s;
    (void)arg;
    KMS_TRY(kms_keys_get(tx, KMS_LIT("111122223333"), KMS_LIT("us-east-1"),
                         kms_str_of(key), &k));
    KMS_TRY(kms_key_copy(k, &edit));
    give(edit, 2, 0, 1);
    KMS_TRY(kms_keys_update(tx, edit));
    ck_assert_int_eq(kms_versions_drop(tx, k->row, 3), KMS_E_NOT_FOUND);
    KMS_TRY(kms_versions_drop(tx, k->row, 2));
    ck_assert_int_eq(kms_versions_drop(tx, k->row, 2), KMS_E_NOT_FOUND);
    KMS_TRY(kms_keys_get(tx, k->account, k->region, k->id, &less));
    ck_assert_uint_eq(less->n_versions, 1);
    ck_assert_uint_eq(less->versions[0].number, 1);
    return KMS_OK;
}

START_TEST(a_dropped_version_is_gone_and_the_others_stay)
{
    ck_assert_int_eq(kms_service_run(w.service, forget_one, NULL), KMS_OK);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("due");
    TCase *t = tcase_create("due");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_rotation_whose_material_was_taken_back_lapses_and_does_not_count);
    tcase_add_test(
        t, a_rotation_completes_also_when_the_key_was_disabled_or_is_to_be_deleted);
    tcase_add_test(t, material_that_is_gone_rotates_in_and_is_missed);
    tcase_add_test(t, everything_that_has_expired_goes_in_one_act_and_nothing_else);
    tcase_add_test(t, what_was_on_its_way_is_enabled_or_waits_for_its_material);
    tcase_add_test(t, a_dropped_version_is_gone_and_the_others_stay);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
