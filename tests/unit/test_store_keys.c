#include <string.h>

#include "box.h"

static struct box b;

static void setup(void)
{
    box_make(&b);
}

static void teardown(void)
{
    box_free(&b);
}

static void same_version(const struct kms_key_version *x, const struct kms_key_version *y)
{
    ck_assert_uint_eq(x->number, y->number);
    ck_assert_mem_eq(x->kmid, y->kmid, KMS_KMID_LEN);
    ck_assert_mem_eq(x->kek, y->kek, KMS_UUID_LEN);
    ck_assert(kms_bytes_eq(x->sealed, y->sealed));
    ck_assert((x->sealed.p == NULL) == (y->sealed.p == NULL));
    ck_assert_int_eq(x->created_ms, y->created_ms);
    ck_assert_int_eq(x->rotated_ms, y->rotated_ms);
    ck_assert_int_eq(x->rotation_type, y->rotation_type);
}

static void same_key(const struct kms_key *x, const struct kms_key *y)
{
    ck_assert(kms_str_eq(x->account, y->account) && kms_str_eq(x->region, y->region));
    ck_assert(kms_str_eq(x->id, y->id) && kms_str_eq(x->arn, y->arn));
    ck_assert(kms_str_eq(x->description, y->description));
    ck_assert(kms_str_eq(x->policy, y->policy));
    ck_assert_mem_eq(x->uuid, y->uuid, KMS_UUID_LEN);
    ck_assert_int_eq(x->multi_region, y->multi_region);
    ck_assert_int_eq(x->spec, y->spec);
    ck_assert_int_eq(x->usage, y->usage);
    ck_assert_int_eq(x->origin, y->origin);
    ck_assert_int_eq(x->state, y->state);
    ck_assert_int_eq(x->created_ms, y->created_ms);
    ck_assert_int_eq(x->deletion_ms, y->deletion_ms);
    ck_assert_int_eq(x->pending_window_days, y->pending_window_days);
    ck_assert_int_eq(x->rotation_period_days, y->rotation_period_days);
    ck_assert_int_eq(x->next_rotation_ms, y->next_rotation_ms);
    ck_assert_int_eq(x->on_demand_started_ms, y->on_demand_started_ms);
    ck_assert_int_eq(x->on_demand_count, y->on_demand_count);
    ck_assert_uint_eq(x->current_version, y->current_version);
    ck_assert_uint_eq(x->n_versions, y->n_versions);
    for (size_t i = 0; i < x->n_versions; i++)
        same_version(&x->versions[i], &y->versions[i]);
}

/* --- keys ------------------------------------------------------------------------------
 */

START_TEST(a_key_comes_back_as_it_was_written)
{
    KMS_AUTO(key) k = box_record(1);
    KMS_AUTO_KEY fresh = NULL;
    KMS_AUTO_KEY after = NULL;

    box_key(&b, 1, NULL);
    OK(box_get(&b, 1, &fresh));
    same_key(k, fresh);
    box_reopen(&b);
    OK(box_get(&b, 1, &after));
    same_key(k, after);
}
END_TEST

static void edit_everything(struct kms_key *k)
{
    OK(kms_key_set_text(k, &k->description, KMS_LIT("")));
    OK(kms_key_set_text(k, &k->policy, KMS_LIT("{\"a\":\"\xc3\xa9\"}")));
    k->multi_region = true;
    k->state = KMS_KEY_STATE_PENDING_DELETION;
    k->deletion_ms = 1234567890123;
    k->pending_window_days = 7;
    k->rotation_period_days = 90;
    k->next_rotation_ms = 2234567890123;
    k->on_demand_started_ms = 3;
    k->on_demand_count = 10;
    k->current_version = 1;
}

START_TEST(an_update_writes_every_member)
{
    KMS_AUTO(key) k = box_record(1);
    KMS_AUTO_KEY got = NULL;

    box_key(&b, 1, NULL);
    box_update(&b, 1, edit_everything);
    edit_everything(k);
    OK(box_get(&b, 1, &got));
    same_key(k, got);
    kms_key_unref(got);
    got = NULL;
    box_reopen(&b);
    OK(box_get(&b, 1, &got));
    same_key(k, got);
}
END_TEST

static void rotate(struct kms_key *k)
{
    struct kms_key_version v = k->versions[k->n_versions - 1];

    v.number++;
    v.kmid[31] = (uint8_t)v.number;
    v.rotation_type = KMS_ROTATION_TYPE_AUTOMATIC;
    OK(kms_key_add_version(k, &v));
}

