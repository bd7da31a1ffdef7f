#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/envelope.h"
#include "crypto/kdf.h"
#include "crypto/kmid.h"
#include "support/vectors.h"

enum { PLAIN_MAX = 4096, BLOB_MAX = PLAIN_MAX + KMS_ENVELOPE_OVERHEAD };

/* A key and its envelope view. */
struct key {
    uint8_t material[KMS_ENVELOPE_KEY_LEN], uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN];
    struct kms_envelope_key view;
};

static void make_key(struct key *k, uint8_t seed)
{
    memset(k->material, seed, sizeof k->material);
    memset(k->uuid, seed + 1, sizeof k->uuid);
    ck_assert_int_eq(kms_kmid_of_secret(KMS_BYTES(k->material), k->uuid, k->kmid),
                     KMS_OK);
    k->view = (struct kms_envelope_key){KMS_BYTES(k->material), k->uuid, k->kmid};
}

static struct kms_envelope_key view_of(const struct vector *v, const char *material)
{
    return (struct kms_envelope_key){vector_get(v, material), vector_get(v, "uuid").p,
                                     vector_get(v, "kmid").p};
}

static const struct kms_bytes context = {(const uint8_t *)"\0\1\0\1a\0\1b", 8};
static const struct kms_bytes hello = {(const uint8_t *)"hello kmsd", 10};

/* Must fail with the one code, no words, and nothing left in the output. */
static void assert_refused(const struct kms_envelope_key *k, struct kms_bytes ec,
                           struct kms_bytes blob)
{
    static const uint8_t zero[PLAIN_MAX];
    uint8_t out[PLAIN_MAX];
    size_t n = blob.n > KMS_ENVELOPE_OVERHEAD ? blob.n - KMS_ENVELOPE_OVERHEAD : 0;

    memset(out, 0, sizeof out);
    kms_err_clear();
    ck_assert_int_eq(kms_envelope_open(k, ec, blob, out), KMS_E_INVALID_CIPHERTEXT);
    ck_assert_str_eq(kms_err_note(KMS_E_INVALID_CIPHERTEXT), "");
    ck_assert_mem_eq(out, zero, n);
}

START_TEST(known_ciphertexts_of_another_implementation_open)
{
    static struct vector v;
    static uint8_t out[PLAIN_MAX];
    FILE *f = vector_open("envelope.txt");
    int n = 0;

    while (vector_next(f, &v)) {
        struct kms_bytes blob = vector_get(&v, "blob"), plain = vector_get(&v, "plain");
        struct kms_envelope_key k;

        if (!vector_has(&v, "material"))
            continue;
        k = view_of(&v, "material");
        ck_assert_int_eq(kms_envelope_open(&k, vector_get(&v, "context"), blob, out),
                         KMS_OK);
        ck_assert_uint_eq(blob.n, plain.n + KMS_ENVELOPE_OVERHEAD);
        if (plain.n != 0)
            ck_assert_mem_eq(out, plain.p, plain.n);
        n++;
    }
    fclose(f);
    ck_assert_int_eq(n, 11);
}
END_TEST

/* The first vector is the design's; the generated ones have ids made by the rule. */
START_TEST(material_ids_and_commitments_agree_with_another_implementation)
{
    static struct vector v;
    FILE *f = vector_open("envelope.txt");

    ck_assert(vector_next(f, &v));
    while (vector_next(f, &v)) {
        uint8_t kmid[KMS_KMID_LEN];

        if (!vector_has(&v, "material"))
            continue;
        ck_assert_int_eq(kms_kmid_of_secret(vector_get(&v, "material"),
                                            vector_get(&v, "uuid").p, kmid),
                         KMS_OK);
        ck_assert_mem_eq(kmid, vector_get(&v, "kmid").p, sizeof kmid);
        ck_assert_mem_eq(vector_get(&v, "commit").p, vector_get(&v, "blob").p + 78, 32);
    }
    fclose(f);
}
END_TEST

