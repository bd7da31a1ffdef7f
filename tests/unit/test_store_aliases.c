/*
 * test_store_aliases.c - which key an alias names, from memory: never what it was before
 * a change that was acknowledged.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "box.h"
#include "store/aliascache.h"

/* --- the cache alone -------------------------------------------------------------- */

static struct kms_alias_name the_name(void)
{
    return (struct kms_alias_name){KMS_LIT("111122223333"), KMS_LIT("us-east-1"),
                                   KMS_LIT("alias/a")};
}

static void ck_known(struct kms_aliascache *c, const struct kms_alias_name *alias,
                     uint64_t least, uint64_t most, const char *wanted)
{
    char id[KMS_KEY_ID_MAX + 1] = "";
    bool known = kms_aliascache_get(c, alias, least, most, id);

    ck_assert_int_eq(known, wanted != NULL);
    ck_assert_str_eq(id, wanted != NULL ? wanted : "");
}

START_TEST(what_a_snapshot_showed_is_served_to_its_epoch_only)
{
    const struct kms_alias_name a_name = the_name();
    KMS_AUTO(aliascache) c = NULL;

    OK(kms_aliascache_new(&c));
    ck_known(c, &a_name, 0, UINT64_MAX, NULL);
    kms_aliascache_put(c, &a_name, 5, KMS_LIT("one"));
    ck_known(c, &a_name, 5, 5, "one");
    ck_known(c, &a_name, 4, 4, NULL);
    ck_known(c, &a_name, 6, 6, NULL);
    /* Who has no snapshot yet could take this one, unless there has been a change. */
    ck_known(c, &a_name, 5, UINT64_MAX, "one");
    ck_known(c, &a_name, 6, UINT64_MAX, NULL);
}
END_TEST

START_TEST(a_late_reader_does_not_replace_what_is_newer)
{
    const struct kms_alias_name a_name = the_name();
    KMS_AUTO(aliascache) c = NULL;

    OK(kms_aliascache_new(&c));
    kms_aliascache_put(c, &a_name, 7, KMS_LIT("two"));
    kms_aliascache_put(c, &a_name, 5, KMS_LIT("one"));
    ck_known(c, &a_name, 7, UINT64_MAX, "two");
    ck_known(c, &a_name, 5, 5, NULL);
    kms_aliascache_put(c, &a_name, 8, KMS_LIT("one"));
    ck_known(c, &a_name, 7, UINT64_MAX, "one");
}
END_TEST

