#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "store/keycache.h"

/* --- the cache alone
 * ------------------------------------------------------------------------ */

static struct kms_keycache *cache;

static void setup_cache(void)
{
    OK(kms_keycache_new(3, &cache));
}

static void teardown_cache(void)
{
    kms_keycache_free(cache);
}

static void put(int n, uint64_t epoch)
{
    KMS_AUTO(key) k = box_record(n);

    kms_keycache_put(cache, k, epoch);
}

static enum kms_keycache_answer ask(int n, uint64_t epoch)
{
    KMS_AUTO(key) k = box_record(n);
    KMS_AUTO_KEY got = NULL;
    KMS_AUTO_KEY by_uuid = NULL;
    enum kms_keycache_answer a =
        kms_keycache_by_id(cache, ACCOUNT, REGION, k->id, epoch, &got);

    ck_assert_int_eq(kms_keycache_by_uuid(cache, REGION, k->uuid, epoch, &by_uuid), a);
    ck_assert_ptr_eq(got, by_uuid);
    ck_assert(got == NULL || kms_str_eq(got->id, k->id));
    return a;
}

static void end(int n, uint64_t epoch)
{
    KMS_AUTO(key) k = box_record(n);

    kms_keycache_end(cache, ACCOUNT, REGION, k->id, epoch);
}

static void drop(int n)
{
    KMS_AUTO(key) k = box_record(n);

    kms_keycache_drop(cache, ACCOUNT, REGION, k->id);
}

START_TEST(an_entry_is_served_from_the_epoch_it_was_read_at)
{
    ck_assert_int_eq(ask(1, KMS_KEYCACHE_NOW), KMS_KEYCACHE_MISS);
    put(1, 5);
    ck_assert_int_eq(ask(1, 4), KMS_KEYCACHE_MISS);
    ck_assert_int_eq(ask(1, 5), KMS_KEYCACHE_HIT);
    ck_assert_int_eq(ask(1, 900), KMS_KEYCACHE_HIT);
    ck_assert_int_eq(ask(1, KMS_KEYCACHE_NOW), KMS_KEYCACHE_HIT);
    put(1, 3); /* an older snapshot shows that it was so before */
    ck_assert_int_eq(ask(1, 4), KMS_KEYCACHE_HIT);
}
END_TEST

START_TEST(an_entry_about_to_end_is_served_to_older_snapshots_only)
{
    put(1, 5);
    end(1, 8);
    ck_assert_int_eq(ask(1, KMS_KEYCACHE_NOW), KMS_KEYCACHE_UNSURE);
    ck_assert_int_eq(ask(1, 7), KMS_KEYCACHE_HIT);
    ck_assert_int_eq(ask(1, 8), KMS_KEYCACHE_MISS);
    put(1, 8); /* a reader of the new state is faster than the writer's clean-up */
    drop(1);
    ck_assert_int_eq(ask(1, 8), KMS_KEYCACHE_HIT);
    ck_assert_int_eq(ask(1, 7), KMS_KEYCACHE_MISS);
}
END_TEST

START_TEST(a_late_reader_of_an_older_snapshot_cannot_put_its_record_in)
{
    end(1, 8);
    put(1, 7);
    ck_assert_int_eq(ask(1, KMS_KEYCACHE_NOW), KMS_KEYCACHE_MISS);
    drop(1);
    put(1, 7);
    ck_assert_int_eq(ask(1, KMS_KEYCACHE_NOW), KMS_KEYCACHE_MISS);
    put(1, 8);
    ck_assert_int_eq(ask(1, KMS_KEYCACHE_NOW), KMS_KEYCACHE_HIT);
}
END_TEST

START_TEST(the_cache_is_bounded_and_the_longest_unused_goes_first)
{
    for (int i = 1; i <= 3; i++)
        put(i, 1);
    ck_assert_int_eq(ask(1, KMS_KEYCACHE_NOW), KMS_KEYCACHE_HIT);
    put(4, 1);
    ck_assert_int_eq(ask(2, KMS_KEYCACHE_NOW), KMS_KEYCACHE_MISS);
    ck_assert_int_eq(ask(1, KMS_KEYCACHE_NOW), KMS_KEYCACHE_HIT);
    ck_assert_int_eq(ask(3, KMS_KEYCACHE_NOW), KMS_KEYCACHE_HIT);
    ck_assert_int_eq(ask(4, KMS_KEYCACHE_NOW), KMS_KEYCACHE_HIT);
    for (int i = 5; i < 200; i++)
        put(i, 1);
    ck_assert_int_eq(ask(199, KMS_KEYCACHE_NOW), KMS_KEYCACHE_HIT);
    ck_assert_int_eq(ask(1, KMS_KEYCACHE_NOW), KMS_KEYCACHE_MISS);
}
END_TEST

/* --- the cache in the store
 * ------------------------------------------------------------------ */

static struct box b;

static void setup(void)
{
    box_make(&b);
}

static void teardown(void)
{
    box_free(&b);
}

static void counts(uint64_t *hits, uint64_t *misses)
{
    struct kms_store_stats stats;

    kms_store_stats(b.store, &stats);
    *hits = stats.key_cache_hits;
    *misses = stats.key_cache_misses;
}

