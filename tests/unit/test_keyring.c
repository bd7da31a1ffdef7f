#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "support/ring.h"

static struct ring ring;

static void setup(void)
{
    ring_make(&ring);
}

static void teardown(void)
{
    ring_free(&ring);
}

static const struct kms_bytes no_context = {(const uint8_t *)"", 0};

START_TEST(what_is_encrypted_decrypts_and_names_its_version)
{
    KMS_AUTO(key) k = ring_key(&ring);
    struct kms_bytes blob = ring_encrypt(&ring, ring.kr, k), plain;
    const struct kms_key_version *v = NULL;
    uint8_t uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN];

    ck_assert_uint_eq(blob.n, ring_plain.n + 126);
    ck_assert_int_eq(kms_keyring_names(blob, uuid, kmid), KMS_OK);
    ck_assert_mem_eq(uuid, k->uuid, sizeof uuid);
    ck_assert_mem_eq(kmid, k->versions[0].kmid, sizeof kmid);
    ck_assert_int_eq(
        kms_keyring_decrypt(ring.kr, k, ring_context, blob, ring.arena, &plain, &v),
        KMS_OK);
    ck_assert(kms_bytes_eq(plain, ring_plain));
    ck_assert_ptr_eq(v, &k->versions[0]);
}
END_TEST

START_TEST(old_versions_keep_decrypting_after_rotation)
{
    KMS_AUTO(key) k = ring_key(&ring);
    struct kms_bytes blob[4], plain;
    const struct kms_key_version *v;

    for (int i = 0; i < 4; i++) {
        blob[i] = ring_encrypt(&ring, ring.kr, k);
        ring_add_version(&ring, k);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(kms_keyring_decrypt(ring.kr, k, ring_context, blob[i],
                                             ring.arena, &plain, &v),
                         KMS_OK);
        ck_assert_uint_eq(v->number, (unsigned)i + 1);
    }
}
END_TEST

START_TEST(damage_foreign_keys_and_other_contexts_are_one_refusal_without_words)
{
    KMS_AUTO(key) k = ring_key(&ring);
    KMS_AUTO(key) other = ring_key(&ring);
    struct kms_bytes blob = ring_encrypt(&ring, ring.kr, k);
    uint8_t copy[136];

    ck_assert_uint_eq(blob.n, sizeof copy);
    for (size_t i = 0; i < sizeof copy; i++) {
        memcpy(copy, blob.p, sizeof copy);
        copy[i] ^= 1;
        ck_assert_int_eq(ring_decrypt(&ring, k, ring_context, KMS_BYTES(copy)),
                         KMS_E_INVALID_CIPHERTEXT);
        ck_assert_str_eq(kms_err_note(KMS_E_INVALID_CIPHERTEXT), "");
    }
    ck_assert_int_eq(ring_decrypt(&ring, other, ring_context, blob),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(ring_decrypt(&ring, k, no_context, blob), KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(
        ring_decrypt(&ring, k, ring_context, (struct kms_bytes){blob.p, 125}),
        KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(ring_decrypt(&ring, k, ring_context, blob), KMS_OK);
}
END_TEST

START_TEST(a_version_is_unsealed_once_while_it_is_cached)
{
    KMS_AUTO(key) k = ring_key(&ring);

    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(
            ring_decrypt(&ring, k, ring_context, ring_encrypt(&ring, ring.kr, k)),
            KMS_OK);
    ck_assert_uint_eq(ring_stats(ring.kr).unseals, 1);
    ck_assert_uint_eq(ring_stats(ring.kr).hits, 19);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 1);
}
END_TEST

START_TEST(the_cache_stays_within_its_bound_and_keeps_what_is_used)
{
    KMS_AUTO(keyring) small = ring_another(&ring, 3, 0);
    struct kms_key *k[6];

    for (int i = 0; i < 6; i++)
        k[i] = ring_key(&ring);
    for (int i = 1; i < 6; i++) {
        ring_encrypt(&ring, small, k[0]); /* the one in use all the time */
        ring_encrypt(&ring, small, k[i]);
        ck_assert_uint_le(ring_stats(small).cached, 3);
    }
    ck_assert_uint_eq(ring_stats(small).unseals, 6);
    ck_assert_uint_eq(ring_stats(small).cached, 3);
    ring_encrypt(&ring, small, k[0]);
    ring_encrypt(&ring, small, k[5]);
    ck_assert_uint_eq(ring_stats(small).unseals, 6);
    ring_encrypt(&ring, small, k[1]); /* the least recently used went first */
    ck_assert_uint_eq(ring_stats(small).unseals, 7);
    for (int i = 0; i < 6; i++)
        kms_key_free(k[i]);
}
END_TEST

START_TEST(unsealed_material_does_not_outlive_its_time)
{
    KMS_AUTO(keyring) brief = ring_another(&ring, 0, 1000);
    KMS_AUTO(key) k = ring_key(&ring);
    KMS_AUTO(key) other = ring_key(&ring);

    kms_clock_set_ms(2000000000000);
    kms_clock_freeze(true);
    ring_encrypt(&ring, brief, k);
    kms_clock_advance_ms(500);
    ring_encrypt(&ring, brief, other);
    kms_clock_advance_ms(499);
    ring_encrypt(&ring, brief, k);
    ck_assert_uint_eq(ring_stats(brief).unseals, 2);
    /* Used or not, the time counts from the unseal. */
    kms_clock_advance_ms(1);
    ck_assert_uint_eq(ring_stats(brief).cached, 1);
    ring_encrypt(&ring, brief, k);
    ck_assert_uint_eq(ring_stats(brief).unseals, 3);
    kms_clock_advance_ms(5000);
    ck_assert_uint_eq(ring_stats(brief).cached, 0);
    /* A clock that steps back does not lengthen it. */
    ring_encrypt(&ring, brief, k);
    kms_clock_advance_ms(-100000);
    ck_assert_uint_eq(ring_stats(brief).cached, 0);
    kms_clock_freeze(false);
}
END_TEST

START_TEST(forgotten_keys_are_unsealed_again)
{
    KMS_AUTO(key) k = ring_key(&ring);
    KMS_AUTO(key) other = ring_key(&ring);
    struct kms_bytes old = ring_encrypt(&ring, ring.kr, k);

    ring_add_version(&ring, k);
    ring_encrypt(&ring, ring.kr, k);
    ring_encrypt(&ring, ring.kr, other);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 3);
    kms_keyring_forget(ring.kr, k->uuid);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 1);
    ck_assert_int_eq(ring_decrypt(&ring, k, ring_context, old), KMS_OK);
    ck_assert_uint_eq(ring_stats(ring.kr).unseals, 4);
    kms_keyring_forget_all(ring.kr);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 0);
}
END_TEST

