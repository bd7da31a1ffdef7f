#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/oaep.h"
#include "keyring/import.h"
#include "support/ring.h"

enum { NOW_MS = 1000000, VALID_TO_MS = 2000000 };

static struct ring ring;
static struct kms_bytes row_key; /* sealed */
static struct kms_key *key;
static struct kms_import_offer offer;
static const uint8_t material[32] = "made outside, thirty-two bytes..";

static struct kms_key *external(const char *region)
{
    struct kms_key *k = NULL;

    ck_assert_int_eq(kms_key_new(&k), KMS_OK);
    ck_assert_int_eq(kms_keyring_uuid(k->uuid), KMS_OK);
    ck_assert_int_eq(kms_key_set_text(k, &k->id, KMS_LIT("1234abcd")), KMS_OK);
    ck_assert_int_eq(kms_key_set_text(k, &k->region, kms_str_of(region)), KMS_OK);
    k->spec = KMS_KEY_SPEC_SYMMETRIC_DEFAULT;
    k->usage = KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT;
    k->origin = KMS_ORIGIN_TYPE_EXTERNAL;
    return k;
}

static void setup(void)
{
    struct kms_import_terms terms = {.alg = KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_256,
                                     .wrapping = KMS_KEY_SPEC_RSA_2048,
                                     .valid_to_ms = VALID_TO_MS};

    ring_make(&ring);
    ck_assert_int_eq(kms_keyring_row_key_make(ring.kr, ring.arena, &row_key), KMS_OK);
    ck_assert_int_eq(kms_keyring_row_key_load(ring.kr, row_key), KMS_OK);
    key = external("us-east-1");
    terms.key = key;
    ck_assert_int_eq(kms_import_offer(ring.kr, &terms, ring.arena, &offer), KMS_OK);
}

static void teardown(void)
{
    kms_key_free(key);
    ring_free(&ring);
}

/* What a client sends. */
static struct kms_bytes wrapped(void)
{
    KMS_AUTO(pkey) public = NULL;
    uint8_t *out = kms_arena_alloc(ring.arena, 256);

    ck_assert_ptr_nonnull(out);
    ck_assert_int_eq(kms_pkey_from_spki(KMS_KEY_SPEC_RSA_2048, offer.public_key, &public),
                     KMS_OK);
    ck_assert_int_eq(kms_oaep_seal(public, KMS_OAEP_SHA_256, KMS_BYTES(material), out),
                     KMS_OK);
    return (struct kms_bytes){out, 256};
}

static enum kms_rc open_token(struct kms_keyring *kr, const struct kms_key *k,
                              struct kms_bytes token, struct kms_import *out)
{
    const struct kms_import_parcel parcel = {token, wrapped(), NOW_MS};

    return kms_import_open(kr, k, &parcel, ring.arena, out);
}

START_TEST(wrapped_material_becomes_a_version_that_works)
{
    struct kms_import import;
    struct kms_key_version v;
    struct kms_bytes blob;

    ck_assert_int_eq(open_token(ring.kr, key, offer.token, &import), KMS_OK);
    ck_assert(kms_bytes_eq(import.material, KMS_BYTES(material)));
    ck_assert_int_eq(kms_import_seal(ring.kr, key, 1, NOW_MS, &import, ring.arena, &v),
                     KMS_OK);
    ck_assert_mem_eq(v.kmid, import.kmid, sizeof v.kmid);
    ck_assert_int_eq(kms_key_add_version(key, &v), KMS_OK);
    blob = ring_encrypt(&ring, ring.kr, key);
    kms_keyring_forget_all(ring.kr); /* from the token again */
    ck_assert_int_eq(ring_decrypt(&ring, key, ring_context, blob), KMS_OK);
}
END_TEST

START_TEST(a_token_outlives_the_keyring_but_not_the_row_key)
{
    KMS_AUTO(keyring) later = ring_another(&ring, 0, 0);
    struct kms_import import;
    struct kms_bytes other;

    ck_assert_int_eq(kms_keyring_row_key_load(later, row_key), KMS_OK);
    ck_assert_int_eq(open_token(later, key, offer.token, &import), KMS_OK);
    ck_assert_int_eq(kms_keyring_row_key_make(later, ring.arena, &other), KMS_OK);
    ck_assert_int_eq(kms_keyring_row_key_load(later, other), KMS_OK);
    ck_assert_int_eq(open_token(later, key, offer.token, &import),
                     KMS_E_INVALID_IMPORT_TOKEN);
}
END_TEST