/* Takes the material of the first version away and gives the second another one. */
static void destroy_and_reseal(struct kms_key *k)
{
    struct kms_key_version *v = kms_arena_alloc(k->arena, k->n_versions * sizeof *v);

    memcpy(v, k->versions, k->n_versions * sizeof *v);
    v[0].sealed = (struct kms_bytes){NULL, 0};
    v[1].sealed = KMS_BYTES("sealed again, by another key");
    k->versions = v;
}

START_TEST(versions_are_added_resealed_and_destroyed)
{
    KMS_AUTO(key) k = box_record(1);
    KMS_AUTO_KEY got = NULL;

    box_key(&b, 1, NULL);
    box_update(&b, 1, rotate);
    box_update(&b, 1, destroy_and_reseal);
    rotate(k);
    destroy_and_reseal(k);
    box_reopen(&b);
    OK(box_get(&b, 1, &got));
    same_key(k, got);
    ck_assert_uint_eq(got->n_versions, 3);
}
END_TEST

START_TEST(a_key_is_found_by_uuid_and_by_material_in_its_region_only)
{
    KMS_AUTO(key) k = box_record(2);
    KMS_AUTO(tx) tx = NULL;

    box_key(&b, 1, NULL);
    box_key(&b, 2, NULL);
    OK(kms_store_read(b.store, &tx));
    for (int i = 0; i < 3; i++) { /* from the database, then from memory */
        KMS_AUTO_KEY by_uuid = NULL;
        KMS_AUTO_KEY by_kmid = NULL;
        KMS_AUTO_KEY none = NULL;

        OK(kms_keys_by_uuid(tx, REGION, k->uuid, &by_uuid));
        ck_assert(kms_str_eq(by_uuid->id, k->id));
        OK(kms_keys_by_kmid(tx, REGION, k->versions[0].kmid, &by_kmid));
        ck_assert(kms_str_eq(by_kmid->id, k->id));
        FAILS(KMS_E_NOT_FOUND,
              kms_keys_by_uuid(tx, KMS_LIT("us-east-1"), k->uuid, &none));
        FAILS(KMS_E_NOT_FOUND,
              kms_keys_by_kmid(tx, KMS_LIT("us-east-1"), k->versions[0].kmid, &none));
        FAILS(KMS_E_NOT_FOUND,
              kms_keys_get(tx, KMS_LIT("444455556666"), REGION, k->id, &none));
        ck_assert_str_eq(kms_err_note(KMS_E_NOT_FOUND), "");
    }
}
END_TEST

static enum kms_rc insert_again(struct kms_tx *tx, void *arg)
{
    KMS_AUTO(key) k = box_record(1);

    (void)arg;
    FAILS(KMS_E_ALREADY_EXISTS, kms_keys_insert(tx, k));
    ck_assert_int_eq(k->row, 0);
    return KMS_OK;
}

START_TEST(a_second_key_of_the_same_id_is_refused_and_nothing_else_happens)
{
    box_key(&b, 1, NULL);
    OK(box_write(&b, insert_again, NULL));
    box_reopen(&b);
}
END_TEST

static void list_keys(struct kms_str after, size_t limit, const char *want,
                      bool want_more)
{
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO(arena) a = NULL;
    const struct kms_str *ids;
    char got[256] = "";
    size_t n;
    bool more;

    OK(kms_arena_new(&a));
    OK(kms_store_read(b.store, &tx));
    OK(kms_keys_list(tx, ACCOUNT, REGION, after, limit, a, &ids, &n, &more));
    for (size_t i = 0; i < n; i++)
        strncat(got, ids[i].p + 7, 1); /* the digit that differs */
    ck_assert_str_eq(got, want);
    ck_assert_int_eq(more, want_more);
}

