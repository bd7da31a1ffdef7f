/* Ed25519 and Ed25519ph, the latter also as it is put together for older libraries. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/pkey_edph.h"
#include "crypto/pkey_impl.h"
#include "crypto/sign.h"
#include "support/pkey_world.h"
#include "support/vectors.h"

#define PH KMS_SIGNING_ALGORITHM_SPEC_ED25519_PH_SHA_512
#define PURE KMS_SIGNING_ALGORITHM_SPEC_ED25519_SHA_512

static const uint8_t text[64] = "sixty-four bytes, as a digest has";

/* The key of an Ed25519 seed. */
static struct kms_pkey *ed_key(struct kms_bytes seed)
{
    uint8_t material[33] = {1};
    struct kms_pkey *key = NULL;

    memcpy(material + 1, seed.p, 32);
    ck_assert_int_eq(
        kms_pkey_load(KMS_KEY_SPEC_ECC_NIST_EDWARDS25519, KMS_BYTES(material), &key),
        KMS_OK);
    return key;
}

START_TEST(ed25519_gives_the_answers_of_rfc_8032)
{
    FILE *in = vector_open("ed25519.txt");
    KMS_AUTO(arena) arena = NULL;
    struct vector v;

    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    while (vector_next(in, &v)) {
        struct kms_tbs tbs = {PURE, KMS_MESSAGE_TYPE_RAW, vector_get(&v, "msg")};
        KMS_AUTO(pkey) key = ed_key(vector_get(&v, "seed"));
        struct kms_bytes signature;
        uint8_t own[KMS_EDPH_LEN];
        bool good = false;

        if (vector_has(&v, "sig")) {
            ck_assert_int_eq(kms_sign_make(key, &tbs, arena, &signature), KMS_OK);
            ck_assert(kms_bytes_eq(signature, vector_get(&v, "sig")));
        }
        if (!vector_has(&v, "ph"))
            continue;
        /* Put together from parts, on every version of the library. */
        ck_assert_int_eq(kms_pkey_edph_sign(key->evp, tbs.message, own), KMS_OK);
        ck_assert(kms_bytes_eq(KMS_BYTES(own), vector_get(&v, "ph")));
        ck_assert_int_eq(
            kms_pkey_edph_check(key->evp, tbs.message, KMS_BYTES(own), &good), KMS_OK);
        ck_assert(good);
        if (tbs.message.n != 64)
            continue;
        tbs.alg = PH;
        tbs.type = KMS_MESSAGE_TYPE_DIGEST;
        ck_assert_int_eq(kms_sign_make(key, &tbs, arena, &signature), KMS_OK);
        ck_assert(kms_bytes_eq(signature, vector_get(&v, "ph")));
    }
    fclose(in);
}
END_TEST

/* What the parts make is what the library's own Ed25519ph makes, where it has one. */
START_TEST(ed25519ph_from_parts_agrees_with_the_library)
{
    struct kms_tbs tbs = {PH, KMS_MESSAGE_TYPE_DIGEST, KMS_BYTES(text)};
    uint8_t message[64] = {0}, own[KMS_EDPH_LEN], bad[KMS_EDPH_LEN];
    struct kms_bytes signature;
    bool good;
    struct pkey_world w;

    for (int i = 0; i < 50; i++) {
        ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_ECC_NIST_EDWARDS25519));
        message[0] = (uint8_t)i;
        tbs.message = KMS_BYTES(message);
        ck_assert_int_eq(kms_pkey_edph_sign(w.key->evp, tbs.message, own), KMS_OK);
        ck_assert_int_eq(kms_sign_make(w.key, &tbs, w.arena, &signature), KMS_OK);
        ck_assert(kms_bytes_eq(signature, KMS_BYTES(own)));
        ck_assert_int_eq(kms_sign_check(w.key, &tbs, KMS_BYTES(own)), KMS_OK);
        memcpy(bad, own, sizeof bad);
        bad[i] ^= 1;
        ck_assert_int_eq(
            kms_pkey_edph_check(w.key->evp, tbs.message, KMS_BYTES(bad), &good), KMS_OK);
        ck_assert(!good);
        pkey_world_end(&w);
    }
}
END_TEST

/* RFC 8032 section 5.1.7: S has to be under the group's order. */
START_TEST(ed25519ph_is_not_malleable)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a,       0x63,
                                      0x12, 0x58, 0xd6, 0x9c, 0xf7,       0xa2,
                                      0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    struct kms_tbs tbs = {PH, KMS_MESSAGE_TYPE_DIGEST, KMS_BYTES(text)};
    uint8_t own[KMS_EDPH_LEN];
    unsigned carry = 0;
    bool good = true;
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_ECC_NIST_EDWARDS25519));
    ck_assert_int_eq(kms_pkey_edph_sign(w.key->evp, tbs.message, own), KMS_OK);
    for (int i = 0; i < 32; i++) {
        carry += own[32 + i] + order[i];
        own[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    ck_assert_int_eq(kms_pkey_edph_check(w.key->evp, tbs.message, KMS_BYTES(own), &good),
                     KMS_OK);
    ck_assert(!good);
    ck_assert_int_eq(kms_sign_check(w.key, &tbs, KMS_BYTES(own)),
                     KMS_E_INVALID_SIGNATURE);
    pkey_world_end(&w);
}
END_TEST

START_TEST(pure_and_prehashed_ed25519_are_different_signatures)
{
    struct kms_tbs ph = {PH, KMS_MESSAGE_TYPE_DIGEST, KMS_BYTES(text)};
    struct kms_tbs pure = {PURE, KMS_MESSAGE_TYPE_RAW, ph.message};
    struct kms_bytes signature;
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_ECC_NIST_EDWARDS25519));
    ck_assert_int_eq(kms_sign_make(w.key, &ph, w.arena, &signature), KMS_OK);
    ck_assert_int_eq(kms_sign_check(w.key, &pure, signature), KMS_E_INVALID_SIGNATURE);
    ck_assert_int_eq(kms_sign_make(w.key, &pure, w.arena, &signature), KMS_OK);
    ck_assert_int_eq(kms_sign_check(w.key, &ph, signature), KMS_E_INVALID_SIGNATURE);
    pkey_world_end(&w);
}
END_TEST

static Suite *ed_suite(void)
{
    Suite *s = suite_create("pkey_ed");
    TCase *t = tcase_create("ed25519");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, ed25519_gives_the_answers_of_rfc_8032);
    tcase_add_test(t, ed25519ph_from_parts_agrees_with_the_library);
    tcase_add_test(t, ed25519ph_is_not_malleable);
    tcase_add_test(t, pure_and_prehashed_ed25519_are_different_signatures);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(ed_suite());
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