START_TEST(uuids_are_of_version_4_and_random_bytes_differ)
{
    uint8_t a[KMS_UUID_LEN], b[KMS_UUID_LEN];
    struct kms_bytes x, y;

    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(kms_keyring_uuid(a), KMS_OK);
        ck_assert_uint_eq(a[6] >> 4, 4);
        ck_assert_uint_eq(a[8] >> 6, 2);
        ck_assert(i == 0 || memcmp(a, b, sizeof a) != 0);
        memcpy(b, a, sizeof b);
    }
    ck_assert_int_eq(kms_keyring_random(ring.arena, 1024, &x), KMS_OK);
    ck_assert_int_eq(kms_keyring_random(ring.arena, 1024, &y), KMS_OK);
    ck_assert_uint_eq(x.n, 1024);
    ck_assert_mem_ne(x.p, y.p, 1024);
}
END_TEST

/* Many threads, few places, and somebody who forgets all the time. */
struct crowd {
    struct kms_keyring *kr;
    struct kms_key *keys[8];
    int bad;
};

static void *use(void *arg)
{
    struct crowd *c = arg;
    KMS_AUTO(arena) a = NULL;
    int bad = kms_arena_new(&a) != KMS_OK;

    for (int i = 0; i < 300 && bad == 0; i++) {
        const struct kms_key *k = c->keys[i % 8];
        const struct kms_key_version *v;
        struct kms_bytes blob, plain;

        bad +=
            kms_keyring_encrypt(c->kr, k, ring_context, ring_plain, a, &blob) != KMS_OK ||
            kms_keyring_decrypt(c->kr, k, ring_context, blob, a, &plain, &v) != KMS_OK ||
            !kms_bytes_eq(plain, ring_plain);
        if (i % 7 == 0)
            kms_keyring_forget(c->kr, c->keys[(i / 7) % 8]->uuid);
        kms_arena_reset(a);
    }
    __atomic_fetch_add(&c->bad, bad, __ATOMIC_RELAXED);
    return NULL;
}

START_TEST(threads_share_a_small_cache_that_is_forgotten_all_the_time)
{
    struct crowd c = {.kr = ring_another(&ring, 4, 0)};
    pthread_t t[4];

    for (int i = 0; i < 8; i++)
        c.keys[i] = ring_key(&ring);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, use, &c), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    ck_assert_int_eq(c.bad, 0);
    ck_assert_uint_le(ring_stats(c.kr).cached, 4);
    for (int i = 0; i < 8; i++)
        kms_key_free(c.keys[i]);
    kms_keyring_free(c.kr);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keyring");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed;

    if (!spare_token_possible()) {
        puts("SoftHSM2 is not installed");
        return 77;
    }
    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_is_encrypted_decrypts_and_names_its_version);
    tcase_add_test(t, old_versions_keep_decrypting_after_rotation);
    tcase_add_test(t,
                   damage_foreign_keys_and_other_contexts_are_one_refusal_without_words);
    tcase_add_test(t, a_version_is_unsealed_once_while_it_is_cached);
    tcase_add_test(t, the_cache_stays_within_its_bound_and_keeps_what_is_used);
    tcase_add_test(t, unsealed_material_does_not_outlive_its_time);
    tcase_add_test(t, forgotten_keys_are_unsealed_again);
    tcase_add_test(t, uuids_are_of_version_4_and_random_bytes_differ);
    tcase_add_test(t, threads_share_a_small_cache_that_is_forgotten_all_the_time);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
