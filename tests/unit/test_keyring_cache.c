#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "keyring/cache.h"

enum { MAX = 4, TTL_MS = 1000 };

static struct kms_cache *cache;

static void setup(void)
{
    kms_clock_set_ms(2000000000000);
    kms_clock_freeze(true);
    ck_assert_int_eq(kms_cache_new(MAX, TTL_MS, &cache), KMS_OK);
}

static void teardown(void)
{
    kms_cache_free(cache);
}

/* Material number n of key number key. */
static struct kms_material *make(uint8_t key, uint8_t n)
{
    uint8_t uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN];
    struct kms_secret *s = NULL;
    struct kms_material *m = NULL;

    memset(uuid, key, sizeof uuid);
    memset(kmid, n, sizeof kmid);
    ck_assert_int_eq(kms_secret_new(32, &s), KMS_OK);
    memset(kms_secret_fill(s), n, 32);
    ck_assert_int_eq(kms_material_new(uuid, kmid, s, &m), KMS_OK);
    return m;
}

static struct kms_material *get(uint8_t key, uint8_t n, uint64_t *ticket)
{
    uint8_t uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN];

    memset(uuid, key, sizeof uuid);
    memset(kmid, n, sizeof kmid);
    return kms_cache_get(cache, uuid, kmid, ticket);
}

static bool has(uint8_t key, uint8_t n)
{
    uint64_t ticket;
    KMS_AUTO(material) m = get(key, n, &ticket);

    return m != NULL;
}

/* As the keyring does it: miss, make, put. */
static void fill(uint8_t key, uint8_t n)
{
    uint64_t ticket;
    KMS_AUTO(material) m = get(key, n, &ticket);

    ck_assert_ptr_null(m);
    m = make(key, n);
    kms_cache_put(cache, m, ticket);
}

static void forget(uint8_t key)
{
    uint8_t uuid[KMS_UUID_LEN];

    memset(uuid, key, sizeof uuid);
    kms_cache_forget(cache, uuid);
}

START_TEST(material_in_use_outlives_its_place)
{
    KMS_AUTO(material) used = NULL;
    uint64_t ticket;

    fill(1, 1);
    used = get(1, 1, &ticket);
    ck_assert_ptr_nonnull(used);
    for (uint8_t i = 2; i < 10; i++)
        fill(i, i);
    ck_assert(!has(1, 1));
    kms_cache_forget(cache, NULL);
    ck_assert_uint_eq(kms_secret_view(used->secret).p[31], 1);
}
END_TEST

START_TEST(what_was_forgotten_while_it_was_unsealed_does_not_return)
{
    KMS_AUTO(material) m = NULL;
    uint64_t ticket;

    ck_assert_ptr_null(get(1, 1, &ticket));
    m = make(1, 1);
    forget(1);
    kms_cache_put(cache, m, ticket);
    ck_assert(!has(1, 1));
    ck_assert_ptr_null(get(1, 1, &ticket));
    kms_cache_put(cache, m, ticket);
    ck_assert(has(1, 1));
}
END_TEST

START_TEST(two_that_unseal_the_same_keep_one)
{
    KMS_AUTO(material) a = make(1, 1);
    KMS_AUTO(material) b = make(1, 1);
    KMS_AUTO(material) found = NULL;
    uint64_t ticket, hits;
    size_t n;

    ck_assert_ptr_null(get(1, 1, &ticket));
    kms_cache_put(cache, a, ticket);
    kms_cache_put(cache, b, ticket);
    kms_cache_count(cache, &n, &hits);
    ck_assert_uint_eq(n, 1);
    found = get(1, 1, &ticket);
    ck_assert_ptr_eq(found, a);
}
END_TEST

START_TEST(forgetting_a_key_takes_all_its_versions_and_no_others)
{
    fill(1, 1);
    fill(1, 2);
    fill(2, 1);
    forget(1);
    ck_assert(!has(1, 1) && !has(1, 2));
    ck_assert(has(2, 1));
    forget(3);
    ck_assert(has(2, 1));
}
END_TEST

START_TEST(the_least_recently_used_goes_first)
{
    for (uint8_t i = 1; i <= MAX; i++)
        fill(i, i);
    ck_assert(has(1, 1));
    fill(9, 9);
    ck_assert(has(1, 1));
    ck_assert(!has(2, 2));
    fill(8, 8);
    ck_assert(!has(3, 3));
    ck_assert(has(1, 1) && has(4, 4) && has(9, 9) && has(8, 8));
}
END_TEST

START_TEST(use_does_not_lengthen_the_time_to_live)
{
    fill(1, 1);
    for (int i = 0; i < 9; i++) {
        kms_clock_advance_ms(TTL_MS / 10);
        ck_assert(has(1, 1));
    }
    kms_clock_advance_ms(TTL_MS / 10);
    ck_assert(!has(1, 1));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keyring cache");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, material_in_use_outlives_its_place);
    tcase_add_test(t, what_was_forgotten_while_it_was_unsealed_does_not_return);
    tcase_add_test(t, two_that_unseal_the_same_keep_one);
    tcase_add_test(t, forgetting_a_key_takes_all_its_versions_and_no_others);
    tcase_add_test(t, the_least_recently_used_goes_first);
    tcase_add_test(t, use_does_not_lengthen_the_time_to_live);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
