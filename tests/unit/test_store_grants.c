#include <stdlib.h>

#include "box.h"
#include "store/grants.h"
#include "store/uses.h"

static struct box b;
static struct kms_arena *arena;
static int64_t key_row;

#define ALICE KMS_LIT("arn:aws:iam::111122223333:user/alice")
#define BOB KMS_LIT("arn:aws:iam::111122223333:user/bob")

static void setup(void)
{
    box_make(&b);
    OK(kms_arena_new(&arena));
    key_row = box_key(&b, 1, NULL);
}

static void teardown(void)
{
    kms_arena_free(arena);
    box_free(&b);
}

static const struct kms_str_pair pairs[] = {{{"a", 1}, {"1", 1}}, {{"b", 1}, {"", 0}}};

static struct kms_grant sample(const char *id, struct kms_str grantee)
{
    return (struct kms_grant){.id = kms_str_of(id),
                              .key_row = key_row,
                              .region = REGION,
                              .grantee = grantee,
                              .issuer = KMS_LIT("111122223333"),
                              .operations = 1u << KMS_GRANT_OPERATION_DECRYPT |
                                            1u << KMS_GRANT_OPERATION_CREATE_GRANT,
                              .constraint = KMS_GRANT_CONTEXT_SUBSET,
                              .pairs = {pairs, 2, true},
                              .created_ms = 1234};
}

static enum kms_rc insert_three(struct kms_tx *tx, void *arg)
{
    struct kms_grant g = sample("a1", ALICE);

    (void)arg;
    KMS_TRY(kms_grants_insert(tx, &g));
    g = sample("a2", BOB);
    g.retiring = ALICE;
    g.name = KMS_LIT("nightly");
    KMS_TRY(kms_grants_insert(tx, &g));
    g = sample("a3", ALICE);
    g.constraint = KMS_GRANT_UNCONSTRAINED;
    g.pairs = (struct kms_str_map){0};
    return kms_grants_insert(tx, &g);
}

START_TEST(a_grant_comes_back_as_it_was_written)
{
    KMS_AUTO(tx) tx = NULL;
    struct kms_grant g;

    OK(box_write(&b, insert_three, NULL));
    OK(kms_store_read(b.store, &tx));
    OK(kms_grants_get(tx, KMS_LIT("a2"), arena, &g));
    ck_assert(kms_str_eq(g.grantee, BOB) && kms_str_eq(g.retiring, ALICE));
    ck_assert(kms_str_is(g.name, "nightly") && kms_str_is(g.issuer, "111122223333"));
    ck_assert_uint_eq(g.operations, sample("x", BOB).operations);
    ck_assert_int_eq(g.constraint, KMS_GRANT_CONTEXT_SUBSET);
    ck_assert_uint_eq(g.pairs.n, 2);
    ck_assert(kms_str_is(g.pairs.v[0].key, "a") && kms_str_is(g.pairs.v[0].value, "1"));
    ck_assert(kms_str_is(g.pairs.v[1].key, "b") && g.pairs.v[1].value.n == 0);
    ck_assert_int_eq(g.created_ms, 1234);
    ck_assert(kms_str_starts(g.key_arn, "arn:aws:kms:"));
    OK(kms_grants_get(tx, KMS_LIT("a3"), arena, &g));
    ck_assert_ptr_null(g.name.p);
    ck_assert_uint_eq(g.pairs.n, 0);
    ck_assert_int_eq(kms_grants_get(tx, KMS_LIT("a4"), arena, &g), KMS_E_NOT_FOUND);
}
END_TEST

