#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include "key/spec.h"
#include "keyring/use.h"
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

static const uint8_t words[] = "what is signed, authenticated and encrypted";
static const struct kms_bytes message = {words, sizeof words - 1};

/* The last algorithm of the spec's list over a raw message: no list ends with Ed25519ph.
 */
static struct kms_signing signing_of(enum kms_key_spec spec)
{
    struct kms_signing_algorithm_spec_list algs = kms_spec_signing(spec);

    return (struct kms_signing){algs.v[algs.n - 1], KMS_MESSAGE_TYPE_RAW, message};
}

static struct kms_bytes sign(struct kms_keyring *kr, const struct kms_key *k)
{
    const struct kms_signing what = signing_of(k->spec);
    struct kms_bytes signature;

    ck_assert_int_eq(kms_keyring_sign(kr, k, &what, ring.arena, &signature), KMS_OK);
    return signature;
}

/* GetPublicKey is allowed then; the private half is not kept for it. */
START_TEST(a_disabled_pair_is_not_cached)
{
    KMS_AUTO(key)
    k = ring_key_of(&ring, KMS_KEY_SPEC_ECC_NIST_P256, KMS_KEY_USAGE_TYPE_SIGN_VERIFY);
    struct kms_bytes spki;

    k->state = KMS_KEY_STATE_DISABLED;
    ck_assert_int_eq(kms_keyring_public_key(ring.kr, k, ring.arena, &spki), KMS_OK);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 0);
    k->state = KMS_KEY_STATE_ENABLED;
    ck_assert_int_eq(kms_keyring_public_key(ring.kr, k, ring.arena, &spki), KMS_OK);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 1);
}
END_TEST

/* A live key takes eight times as much of the bound as 32 bytes do. */
START_TEST(the_bound_of_the_cache_knows_what_live_keys_take)
{
    KMS_AUTO(keyring) small = ring_another(&ring, 20, 0);
    KMS_AUTO(keyring) tiny = ring_another(&ring, 4, 0);
    struct kms_key *k[3], *raw = ring_key(&ring);

    for (int i = 0; i < 3; i++) {
        k[i] = ring_key_of(&ring, KMS_KEY_SPEC_ECC_NIST_P256,
                           KMS_KEY_USAGE_TYPE_SIGN_VERIFY);
        sign(small, k[i]);
    }
    ck_assert_uint_eq(ring_stats(small).cached, 2);
    ring_encrypt(&ring, small, raw);
    ck_assert_uint_eq(ring_stats(small).cached, 3);
    sign(small, k[2]);
    ck_assert_uint_eq(ring_stats(small).unseals, 4);
    sign(small, k[0]);
    ck_assert_uint_eq(ring_stats(small).unseals, 5);
    /* What does not fit at all is used and not kept. */
    sign(tiny, k[0]);
    ck_assert_uint_eq(ring_stats(tiny).cached, 0);
    for (int i = 0; i < 3; i++)
        kms_key_free(k[i]);
    kms_key_free(raw);
}
END_TEST

struct crowd {
    struct kms_key *key;
    pthread_t thread;
    int wrong;
};

static void *use_it(void *arg)
{
    struct crowd *c = arg;
    const struct kms_signing what = signing_of(c->key->spec);
    struct kms_arena *arena = NULL;

    if (kms_arena_new(&arena) != KMS_OK)
        return NULL;
    for (int i = 0; i < 40; i++) {
        struct kms_bytes signature;

        if (kms_keyring_sign(ring.kr, c->key, &what, arena, &signature) != KMS_OK ||
            kms_keyring_verify(ring.kr, c->key, &what, signature) != KMS_OK)
            c->wrong++;
        if (i % 8 == 0)
            kms_keyring_forget(ring.kr, c->key->uuid);
    }
    kms_arena_free(arena);
    return NULL;
}

START_TEST(many_threads_use_one_pair_while_it_is_forgotten)
{
    static const enum kms_key_spec specs[] = {KMS_KEY_SPEC_RSA_2048,
                                              KMS_KEY_SPEC_ECC_NIST_P256,
                                              KMS_KEY_SPEC_ECC_NIST_EDWARDS25519};
    struct kms_key *k = ring_key_of(&ring, specs[_i], KMS_KEY_USAGE_TYPE_SIGN_VERIFY);
    struct crowd crowd[4];

    for (size_t i = 0; i < 4; i++) {
        crowd[i] = (struct crowd){.key = k};
        ck_assert_int_eq(pthread_create(&crowd[i].thread, NULL, use_it, &crowd[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(crowd[i].thread, NULL);
        ck_assert_int_eq(crowd[i].wrong, 0);
    }
    kms_key_free(k);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keyring_live");
    TCase *t = tcase_create("live");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_disabled_pair_is_not_cached);
    tcase_add_test(t, the_bound_of_the_cache_knows_what_live_keys_take);
    tcase_add_loop_test(t, many_threads_use_one_pair_while_it_is_forgotten, 0, 3);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
