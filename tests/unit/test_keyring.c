#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "keyring/keyring.h"
#include "keyring/seal.h"
#include "support/token.h"

static struct spare_token spare;
static struct kms_keyring *kr;
static struct kms_arena *arena;

static const struct kms_bytes context = {(const uint8_t *)"\0\1\0\1a\0\1b", 8};
static const struct kms_bytes no_context = {(const uint8_t *)"", 0};
static const struct kms_bytes hello = {(const uint8_t *)"hello kmsd", 10};

static struct kms_keyring *open_keyring(size_t cache_max, int64_t ttl_ms)
{
    struct kms_keyring *out = NULL;

    ck_assert_int_eq(kms_keyring_open(&(struct kms_keyring_opts){.token = spare.token,
                                                                 .kek_id = spare.kek_id,
                                                                 .cache_max = cache_max,
                                                                 .ttl_ms = ttl_ms},
                                      &out),
                     KMS_OK);
    return out;
}

static void setup(void)
{
    spare_token_make(&spare);
    kr = open_keyring(0, 0);
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
}

static void teardown(void)
{
    kms_arena_free(arena);
    kms_keyring_free(kr);
    spare_token_free(&spare);
}

static void add_version(struct kms_key *k)
{
    struct kms_key_version v;

    ck_assert_int_eq(
        kms_keyring_make(kr, k, (uint32_t)k->n_versions + 1, 1700000000000, arena, &v),
        KMS_OK);
    ck_assert_int_eq(kms_key_add_version(k, &v), KMS_OK);
}

/* A symmetric key with one version. */
static struct kms_key *make_key(void)
{
    struct kms_key *k = NULL;

    ck_assert_int_eq(kms_key_new(&k), KMS_OK);
    ck_assert_int_eq(kms_keyring_uuid(k->uuid), KMS_OK);
    ck_assert_int_eq(kms_key_set_text(k, &k->id, KMS_LIT("1234abcd")), KMS_OK);
    k->spec = KMS_KEY_SPEC_SYMMETRIC_DEFAULT;
    k->usage = KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT;
    k->origin = KMS_ORIGIN_TYPE_AWS_KMS;
    add_version(k);
    return k;
}

static struct kms_bytes encrypt(struct kms_keyring *with, const struct kms_key *k)
{
    struct kms_bytes blob = {NULL, 0};

    ck_assert_msg(kms_keyring_encrypt(with, k, context, hello, arena, &blob) == KMS_OK,
                  "%s%s", kms_err_note(KMS_E_TOKEN), kms_err_note(KMS_E_TAMPERED));
    return blob;
}

static enum kms_rc decrypt(struct kms_keyring *with, const struct kms_key *k,
                           struct kms_bytes ec, struct kms_bytes blob)
{
    const struct kms_key_version *v;
    struct kms_bytes plain;
    enum kms_rc rc;

    kms_err_clear();
    rc = kms_keyring_decrypt(with, k, ec, blob, arena, &plain, &v);
    if (rc == KMS_OK)
        ck_assert(kms_bytes_eq(plain, hello));
    return rc;
}

static struct kms_keyring_stats stats_of(struct kms_keyring *with)
{
    struct kms_keyring_stats s;

    kms_keyring_stats(with, &s);
    return s;
}

/* To damage what a record holds; records are private to these tests. */
static struct kms_key_version *edit(struct kms_key *k, size_t i)
{
    return (struct kms_key_version *)(uintptr_t)&k->versions[i];
}

START_TEST(what_is_encrypted_decrypts_and_names_its_version)
{
    KMS_AUTO(key) k = make_key();
    struct kms_bytes blob = encrypt(kr, k), plain;
    const struct kms_key_version *v = NULL;
    uint8_t uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN];

    ck_assert_uint_eq(blob.n, hello.n + 126);
    ck_assert_int_eq(kms_keyring_names(blob, uuid, kmid), KMS_OK);
    ck_assert_mem_eq(uuid, k->uuid, sizeof uuid);
    ck_assert_mem_eq(kmid, k->versions[0].kmid, sizeof kmid);
    ck_assert_int_eq(kms_keyring_decrypt(kr, k, context, blob, arena, &plain, &v),
                     KMS_OK);
    ck_assert(kms_bytes_eq(plain, hello));
    ck_assert_ptr_eq(v, &k->versions[0]);
}
END_TEST