START_TEST(the_same_letters_in_other_places_are_another_alias)
{
    const struct kms_alias_name a_name = the_name();
    const struct kms_alias_name others[] = {
        {KMS_LIT("111122223334"), KMS_LIT("us-east-1"), KMS_LIT("alias/a")},
        {KMS_LIT("111122223333"), KMS_LIT("us-east-2"), KMS_LIT("alias/a")},
        {KMS_LIT("111122223333"), KMS_LIT("us-east-1"), KMS_LIT("alias/A")},
        /* These have the same place. */
        {KMS_LIT("111122223333u"), KMS_LIT("s-east-1"), KMS_LIT("alias/a")},
        {KMS_LIT("111122223333"), KMS_LIT("us-east-1a"), KMS_LIT("lias/a")},
    };
    KMS_AUTO(aliascache) c = NULL;

    OK(kms_aliascache_new(&c));
    kms_aliascache_put(c, &a_name, 5, KMS_LIT("one"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_known(c, &others[i], 5, UINT64_MAX, NULL);
    ck_known(c, &a_name, 5, UINT64_MAX, "one");
    kms_aliascache_put(c, &others[3], 5, KMS_LIT("two"));
    ck_known(c, &others[3], 5, UINT64_MAX, "two");
    ck_known(c, &a_name, 5, UINT64_MAX, NULL);
}
END_TEST

START_TEST(the_cache_is_bounded)
{
    enum { NAMES = 20000, PLACES = 4096 };
    KMS_AUTO(aliascache) c = NULL;
    unsigned known = 0;

    OK(kms_aliascache_new(&c));
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < NAMES; i++) {
            char text[32], id[KMS_KEY_ID_MAX + 1];
            struct kms_alias_name name = the_name();

            snprintf(text, sizeof text, "alias/%d", i);
            name.name = kms_str_of(text);
            if (round == 0)
                kms_aliascache_put(c, &name, 5, kms_str_of(text));
            else if (kms_aliascache_get(c, &name, 5, 5, id)) {
                ck_assert_str_eq(id, text);
                known++;
            }
        }
    ck_assert_uint_gt(known, PLACES / 2);
    ck_assert_uint_le(known, PLACES);
}
END_TEST

/* --- the cache in the store ------------------------------------------------------- */

static struct box b;
static int64_t rows[3]; /* of the keys 1 and 2 */
static char ids[3][KMS_KEY_ID_MAX + 1];

static void setup(void)
{
    box_make(&b);
    rows[1] = box_key(&b, 1, ids[1]);
    rows[2] = box_key(&b, 2, ids[2]);
}

static void teardown(void)
{
    box_free(&b);
}

static struct kms_alias alias_of(int n)
{
    return (struct kms_alias){.account = ACCOUNT,
                              .region = REGION,
                              .name = KMS_LIT("alias/a"),
                              .key_row = rows[n]};
}

static enum kms_rc insert(struct kms_tx *tx, void *arg)
{
    return kms_aliases_insert(tx, arg);
}

static enum kms_rc update(struct kms_tx *tx, void *arg)
{
    return kms_aliases_update(tx, arg);
}

static enum kms_rc remove_alias(struct kms_tx *tx, void *arg)
{
    (void)arg;
    return kms_aliases_delete(tx, ACCOUNT, REGION, KMS_LIT("alias/a"));
}

static enum kms_rc remove_key(struct kms_tx *tx, void *arg)
{
    KMS_AUTO(key) record = box_record(*(int *)arg);
    KMS_AUTO_KEY k = NULL;

    KMS_TRY(kms_keys_get(tx, record->account, record->region, record->id, &k));
    return kms_keys_delete(tx, k);
}

static void point_to(int n, KMS_RC (*how)(struct kms_tx *tx, void *arg))
{
    struct kms_alias alias = alias_of(n);

    OK(box_write(&b, how, &alias));
}

/* The key's number as this reader sees it; 0 when there is no such alias. */
static int named_in(struct kms_tx *tx)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_str id;
    enum kms_rc rc;

    OK(kms_arena_new(&a));
    rc = kms_aliases_target(tx, ACCOUNT, REGION, KMS_LIT("alias/a"), a, &id);
    if (rc == KMS_E_NOT_FOUND)
        return 0;
    OK(rc);
    ck_assert(kms_str_is(id, ids[1]) || kms_str_is(id, ids[2]));
    return kms_str_is(id, ids[1]) ? 1 : 2;
}

static int named(void)
{
    KMS_AUTO(tx) tx = NULL;

    OK(kms_store_read(b.store, &tx));
    return named_in(tx);
}

START_TEST(an_alias_read_twice_is_read_from_memory)
{
    point_to(1, insert);
    ck_assert_int_eq(named(), 1);
    box_sql(&b, "DELETE FROM aliases"); /* which memory cannot know of */
    ck_assert_int_eq(named(), 1);
    OK(box_write(&b, remove_key, &(int){2})); /* and any change makes it look again */
    ck_assert_int_eq(named(), 0);
}
END_TEST

START_TEST(a_move_and_a_deletion_hold_for_the_next_reader)
{
    ck_assert_int_eq(named(), 0);
    point_to(1, insert);
    ck_assert_int_eq(named(), 1);
    point_to(2, update);
    ck_assert_int_eq(named(), 2);
    point_to(1, update);
    ck_assert_int_eq(named(), 1);
    OK(box_write(&b, remove_alias, NULL));
    ck_assert_int_eq(named(), 0);
    point_to(2, insert);
    ck_assert_int_eq(named(), 2);
}
END_TEST