START_TEST(keys_are_listed_by_id_page_by_page)
{
    char id[10][KMS_KEY_ID_MAX + 1];
    int64_t n;
    KMS_AUTO(tx) tx = NULL;

    for (int i = 9; i > 0; i--)
        box_key(&b, i, id[i]);
    list_keys((struct kms_str){NULL, 0}, 4, "1234", true);
    list_keys(kms_str_of(id[4]), 4, "5678", true);
    list_keys(kms_str_of(id[8]), 4, "9", false);
    list_keys(kms_str_of(id[5]), 4, "6789", false);
    list_keys(kms_str_of(id[9]), 4, "", false);
    OK(kms_store_read(b.store, &tx));
    OK(kms_keys_count(tx, ACCOUNT, REGION, &n));
    ck_assert_int_eq(n, 9);
    OK(kms_keys_count(tx, ACCOUNT, KMS_LIT("us-east-1"), &n));
    ck_assert_int_eq(n, 0);
}
END_TEST

/* --- what falls due --------------------------------------------------------------------
 */

static void delete_at_900(struct kms_key *k)
{
    k->state = KMS_KEY_STATE_PENDING_DELETION;
    k->deletion_ms = 900;
}

static void rotate_at_900(struct kms_key *k)
{
    k->rotation_period_days = 90;
    k->next_rotation_ms = 900;
}

static void rotate_at_500(struct kms_key *k)
{
    k->rotation_period_days = 90;
    k->next_rotation_ms = 500;
}

static void disable(struct kms_key *k)
{
    k->state = KMS_KEY_STATE_DISABLED;
}

static void due(int64_t now_ms, const char *description, enum kms_due_kind kind,
                int64_t at_ms)
{
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO_KEY k = NULL;
    enum kms_due_kind what = KMS_DUE_NONE;
    int64_t when_ms = 0;
    enum kms_rc rc;

    OK(kms_store_read(b.store, &tx));
    rc = kms_keys_due(tx, now_ms, &k, &what, &when_ms);
    if (description == NULL) {
        FAILS(KMS_E_NOT_FOUND, rc);
        return;
    }
    OK(rc);
    ck_assert(kms_str_is(k->description, description));
    ck_assert_int_eq(what, kind);
    ck_assert_int_eq(when_ms, at_ms);
}

START_TEST(the_earliest_thing_due_comes_first_and_ties_go_by_row)
{
    KMS_AUTO(tx) tx = NULL;
    int64_t at_ms = 0;

    for (int i = 1; i <= 4; i++)
        box_key(&b, i, NULL);
    OK(kms_store_read(b.store, &tx));
    FAILS(KMS_E_NOT_FOUND, kms_keys_next_due(tx, &at_ms));
    kms_tx_free(KMS_TAKE(tx));
    due(INT64_MAX, NULL, KMS_DUE_NONE, 0);

    box_update(&b, 3, rotate_at_900);
    box_update(&b, 2, delete_at_900);
    box_update(&b, 4, rotate_at_500);
    OK(kms_store_read(b.store, &tx));
    OK(kms_keys_next_due(tx, &at_ms));
    ck_assert_int_eq(at_ms, 500);
    due(499, NULL, KMS_DUE_NONE, 0);
    kms_tx_free(KMS_TAKE(tx));
    due(500, "key number 4", KMS_DUE_ROTATION, 500);
    box_update(&b, 4, disable);
    due(899, NULL, KMS_DUE_NONE, 0);
    due(900, "key number 2", KMS_DUE_DELETION, 900);
    box_reopen(&b);
    due(5000, "key number 2", KMS_DUE_DELETION, 900);
}
END_TEST

START_TEST(finding_what_is_due_walks_an_index)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;

    ck_assert_int_eq(sqlite3_open(b.path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db,
                                        "EXPLAIN QUERY PLAN SELECT * FROM keys k WHERE "
                                        "k.due_ms <= ?1 ORDER BY k.due_ms, k.row LIMIT 1",
                                        -1, &st, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
    ck_assert_ptr_nonnull(
        strstr((const char *)sqlite3_column_text(st, 3), "USING INDEX keys_by_due"));
    ck_assert_int_eq(sqlite3_step(st), SQLITE_DONE); /* no sorting after it */
    sqlite3_finalize(st);
    sqlite3_close(db);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_key_comes_back_as_it_was_written,
        an_update_writes_every_member,
        versions_are_added_resealed_and_destroyed,
        a_key_is_found_by_uuid_and_by_material_in_its_region_only,
        a_second_key_of_the_same_id_is_refused_and_nothing_else_happens,
        keys_are_listed_by_id_page_by_page,
        the_earliest_thing_due_comes_first_and_ties_go_by_row,
        finding_what_is_due_walks_an_index,
    };

    return box_main("store_keys", setup, teardown, tests, sizeof tests / sizeof tests[0]);
}