/* AES-GCM alone would open it under either key; the commitment is for one of them. */
START_TEST(a_ciphertext_that_fits_two_keys_opens_under_one_only)
{
    static struct vector v[2];
    FILE *f = vector_open("envelope.txt");
    int n = 0;

    while (n < 2 && vector_next(f, &v[n]))
        n += vector_has(&v[n], "salamander");
    fclose(f);
    ck_assert_int_eq(n, 2);
    for (int i = 0; i < 2; i++) {
        struct kms_bytes blob = vector_get(&v[i], "blob"),
                         kenc = vector_get(&v[1 - i], "kenc"), aad[1] = {{blob.p, 50}};
        const struct kms_gcm other = {kenc.p, blob.p + 66, aad, 1};
        struct kms_envelope_key right = view_of(&v[i], "salamander"),
                                wrong = view_of(&v[1 - i], "salamander");
        uint8_t out[256];

        ck_assert_int_eq(
            kms_gcm_open(&other, (struct kms_bytes){blob.p + 110, blob.n - 110}, out),
            KMS_OK);
        ck_assert_int_eq(
            kms_envelope_open(&right, (struct kms_bytes){blob.p, 0}, blob, out), KMS_OK);
        assert_refused(&wrong, (struct kms_bytes){blob.p, 0}, blob);
    }
}
END_TEST

START_TEST(what_is_sealed_opens_at_every_size)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 31, 32, 33, 1000, PLAIN_MAX};
    static uint8_t plain[PLAIN_MAX], blob[BLOB_MAX], out[PLAIN_MAX];
    uint8_t uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN];
    struct key k;

    make_key(&k, 7);
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 31);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct kms_bytes whole = {blob, sizes[i] + KMS_ENVELOPE_OVERHEAD};

        ck_assert_int_eq(kms_envelope_seal(&k.view, context,
                                           (struct kms_bytes){plain, sizes[i]}, blob),
                         KMS_OK);
        ck_assert_int_eq(kms_envelope_open(&k.view, context, whole, out), KMS_OK);
        if (sizes[i] != 0)
            ck_assert_mem_eq(out, plain, sizes[i]);
        ck_assert_int_eq(kms_envelope_names(whole, uuid, kmid), KMS_OK);
        ck_assert_mem_eq(uuid, k.uuid, sizeof uuid);
        ck_assert_mem_eq(kmid, k.kmid, sizeof kmid);
    }
}
END_TEST

START_TEST(flipping_any_bit_is_one_and_the_same_refusal)
{
    uint8_t blob[KMS_ENVELOPE_OVERHEAD + 10];
    struct key k;

    make_key(&k, 7);
    ck_assert_int_eq(kms_envelope_seal(&k.view, context, hello, blob), KMS_OK);
    for (size_t i = 0; i < sizeof blob; i++) {
        for (int bit = 0; bit < 8; bit++) {
            blob[i] ^= (uint8_t)(1 << bit);
            assert_refused(&k.view, context, KMS_BYTES(blob));
            blob[i] ^= (uint8_t)(1 << bit);
        }
    }
}
END_TEST

START_TEST(cut_and_lengthened_ciphertexts_are_refused)
{
    uint8_t blob[KMS_ENVELOPE_OVERHEAD + 20] = {0};
    struct key k;

    make_key(&k, 7);
    ck_assert_int_eq(kms_envelope_seal(&k.view, context, hello, blob), KMS_OK);
    for (size_t n = 0; n < sizeof blob; n++) {
        if (n != KMS_ENVELOPE_OVERHEAD + 10)
            assert_refused(&k.view, context, (struct kms_bytes){blob, n});
    }
}
END_TEST