START_TEST(a_key_that_goes_takes_its_aliases_along)
{
    point_to(1, insert);
    ck_assert_int_eq(named(), 1);
    OK(box_write(&b, remove_key, &(int){1}));
    ck_assert_int_eq(named(), 0);
    point_to(2, insert);
    ck_assert_int_eq(named(), 2);
}
END_TEST

START_TEST(a_reader_sees_its_snapshot_and_leaves_the_newer_in_memory)
{
    KMS_AUTO(tx) old = NULL;
    int64_t n;

    point_to(1, insert);
    OK(kms_store_read(b.store, &old));
    OK(kms_keys_count(old, ACCOUNT, REGION, &n)); /* takes the snapshot */
    point_to(2, update);
    ck_assert_int_eq(named(), 2);
    ck_assert_int_eq(named_in(old), 1);
    ck_assert_int_eq(named_in(old), 1);
    ck_assert_int_eq(named(), 2);
}
END_TEST

static enum kms_rc move_and_look(struct kms_tx *tx, void *arg)
{
    ck_assert_int_eq(named_in(tx), 1);
    KMS_TRY(kms_aliases_update(tx, arg));
    ck_assert_int_eq(named_in(tx), 2);
    KMS_TRY(kms_tx_mark(tx));
    KMS_TRY(kms_aliases_delete(tx, ACCOUNT, REGION, KMS_LIT("alias/a")));
    ck_assert_int_eq(named_in(tx), 0);
    KMS_TRY(kms_tx_undo(tx));
    ck_assert_int_eq(named_in(tx), 2);
    ck_assert_int_eq(named(), 1); /* whoever reads meanwhile */
    return KMS_OK;
}

START_TEST(the_writer_sees_what_it_has_written_and_nobody_else_does)
{
    point_to(1, insert);
    ck_assert_int_eq(named(), 1);
    point_to(2, move_and_look);
    ck_assert_int_eq(named(), 2);
}
END_TEST

/* --- races ------------------------------------------------------------------------ */

enum { ROUNDS = 300, READERS = 3 };

/* The alias is moved to and fro; asked says what was begun, told what is acknowledged. */
static atomic_int asked, told, finished;

static void *read_on(void *arg)
{
    (void)arg;
    while (!atomic_load(&finished)) {
        int least = atomic_load(&told), is = named(), most = atomic_load(&asked);

        /* Only while no move is on its way is it sure what there is to see. */
        if (least == most)
            ck_assert_int_eq(is, 1 + most % 2);
        ck_assert_int_ne(is, 0);
    }
    return NULL;
}

START_TEST(what_was_acknowledged_is_never_unseen_again)
{
    pthread_t threads[READERS];

    point_to(1, insert);
    for (int i = 0; i < READERS; i++)
        pthread_create(&threads[i], NULL, read_on, NULL);
    for (int i = 1; i <= ROUNDS; i++) {
        atomic_store(&asked, i);
        point_to(1 + i % 2, update);
        atomic_store(&told, i);
        ck_assert_int_eq(named(), 1 + i % 2);
    }
    atomic_store(&finished, 1);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        what_a_snapshot_showed_is_served_to_its_epoch_only,
        a_late_reader_does_not_replace_what_is_newer,
        the_same_letters_in_other_places_are_another_alias,
        the_cache_is_bounded,
        an_alias_read_twice_is_read_from_memory,
        a_move_and_a_deletion_hold_for_the_next_reader,
        a_key_that_goes_takes_its_aliases_along,
        a_reader_sees_its_snapshot_and_leaves_the_newer_in_memory,
        the_writer_sees_what_it_has_written_and_nobody_else_does,
        what_was_acknowledged_is_never_unseen_again,
    };

    return box_main("store_aliases", setup, teardown, tests,
                    sizeof tests / sizeof tests[0]);
}