START_TEST(a_token_is_of_one_key_in_one_region)
{
    KMS_AUTO(key) other = external("us-east-1");
    KMS_AUTO(key) relative = external("eu-west-1");
    struct kms_import import;

    memcpy(relative->uuid, key->uuid, sizeof relative->uuid);
    ck_assert_int_eq(open_token(ring.kr, other, offer.token, &import),
                     KMS_E_INVALID_IMPORT_TOKEN);
    ck_assert_int_eq(open_token(ring.kr, relative, offer.token, &import),
                     KMS_E_INVALID_IMPORT_TOKEN);
}
END_TEST

START_TEST(no_byte_of_a_token_can_be_changed)
{
    const struct kms_bytes parcel = wrapped();
    uint8_t *bad = kms_arena_alloc(ring.arena, offer.token.n);
    struct kms_import import;

    ck_assert_ptr_nonnull(bad);
    for (size_t i = 0; i < offer.token.n; i++) {
        const struct kms_import_parcel p = {{bad, offer.token.n}, parcel, NOW_MS};

        memcpy(bad, offer.token.p, offer.token.n);
        bad[i] ^= (uint8_t)(1u << i % 8);
        ck_assert_int_eq(kms_import_open(ring.kr, key, &p, ring.arena, &import),
                         KMS_E_INVALID_IMPORT_TOKEN);
    }
}
END_TEST

START_TEST(no_part_of_a_token_is_a_token)
{
    const struct kms_bytes parcel = wrapped();
    uint8_t longer[4096] = {0};
    struct kms_import import;

    ck_assert_uint_lt(offer.token.n, sizeof longer);
    memcpy(longer, offer.token.p, offer.token.n);
    for (size_t n = 0; n <= offer.token.n + 1; n++) {
        const struct kms_import_parcel p = {{longer, n}, parcel, NOW_MS};

        if (n == offer.token.n)
            continue;
        ck_assert_int_eq(kms_import_open(ring.kr, key, &p, ring.arena, &import),
                         KMS_E_INVALID_IMPORT_TOKEN);
    }
}
END_TEST

START_TEST(a_token_expires_at_its_time)
{
    struct kms_import import;
    struct kms_import_parcel p = {offer.token, wrapped(), VALID_TO_MS - 1};

    ck_assert_int_eq(kms_import_open(ring.kr, key, &p, ring.arena, &import), KMS_OK);
    p.now_ms = VALID_TO_MS;
    ck_assert_int_eq(kms_import_open(ring.kr, key, &p, ring.arena, &import),
                     KMS_E_EXPIRED_IMPORT_TOKEN);
}
END_TEST

START_TEST(a_member_without_the_material_cannot_use_what_a_relative_has_open)
{
    struct kms_import import;
    struct kms_key_version v;
    KMS_AUTO(key) relative = NULL;

    ck_assert_int_eq(open_token(ring.kr, key, offer.token, &import), KMS_OK);
    ck_assert_int_eq(kms_import_seal(ring.kr, key, 1, NOW_MS, &import, ring.arena, &v),
                     KMS_OK);
    ck_assert_int_eq(kms_key_add_version(key, &v), KMS_OK);
    ck_assert_int_eq(ring_try_encrypt(&ring, key), KMS_OK); /* in the cache now */
    ck_assert_int_eq(kms_key_copy(key, &relative), KMS_OK);
    ring_edit(relative, 0)->sealed = (struct kms_bytes){NULL, 0};
    ck_assert_int_eq(ring_try_encrypt(&ring, relative), KMS_E_KEY_UNAVAILABLE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keyring_import");
    TCase *t = tcase_create("keyring_import");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, wrapped_material_becomes_a_version_that_works);
    tcase_add_test(t, a_token_outlives_the_keyring_but_not_the_row_key);
    tcase_add_test(t, a_token_is_of_one_key_in_one_region);
    tcase_add_test(t, no_byte_of_a_token_can_be_changed);
    tcase_add_test(t, no_part_of_a_token_is_a_token);
    tcase_add_test(t, a_token_expires_at_its_time);
    tcase_add_test(t, a_member_without_the_material_cannot_use_what_a_relative_has_open);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
