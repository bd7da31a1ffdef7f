#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "keyring/seal.h"
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

START_TEST(fresh_material_is_never_the_same)
{
    KMS_AUTO(key) k = ring_key(&ring);

    for (int i = 0; i < 20; i++)
        ring_add_version(&ring, k);
    for (size_t i = 0; i < k->n_versions; i++) {
        ck_assert_uint_eq(k->versions[i].sealed.n, 12 + 32 + 16);
        ck_assert_mem_eq(k->versions[i].kek, ring.spare.kek_id, KMS_UUID_LEN);
        for (size_t j = 0; j < i; j++)
            ck_assert(memcmp(k->versions[i].kmid, k->versions[j].kmid, KMS_KMID_LEN) !=
                      0);
    }
}
END_TEST

START_TEST(other_specs_are_refused_with_their_name)
{
    KMS_AUTO(key) k = ring_key(&ring);
    struct kms_key_version v;

    k->spec = KMS_KEY_SPEC_ML_KEM_1024;
    ck_assert_int_eq(kms_keyring_make(ring.kr, k, 2, 1, ring.arena, &v),
                     KMS_E_UNSUPPORTED_OPERATION);
    ck_assert(strstr(kms_err_note(KMS_E_UNSUPPORTED_OPERATION), "ML_KEM_1024") != NULL);
}
END_TEST

/* What the additional data says, each part changed on its own. */
enum part { UUID, NUMBER, SPEC_USAGE, ORIGIN, KMID, CREATED, SEALED, PARTS };

START_TEST(material_unseals_as_nothing_but_what_it_was_sealed_for)
{
    KMS_AUTO(key) k = ring_key(&ring);
    struct kms_key_version *v = ring_edit(k, 0);
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
    rc = ring_try_encrypt(&ring, k);
    ck_assert_int_eq(rc, KMS_E_TOKEN);
    ck_assert_msg(strstr(kms_err_note(rc), "key 1234abcd version ") != NULL, "%s",
                  kms_err_note(rc));
}
END_TEST

/* The layout of keyring/seal.h, written out by hand: it must never change. */
START_TEST(the_additional_data_is_as_documented)
{
    KMS_AUTO(key) k = ring_key(&ring);
    KMS_AUTO(secret) out = NULL;
    const struct kms_key_version *v = &k->versions[0];
    KMS_AUTO_BUF b = {0};

    kms_buf_z(&b, "kmsd-wrap-v1");
    kms_buf_byte(&b, 1);
    kms_buf_add(&b, ring.spare.kek_id, 16);
    kms_buf_add(&b, k->uuid, 16);
    kms_buf_add(&b, "\0\0\0\1", 4);
    kms_buf_z(&b, "\21SYMMETRIC_DEFAULT\17ENCRYPT_DECRYPT\7AWS_KMS");
    kms_buf_add(&b, v->kmid, 32);
    kms_buf_add(&b, "\0\0\1\213\317\345\150\0", 8); /* 1700000000000 */
    ck_assert_msg(kms_token_unseal(ring.spare.token, kms_buf_view(&b), v->sealed, &out) ==
                      KMS_OK,
                  "%s", kms_err_note(KMS_E_TOKEN));
}
END_TEST

START_TEST(material_that_its_id_does_not_name_is_tampered_with)
{
    KMS_AUTO(key) k = ring_key(&ring);
    KMS_AUTO(secret) planted = NULL;
    struct kms_key_version *v = ring_edit(k, 0);

    /* Sealed by the right token under the right name, but another key's bytes. */
    ck_assert_int_eq(kms_secret_new(32, &planted), KMS_OK);
    ck_assert_int_eq(
        kms_seal_version(ring.spare.token, k, v, planted, ring.arena, &v->sealed),
        KMS_OK);
    ck_assert_int_eq(ring_try_encrypt(&ring, k), KMS_E_TAMPERED);
    ck_assert(strstr(kms_err_note(KMS_E_TAMPERED), "key 1234abcd version 1") != NULL);
    kms_secret_free(KMS_TAKE(planted));
    ck_assert_int_eq(kms_secret_new(31, &planted), KMS_OK);
    ck_assert_int_eq(
        kms_seal_version(ring.spare.token, k, v, planted, ring.arena, &v->sealed),
        KMS_OK);
    ck_assert_int_eq(ring_try_encrypt(&ring, k), KMS_E_TAMPERED);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 0);
}
END_TEST