START_TEST(another_context_or_key_is_refused)
{
    static const struct kms_bytes others[] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"\0\1\0\1a\0\1c", 8},
        {(const uint8_t *)"\0\1\0\1a\0\1b\0", 9},
        {(const uint8_t *)"\0\1\0\2ab\0\0", 8},
    };
    uint8_t blob[KMS_ENVELOPE_OVERHEAD + 10];
    struct key k, other;

    make_key(&k, 7);
    ck_assert_int_eq(kms_envelope_seal(&k.view, context, hello, blob), KMS_OK);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_refused(&k.view, others[i], KMS_BYTES(blob));
    make_key(&other, 9);
    assert_refused(&other.view, context, KMS_BYTES(blob));
    /* One part of the key's name or the material alone. */
    make_key(&other, 7);
    other.uuid[3] ^= 1;
    assert_refused(&other.view, context, KMS_BYTES(blob));
    make_key(&other, 7);
    other.kmid[3] ^= 1;
    assert_refused(&other.view, context, KMS_BYTES(blob));
    make_key(&other, 7);
    other.material[3] ^= 1;
    assert_refused(&other.view, context, KMS_BYTES(blob));
}
END_TEST

/* HMAC pads a key with zeros: 31 bytes and a zero would be the same key twice. */
START_TEST(material_of_another_length_is_not_taken)
{
    uint8_t blob[KMS_ENVELOPE_OVERHEAD + 10];
    struct key k;

    make_key(&k, 7);
    k.view.material.n = 31;
    ck_assert_int_eq(kms_envelope_seal(&k.view, context, hello, blob), KMS_E_CRYPTO);
}
END_TEST

START_TEST(nonces_never_repeat)
{
    enum { N = 2000, LEN = 28 };
    static uint8_t seen[N][LEN];
    uint8_t blob[KMS_ENVELOPE_OVERHEAD + 10];
    struct key k;

    make_key(&k, 7);
    for (int i = 0; i < N; i++) {
        bool fresh = true;

        ck_assert_int_eq(kms_envelope_seal(&k.view, context, hello, blob), KMS_OK);
        memcpy(seen[i], blob + KMS_ENVELOPE_HEAD_LEN, LEN);
        for (int j = 0; j < i; j++)
            fresh = fresh && memcmp(seen[i], seen[j], 16) != 0 &&
                    memcmp(seen[i] + 16, seen[j] + 16, 12) != 0;
        ck_assert(fresh);
    }
}
END_TEST

START_TEST(only_the_form_is_looked_at_to_find_the_key)
{
    uint8_t blob[KMS_ENVELOPE_OVERHEAD] = {1, 1}, uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN];

    kms_err_clear();
    ck_assert_int_eq(kms_envelope_names(KMS_BYTES(blob), uuid, kmid), KMS_OK);
    ck_assert_int_eq(kms_envelope_names((struct kms_bytes){blob, 125}, uuid, kmid),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(kms_envelope_names((struct kms_bytes){blob, 0}, uuid, kmid),
                     KMS_E_INVALID_CIPHERTEXT);
    blob[0] = 2;
    ck_assert_int_eq(kms_envelope_names(KMS_BYTES(blob), uuid, kmid),
                     KMS_E_INVALID_CIPHERTEXT);
    blob[0] = 1;
    blob[1] = 0;
    ck_assert_int_eq(kms_envelope_names(KMS_BYTES(blob), uuid, kmid),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_str_eq(kms_err_note(KMS_E_INVALID_CIPHERTEXT), "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("crypto envelope");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, known_ciphertexts_of_another_implementation_open);
    tcase_add_test(t, material_ids_and_commitments_agree_with_another_implementation);
    tcase_add_test(t, a_ciphertext_that_fits_two_keys_opens_under_one_only);
    tcase_add_test(t, what_is_sealed_opens_at_every_size);
    tcase_add_test(t, flipping_any_bit_is_one_and_the_same_refusal);
    tcase_add_test(t, cut_and_lengthened_ciphertexts_are_refused);
    tcase_add_test(t, another_context_or_key_is_refused);
    tcase_add_test(t, material_of_another_length_is_not_taken);
    tcase_add_test(t, nonces_never_repeat);
    tcase_add_test(t, only_the_form_is_looked_at_to_find_the_key);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