START_TEST(old_versions_keep_decrypting_after_rotation)
{
    KMS_AUTO(key) k = make_key();
    struct kms_bytes blob[4], plain;
    const struct kms_key_version *v;

    for (int i = 0; i < 4; i++) {
        blob[i] = encrypt(kr, k);
        add_version(k);
    }
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(kms_keyring_decrypt(kr, k, context, blob[i], arena, &plain, &v),
                         KMS_OK);
        ck_assert_uint_eq(v->number, (unsigned)i + 1);
    }
}
END_TEST

START_TEST(damage_foreign_keys_and_other_contexts_are_one_refusal_without_words)
{
    KMS_AUTO(key) k = make_key();
    KMS_AUTO(key) other = make_key();
    struct kms_bytes blob = encrypt(kr, k);
    uint8_t copy[136];

    ck_assert_uint_eq(blob.n, sizeof copy);
    for (size_t i = 0; i < sizeof copy; i++) {
        memcpy(copy, blob.p, sizeof copy);
        copy[i] ^= 1;
        ck_assert_int_eq(decrypt(kr, k, context, KMS_BYTES(copy)),
                         KMS_E_INVALID_CIPHERTEXT);
        ck_assert_str_eq(kms_err_note(KMS_E_INVALID_CIPHERTEXT), "");
    }
    ck_assert_int_eq(decrypt(kr, other, context, blob), KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(decrypt(kr, k, no_context, blob), KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(decrypt(kr, k, context, (struct kms_bytes){blob.p, 125}),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(decrypt(kr, k, context, blob), KMS_OK);
}
END_TEST

START_TEST(fresh_material_is_never_the_same)
{
    KMS_AUTO(key) k = make_key();

    for (int i = 0; i < 20; i++)
        add_version(k);
    for (size_t i = 0; i < k->n_versions; i++) {
        ck_assert_uint_eq(k->versions[i].sealed.n, 12 + 32 + 16);
        ck_assert_mem_eq(k->versions[i].kek, spare.kek_id, KMS_UUID_LEN);
        for (size_t j = 0; j < i; j++)
            ck_assert(memcmp(k->versions[i].kmid, k->versions[j].kmid, KMS_KMID_LEN) !=
                      0);
    }
}
END_TEST

START_TEST(other_specs_are_refused_with_their_name)
{
    KMS_AUTO(key) k = make_key();
    struct kms_key_version v;

    k->spec = KMS_KEY_SPEC_ML_KEM_1024;
    ck_assert_int_eq(kms_keyring_make(kr, k, 2, 1, arena, &v),
                     KMS_E_UNSUPPORTED_OPERATION);
    ck_assert(strstr(kms_err_note(KMS_E_UNSUPPORTED_OPERATION), "ML_KEM_1024") != NULL);
}
END_TEST

/* What the additional data says, each part changed on its own. */
enum part { UUID, NUMBER, SPEC_USAGE, ORIGIN, KMID, CREATED, SEALED, PARTS };

START_TEST(material_unseals_as_nothing_but_what_it_was_sealed_for)
{
    KMS_AUTO(key) k = make_key();
    struct kms_key_version *v = edit(k, 0);
    uint8_t *sealed = (uint8_t *)(uintptr_t)v->sealed.p;
    enum kms_rc rc;

    switch ((enum part)_i) {
    case UUID:
        k->uuid[15] ^= 1;
        break;
    case NUMBER:
        v->number++;
        k->current_version++;
        break;
    case SPEC_USAGE:
        k->usage = KMS_KEY_USAGE_TYPE_SIGN_VERIFY;
        break;
    case ORIGIN:
        k->origin = KMS_ORIGIN_TYPE_EXTERNAL;
        break;
    case KMID:
        v->kmid[0] ^= 1;
        break;
    case CREATED:
        v->created_ms++;
        break;
    default:
        sealed[40] ^= 1;
        break;
    }
    rc = kms_keyring_encrypt(kr, k, context, hello, arena, &(struct kms_bytes){0});
    ck_assert_int_eq(rc, KMS_E_TOKEN);
    ck_assert_msg(strstr(kms_err_note(rc), "key 1234abcd version ") != NULL, "%s",
                  kms_err_note(rc));
}
END_TEST

/* The layout of keyring/seal.h, written out by hand: it must never change. */
START_TEST(the_additional_data_is_as_documented)
{
    KMS_AUTO(key) k = make_key();
    KMS_AUTO(secret) out = NULL;
    const struct kms_key_version *v = &k->versions[0];
    KMS_AUTO_BUF b = {0};

    kms_buf_z(&b, "kmsd-wrap-v1");
    kms_buf_byte(&b, 1);
    kms_buf_add(&b, spare.kek_id, 16);
    kms_buf_add(&b, k->uuid, 16);
    kms_buf_add(&b, "\0\0\0\1", 4);
    kms_buf_z(&b, "\21SYMMETRIC_DEFAULT\17ENCRYPT_DECRYPT\7AWS_KMS");
    kms_buf_add(&b, v->kmid, 32);
    kms_buf_add(&b, "\0\0\1\213\317\345\150\0", 8); /* 1700000000000 */
    ck_assert_msg(kms_token_unseal(spare.token, kms_buf_view(&b), v->sealed, &out) ==
                      KMS_OK,
                  "%s", kms_err_note(KMS_E_TOKEN));
}
END_TEST

START_TEST(material_that_its_id_does_not_name_is_tampered_with)
{
    KMS_AUTO(key) k = make_key();
    KMS_AUTO(secret) planted = NULL;
    struct kms_key_version *v = edit(k, 0);

    /* Sealed by the right token under the right name, but another key's bytes. */
    ck_assert_int_eq(kms_secret_new(32, &planted), KMS_OK);
    ck_assert_int_eq(kms_seal_version(spare.token, k, v, planted, arena, &v->sealed),
                     KMS_OK);
    ck_assert_int_eq(
        kms_keyring_encrypt(kr, k, context, hello, arena, &(struct kms_bytes){0}),
        KMS_E_TAMPERED);
    ck_assert(strstr(kms_err_note(KMS_E_TAMPERED), "key 1234abcd version 1") != NULL);
    kms_secret_free(KMS_TAKE(planted));
    ck_assert_int_eq(kms_secret_new(31, &planted), KMS_OK);
    ck_assert_int_eq(kms_seal_version(spare.token, k, v, planted, arena, &v->sealed),
                     KMS_OK);
    ck_assert_int_eq(
        kms_keyring_encrypt(kr, k, context, hello, arena, &(struct kms_bytes){0}),
        KMS_E_TAMPERED);
    ck_assert_uint_eq(stats_of(kr).cached, 0);
}
END_TEST

START_TEST(material_under_another_sealing_key_or_gone_is_not_served)
{
    KMS_AUTO(key) k = make_key();
    struct kms_key_version *v = edit(k, 0);

    v->kek[0] ^= 1;
    ck_assert_int_eq(
        kms_keyring_encrypt(kr, k, context, hello, arena, &(struct kms_bytes){0}),
        KMS_E_TOKEN);
    v->kek[0] ^= 1;
    v->sealed = (struct kms_bytes){NULL, 0};
    ck_assert_int_eq(
        kms_keyring_encrypt(kr, k, context, hello, arena, &(struct kms_bytes){0}),
        KMS_E_KEY_UNAVAILABLE);
    k->current_version = 0;
    ck_assert_int_eq(
        kms_keyring_encrypt(kr, k, context, hello, arena, &(struct kms_bytes){0}),
        KMS_E_KEY_UNAVAILABLE);
}
END_TEST

START_TEST(a_version_is_unsealed_once_while_it_is_cached)
{
    KMS_AUTO(key) k = make_key();

    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(decrypt(kr, k, context, encrypt(kr, k)), KMS_OK);
    ck_assert_uint_eq(stats_of(kr).unseals, 1);
    ck_assert_uint_eq(stats_of(kr).hits, 19);
    ck_assert_uint_eq(stats_of(kr).cached, 1);
}
END_TEST

START_TEST(the_cache_stays_within_its_bound_and_keeps_what_is_used)
{
    KMS_AUTO(keyring) small = open_keyring(3, 0);
    struct kms_key *k[6];

    for (int i = 0; i < 6; i++)
        k[i] = make_key();
    for (int i = 1; i < 6; i++) {
        encrypt(small, k[0]); /* the one in use all the time */
        encrypt(small, k[i]);
        ck_assert_uint_le(stats_of(small).cached, 3);
    }
    ck_assert_uint_eq(stats_of(small).unseals, 6);
    ck_assert_uint_eq(stats_of(small).cached, 3);
    encrypt(small, k[0]);
    encrypt(small, k[5]);
    ck_assert_uint_eq(stats_of(small).unseals, 6);
    encrypt(small, k[1]); /* the least recently used went first */
    ck_assert_uint_eq(stats_of(small).unseals, 7);
    for (int i = 0; i < 6; i++)
        kms_key_free(k[i]);
}
END_TEST

START_TEST(unsealed_material_does_not_outlive_its_time)
{
    KMS_AUTO(keyring) brief = open_keyring(0, 1000);
    KMS_AUTO(key) k = make_key();
    KMS_AUTO(key) other = make_key();

    kms_clock_set_ms(2000000000000);
    kms_clock_freeze(true);
    encrypt(brief, k);
    kms_clock_advance_ms(500);
    encrypt(brief, other);
    kms_clock_advance_ms(499);
    encrypt(brief, k);
    ck_assert_uint_eq(stats_of(brief).unseals, 2);
    /* Used or not, the time counts from the unseal. */
    kms_clock_advance_ms(1);
    ck_assert_uint_eq(stats_of(brief).cached, 1);
    encrypt(brief, k);
    ck_assert_uint_eq(stats_of(brief).unseals, 3);
    kms_clock_advance_ms(5000);
    ck_assert_uint_eq(stats_of(brief).cached, 0);
    /* A clock that steps back does not lengthen it. */
    encrypt(brief, k);
    kms_clock_advance_ms(-100000);
    ck_assert_uint_eq(stats_of(brief).cached, 0);
    kms_clock_freeze(false);
}
END_TEST

START_TEST(forgotten_keys_are_unsealed_again)
{
    KMS_AUTO(key) k = make_key();
    KMS_AUTO(key) other = make_key();
    struct kms_bytes old = encrypt(kr, k);

    add_version(k);
    encrypt(kr, k);
    encrypt(kr, other);
    ck_assert_uint_eq(stats_of(kr).cached, 3);
    kms_keyring_forget(kr, k->uuid);
    ck_assert_uint_eq(stats_of(kr).cached, 1);
    ck_assert_int_eq(decrypt(kr, k, context, old), KMS_OK);
    ck_assert_uint_eq(stats_of(kr).unseals, 4);
    kms_keyring_forget_all(kr);
    ck_assert_uint_eq(stats_of(kr).cached, 0);
}
END_TEST

START_TEST(a_token_failure_is_told_and_nothing_is_cached_or_kept)
{
    KMS_AUTO(key) k = make_key();
    struct kms_key_version v;

    kms_fault_arm(KMS_FAULT_TOKEN_UNSEAL, 1);
    ck_assert_int_eq(
        kms_keyring_encrypt(kr, k, context, hello, arena, &(struct kms_bytes){0}),
        KMS_E_TOKEN);
    ck_assert_uint_eq(stats_of(kr).cached, 0);
    kms_fault_arm(KMS_FAULT_TOKEN_SEAL, 1);
    ck_assert_int_eq(kms_keyring_make(kr, k, 2, 1, arena, &v), KMS_E_TOKEN);
    encrypt(kr, k);
}
END_TEST

START_TEST(the_row_key_is_the_same_at_every_start_and_for_this_token_only)
{
    KMS_AUTO(keyring) next = open_keyring(0, 0);
    struct kms_bytes sealed, other;
    struct kms_row_mac mac;
    uint8_t a[32], b[32];

    ck_assert_int_eq(kms_keyring_row_key_make(kr, arena, &sealed), KMS_OK);
    ck_assert_int_eq(kms_keyring_row_key_load(kr, sealed), KMS_OK);
    mac = kms_keyring_row_mac(kr);
    ck_assert_int_eq(mac.mac(mac.ctx, hello, a), KMS_OK);
    ck_assert_int_eq(kms_keyring_row_key_load(next, sealed), KMS_OK);
    mac = kms_keyring_row_mac(next);
    ck_assert_int_eq(mac.mac(mac.ctx, hello, b), KMS_OK);
    ck_assert_mem_eq(a, b, sizeof a);
    ck_assert_int_eq(mac.mac(mac.ctx, context, b), KMS_OK);
    ck_assert_mem_ne(a, b, sizeof a);
    /* Another database has another one. */
    ck_assert_int_eq(kms_keyring_row_key_make(kr, arena, &other), KMS_OK);
    ck_assert_int_eq(kms_keyring_row_key_load(next, other), KMS_OK);
    ck_assert_int_eq(mac.mac(mac.ctx, hello, b), KMS_OK);
    ck_assert_mem_ne(a, b, sizeof a);
    ((uint8_t *)(uintptr_t)sealed.p)[20] ^= 1;
    ck_assert_int_eq(kms_keyring_row_key_load(next, sealed), KMS_E_TOKEN);
    ck_assert(strstr(kms_err_note(KMS_E_TOKEN), "row key") != NULL);
}
END_TEST

START_TEST(a_key_version_is_no_row_key)
{
    KMS_AUTO(key) k = make_key();

    ck_assert_int_eq(kms_keyring_row_key_load(kr, k->versions[0].sealed), KMS_E_TOKEN);
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
    ck_assert_int_eq(kms_keyring_random(arena, 1024, &x), KMS_OK);
    ck_assert_int_eq(kms_keyring_random(arena, 1024, &y), KMS_OK);
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

        bad += kms_keyring_encrypt(c->kr, k, context, hello, a, &blob) != KMS_OK ||
               kms_keyring_decrypt(c->kr, k, context, blob, a, &plain, &v) != KMS_OK ||
               !kms_bytes_eq(plain, hello);
        if (i % 7 == 0)
            kms_keyring_forget(c->kr, c->keys[(i / 7) % 8]->uuid);
        kms_arena_reset(a);
    }
    __atomic_fetch_add(&c->bad, bad, __ATOMIC_RELAXED);
    return NULL;
}

START_TEST(threads_share_a_small_cache_that_is_forgotten_all_the_time)
{
    struct crowd c = {.kr = open_keyring(4, 0)};
    pthread_t t[4];

    for (int i = 0; i < 8; i++)
        c.keys[i] = make_key();
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, use, &c), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    ck_assert_int_eq(c.bad, 0);
    ck_assert_uint_le(stats_of(c.kr).cached, 4);
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
    tcase_add_test(t, fresh_material_is_never_the_same);
    tcase_add_test(t, other_specs_are_refused_with_their_name);
    tcase_add_loop_test(t, material_unseals_as_nothing_but_what_it_was_sealed_for, 0,
                        PARTS);
    tcase_add_test(t, the_additional_data_is_as_documented);
    tcase_add_test(t, material_that_its_id_does_not_name_is_tampered_with);
    tcase_add_test(t, material_under_another_sealing_key_or_gone_is_not_served);
    tcase_add_test(t, a_version_is_unsealed_once_while_it_is_cached);
    tcase_add_test(t, the_cache_stays_within_its_bound_and_keeps_what_is_used);
    tcase_add_test(t, unsealed_material_does_not_outlive_its_time);
    tcase_add_test(t, forgotten_keys_are_unsealed_again);
    tcase_add_test(t, a_token_failure_is_told_and_nothing_is_cached_or_kept);
    tcase_add_test(t, the_row_key_is_the_same_at_every_start_and_for_this_token_only);
    tcase_add_test(t, a_key_version_is_no_row_key);
    tcase_add_test(t, uuids_are_of_version_4_and_random_bytes_differ);
    tcase_add_test(t, threads_share_a_small_cache_that_is_forgotten_all_the_time);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