START_TEST(grants_are_listed_by_page_by_grantee_and_by_who_may_retire)
{
    KMS_AUTO(tx) tx = NULL;
    const struct kms_grant *v;
    size_t n;
    bool more;

    OK(box_write(&b, insert_three, NULL));
    OK(kms_store_read(b.store, &tx));
    OK(kms_grants_list(tx, key_row, (struct kms_str){0}, (struct kms_str){0}, 2, arena,
                       &v, &n, &more));
    ck_assert(n == 2 && more && kms_str_is(v[1].id, "a2"));
    OK(kms_grants_list(tx, key_row, (struct kms_str){0}, v[1].id, 2, arena, &v, &n,
                       &more));
    ck_assert(n == 1 && !more && kms_str_is(v[0].id, "a3"));
    OK(kms_grants_list(tx, key_row, ALICE, (struct kms_str){0}, 9, arena, &v, &n, &more));
    ck_assert(n == 2 && kms_str_is(v[0].id, "a1") && kms_str_is(v[1].id, "a3"));
    OK(kms_grants_list_retirable(tx, REGION, ALICE, (struct kms_str){0}, 9, arena, &v, &n,
                                 &more));
    ck_assert(n == 1 && kms_str_is(v[0].id, "a2"));
    OK(kms_grants_list_retirable(tx, KMS_LIT("us-east-1"), ALICE, (struct kms_str){0}, 9,
                                 arena, &v, &n, &more));
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(a_named_grant_is_found_by_everything_it_says_but_id_and_date)
{
    KMS_AUTO(tx) tx = NULL;
    struct kms_grant like = sample("other", BOB), g;

    OK(box_write(&b, insert_three, NULL));
    OK(kms_store_read(b.store, &tx));
    like.retiring = ALICE;
    like.name = KMS_LIT("nightly");
    like.created_ms = 9;
    OK(kms_grants_find(tx, &like, arena, &g));
    ck_assert(kms_str_is(g.id, "a2"));
    ck_assert_int_eq(g.created_ms, 1234);

    for (int change = 0; change < 7; change++) {
        struct kms_grant other = like;

        if (change == 0)
            other.name = KMS_LIT("hourly");
        else if (change == 1)
            other.grantee = ALICE;
        else if (change == 2)
            other.retiring = (struct kms_str){0};
        else if (change == 3)
            other.issuer = KMS_LIT("444455556666");
        else if (change == 4)
            other.operations = 1u << KMS_GRANT_OPERATION_DECRYPT;
        else if (change == 5)
            other.constraint = KMS_GRANT_CONTEXT_EQUALS;
        else
            other.pairs.n = 1;
        ck_assert_int_eq(kms_grants_find(tx, &other, arena, &g), KMS_E_NOT_FOUND);
    }
}
END_TEST

static enum kms_rc delete_one(struct kms_tx *tx, void *arg)
{
    return kms_grants_delete(tx, kms_str_of(arg));
}

static enum kms_rc delete_key(struct kms_tx *tx, void *arg)
{
    return kms_keys_delete(tx, arg);
}

static int64_t grants_left(void)
{
    KMS_AUTO(tx) tx = NULL;
    int64_t n;

    OK(kms_store_read(b.store, &tx));
    OK(kms_grants_count(tx, key_row, &n));
    return n;
}

START_TEST(a_deleted_grant_is_gone_and_a_deleted_key_takes_its_grants_along)
{
    KMS_AUTO_KEY k = NULL;
    char one[] = "a1";

    OK(box_write(&b, insert_three, NULL));
    OK(box_write(&b, delete_one, one));
    ck_assert_int_eq(grants_left(), 2);
    OK(box_get(&b, 1, &k));
    OK(box_write(&b, delete_key, (void *)(uintptr_t)k));
    ck_assert_int_eq(grants_left(), 0);
    box_close(&b);
    OK(box_try(&b));
}
END_TEST

static enum kms_rc note(struct kms_tx *tx, void *arg)
{
    for (int i = 0; i < 3; i++)
        KMS_TRY(kms_uses_note(tx, &(struct kms_use){.key_row = key_row,
                                                    .operation = KMS_LIT("Encrypt"),
                                                    .request_id = kms_str_of(arg),
                                                    .at_ms = 100 + i}));
    return KMS_OK;
}

START_TEST(the_last_use_of_a_group_is_kept_and_changes_no_state)
{
    KMS_AUTO(tx) tx = NULL;
    struct kms_use use;
    uint64_t before, after;
    uint8_t root[32];
    char first[] = "r1", second[] = "r2";

    kms_store_root(b.store, &before, root);
    OK(box_write(&b, note, first));
    OK(box_write(&b, note, second));
    kms_store_root(b.store, &after, root);
    ck_assert_uint_eq(before, after);
    OK(kms_store_read(b.store, &tx));
    OK(kms_uses_get(tx, key_row, arena, &use));
    ck_assert(kms_str_is(use.request_id, "r2") && kms_str_is(use.operation, "Encrypt"));
    ck_assert_int_eq(use.at_ms, 102);
    ck_assert_int_eq(kms_uses_get(tx, key_row + 1, arena, &use), KMS_E_NOT_FOUND);
}
END_TEST

START_TEST(an_edited_use_is_found_when_it_is_read)
{
    KMS_AUTO(tx) tx = NULL;
    struct kms_use use;
    char id[] = "r1";

    OK(box_write(&b, note, id));
    box_close(&b);
    box_sql(&b, "UPDATE uses SET at_ms = 1");
    OK(box_try(&b));
    OK(kms_store_read(b.store, &tx));
    ck_assert_int_eq(kms_uses_get(tx, key_row, arena, &use), KMS_E_TAMPERED);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_grant_comes_back_as_it_was_written,
        grants_are_listed_by_page_by_grantee_and_by_who_may_retire,
        a_named_grant_is_found_by_everything_it_says_but_id_and_date,
        a_deleted_grant_is_gone_and_a_deleted_key_takes_its_grants_along,
        the_last_use_of_a_group_is_kept_and_changes_no_state,
        an_edited_use_is_found_when_it_is_read,
    };

    return box_main("store_grants", setup, teardown, tests,
                    sizeof tests / sizeof tests[0]);
}