START_TEST(a_key_read_twice_is_one_record)
{
    KMS_AUTO_KEY one = NULL;
    KMS_AUTO_KEY two = NULL;
    uint64_t hits, misses;

    box_key(&b, 1, NULL);
    OK(box_get(&b, 1, &one));
    OK(box_get(&b, 1, &two));
    ck_assert_ptr_eq(one, two);
    counts(&hits, &misses);
    ck_assert_uint_eq(hits, 1);
    ck_assert_uint_eq(misses, 1);
}
END_TEST

static void disable(struct kms_key *k)
{
    k->state = KMS_KEY_STATE_DISABLED;
}

START_TEST(a_change_is_seen_by_the_next_reader_and_a_held_record_stays)
{
    KMS_AUTO_KEY before = NULL;
    KMS_AUTO_KEY after = NULL;

    box_key(&b, 1, NULL);
    OK(box_get(&b, 1, &before));
    box_update(&b, 1, disable);
    OK(box_get(&b, 1, &after));
    ck_assert_int_eq(before->state, KMS_KEY_STATE_ENABLED);
    ck_assert_int_eq(after->state, KMS_KEY_STATE_DISABLED);
}
END_TEST

START_TEST(a_reader_sees_its_snapshot_whatever_is_in_memory)
{
    KMS_AUTO(tx) old = NULL;
    KMS_AUTO_KEY old_key = NULL;
    KMS_AUTO_KEY new_key = NULL;
    KMS_AUTO(key) k = box_record(1);
    int64_t n;

    box_key(&b, 1, NULL);
    OK(kms_store_read(b.store, &old));
    OK(kms_keys_count(old, ACCOUNT, REGION, &n)); /* takes the snapshot */
    box_update(&b, 1, disable);
    OK(box_get(&b, 1, &new_key)); /* the new record is in memory now */
    OK(kms_keys_get(old, k->account, k->region, k->id, &old_key));
    ck_assert_int_eq(old_key->state, KMS_KEY_STATE_ENABLED);
    ck_assert_int_eq(new_key->state, KMS_KEY_STATE_DISABLED);
    kms_key_unref(new_key);
    new_key = NULL;
    OK(box_get(&b, 1, &new_key)); /* and the old one did not take its place */
    ck_assert_int_eq(new_key->state, KMS_KEY_STATE_DISABLED);
}
END_TEST

/* --- races
 * ----------------------------------------------------------------------------------- */

enum { ROUNDS = 150, READERS = 3 };

/* The description counts up; `told` is what a done callback has acknowledged. */
static atomic_int told, finished;

static void count_up(struct kms_key *k)
{
    char text[20];

    snprintf(text, sizeof text, "%d", k->on_demand_count + 1);
    k->on_demand_count++;
    OK(kms_key_set_text(k, &k->description, kms_str_of(text)));
}

static void *read_on(void *arg)
{
    KMS_AUTO(key) k = box_record(1);
    int last = 0;

    (void)arg;
    while (!atomic_load(&finished)) {
        KMS_AUTO_KEY got = NULL;
        KMS_AUTO(tx) tx = NULL;
        int least = atomic_load(&told);

        OK(kms_store_read(b.store, &tx));
        if (least % 2 == 0)
            OK(kms_keys_get(tx, k->account, k->region, k->id, &got));
        else
            OK(kms_keys_by_uuid(tx, k->region, k->uuid, &got));
        ck_assert_int_ge(got->on_demand_count, least);
        ck_assert_int_ge(got->on_demand_count, last);
        ck_assert_int_eq(atoi(got->description.p), got->on_demand_count);
        last = got->on_demand_count;
    }
    return NULL;
}

static void start_at_zero(struct kms_key *k)
{
    k->on_demand_count = 0;
    OK(kms_key_set_text(k, &k->description, KMS_LIT("0")));
}

START_TEST(what_was_acknowledged_is_never_unseen_again)
{
    pthread_t threads[READERS];

    box_key(&b, 1, NULL);
    box_update(&b, 1, start_at_zero);
    for (int i = 0; i < READERS; i++)
        pthread_create(&threads[i], NULL, read_on, NULL);
    for (int i = 1; i <= ROUNDS; i++) {
        box_update(&b, 1, count_up);
        atomic_store(&told, i);
    }
    atomic_store(&finished, 1);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("store_cache");
    TCase *alone = tcase_create("alone"), *within = tcase_create("within");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(alone, setup_cache, teardown_cache);
    tcase_add_test(alone, an_entry_is_served_from_the_epoch_it_was_read_at);
    tcase_add_test(alone, an_entry_about_to_end_is_served_to_older_snapshots_only);
    tcase_add_test(alone, a_late_reader_of_an_older_snapshot_cannot_put_its_record_in);
    tcase_add_test(alone, the_cache_is_bounded_and_the_longest_unused_goes_first);
    suite_add_tcase(s, alone);
    tcase_add_checked_fixture(within, setup, teardown);
    tcase_set_timeout(within, 120);
    tcase_add_test(within, a_key_read_twice_is_one_record);
    tcase_add_test(within, a_change_is_seen_by_the_next_reader_and_a_held_record_stays);
    tcase_add_test(within, a_reader_sees_its_snapshot_whatever_is_in_memory);
    tcase_add_test(within, what_was_acknowledged_is_never_unseen_again);
    suite_add_tcase(s, within);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