START_TEST(material_under_another_sealing_key_or_gone_is_not_served)
{
    KMS_AUTO(key) k = ring_key(&ring);
    struct kms_key_version *v = ring_edit(k, 0);

    v->kek[0] ^= 1;
    ck_assert_int_eq(ring_try_encrypt(&ring, k), KMS_E_TOKEN);
    v->kek[0] ^= 1;
    v->sealed = (struct kms_bytes){NULL, 0};
    ck_assert_int_eq(ring_try_encrypt(&ring, k), KMS_E_KEY_UNAVAILABLE);
    k->current_version = 0;
    ck_assert_int_eq(ring_try_encrypt(&ring, k), KMS_E_KEY_UNAVAILABLE);
}
END_TEST

START_TEST(a_token_failure_is_told_and_nothing_is_cached_or_kept)
{
    KMS_AUTO(key) k = ring_key(&ring);
    struct kms_key_version v;

    kms_fault_arm(KMS_FAULT_TOKEN_UNSEAL, 1);
    ck_assert_int_eq(ring_try_encrypt(&ring, k), KMS_E_TOKEN);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 0);
    kms_fault_arm(KMS_FAULT_TOKEN_SEAL, 1);
    ck_assert_int_eq(kms_keyring_make(ring.kr, k, 2, 1, ring.arena, &v), KMS_E_TOKEN);
    ring_encrypt(&ring, ring.kr, k);
}
END_TEST

START_TEST(the_row_key_is_the_same_at_every_start_and_for_this_token_only)
{
    KMS_AUTO(keyring) next = ring_another(&ring, 0, 0);
    struct kms_bytes sealed, other;
    struct kms_row_mac mac;
    uint8_t a[32], b[32];

    ck_assert_int_eq(kms_keyring_row_key_make(ring.kr, ring.arena, &sealed), KMS_OK);
    ck_assert_int_eq(kms_keyring_row_key_load(ring.kr, sealed), KMS_OK);
    mac = kms_keyring_row_mac(ring.kr);
    ck_assert_int_eq(mac.mac(mac.ctx, ring_plain, a), KMS_OK);
    ck_assert_int_eq(kms_keyring_row_key_load(next, sealed), KMS_OK);
    mac = kms_keyring_row_mac(next);
    ck_assert_int_eq(mac.mac(mac.ctx, ring_plain, b), KMS_OK);
    ck_assert_mem_eq(a, b, sizeof a);
    ck_assert_int_eq(mac.mac(mac.ctx, ring_context, b), KMS_OK);
    ck_assert_mem_ne(a, b, sizeof a);
    /* Another database has another one. */
    ck_assert_int_eq(kms_keyring_row_key_make(ring.kr, ring.arena, &other), KMS_OK);
    ck_assert_int_eq(kms_keyring_row_key_load(next, other), KMS_OK);
    ck_assert_int_eq(mac.mac(mac.ctx, ring_plain, b), KMS_OK);
    ck_assert_mem_ne(a, b, sizeof a);
    ((uint8_t *)(uintptr_t)sealed.p)[20] ^= 1;
    ck_assert_int_eq(kms_keyring_row_key_load(next, sealed), KMS_E_TOKEN);
    ck_assert(strstr(kms_err_note(KMS_E_TOKEN), "row key") != NULL);
}
END_TEST

START_TEST(a_key_version_is_no_row_key)
{
    KMS_AUTO(key) k = ring_key(&ring);

    ck_assert_int_eq(kms_keyring_row_key_load(ring.kr, k->versions[0].sealed),
                     KMS_E_TOKEN);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keyring material");
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
    tcase_add_test(t, fresh_material_is_never_the_same);
    tcase_add_test(t, other_specs_are_refused_with_their_name);
    tcase_add_loop_test(t, material_unseals_as_nothing_but_what_it_was_sealed_for, 0,
                        PARTS);
    tcase_add_test(t, the_additional_data_is_as_documented);
    tcase_add_test(t, material_that_its_id_does_not_name_is_tampered_with);
    tcase_add_test(t, material_under_another_sealing_key_or_gone_is_not_served);
    tcase_add_test(t, a_token_failure_is_told_and_nothing_is_cached_or_kept);
    tcase_add_test(t, the_row_key_is_the_same_at_every_start_and_for_this_token_only);
    tcase_add_test(t, a_key_version_is_no_row_key);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
