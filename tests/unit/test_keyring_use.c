#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/pkey.h"
#include "key/spec.h"
#include "keyring/material.h"
#include "keyring/seal.h"
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

/* Every spec with a key pair; RSA but once: making a key takes its time. */
static const enum kms_key_spec pairs[] = {
    KMS_KEY_SPEC_RSA_2048,
    KMS_KEY_SPEC_ECC_NIST_P256,
    KMS_KEY_SPEC_ECC_NIST_P384,
    KMS_KEY_SPEC_ECC_NIST_P521,
    KMS_KEY_SPEC_ECC_SECG_P256K1,
    KMS_KEY_SPEC_ECC_NIST_EDWARDS25519,
    KMS_KEY_SPEC_SM2,
    KMS_KEY_SPEC_ML_DSA_44,
    KMS_KEY_SPEC_ML_DSA_65,
    KMS_KEY_SPEC_ML_DSA_87,
};
enum { PAIRS = sizeof pairs / sizeof pairs[0] };

static const enum kms_key_spec macs[] = {KMS_KEY_SPEC_HMAC_224, KMS_KEY_SPEC_HMAC_256,
                                         KMS_KEY_SPEC_HMAC_384, KMS_KEY_SPEC_HMAC_512};
enum { MACS = sizeof macs / sizeof macs[0] };

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

START_TEST(a_pair_signs_what_its_public_half_verifies)
{
    KMS_AUTO(key) k = ring_key_of(&ring, pairs[_i], KMS_KEY_USAGE_TYPE_SIGN_VERIFY);
    KMS_AUTO(pkey) outside = NULL;
    struct kms_bytes signature, spki;
    struct kms_signing what;

    if (k == NULL)
        return;
    what = signing_of(k->spec);
    signature = sign(ring.kr, k);
    ck_assert_int_eq(kms_keyring_verify(ring.kr, k, &what, signature), KMS_OK);
    ck_assert_int_eq(kms_keyring_public_key(ring.kr, k, ring.arena, &spki), KMS_OK);
    ck_assert_int_eq(kms_pkey_from_spki(k->spec, spki, &outside), KMS_OK);
    ((uint8_t *)(uintptr_t)signature.p)[signature.n - 1] ^= 1;
    kms_err_clear();
    ck_assert_int_eq(kms_keyring_verify(ring.kr, k, &what, signature),
                     KMS_E_INVALID_SIGNATURE);
    ck_assert_str_eq(kms_err_note(KMS_E_INVALID_SIGNATURE), "");
}
END_TEST

START_TEST(a_pair_is_loaded_once_and_is_the_same_after_it_was_forgotten)
{
    KMS_AUTO(key) k = ring_key_of(&ring, pairs[_i], KMS_KEY_USAGE_TYPE_SIGN_VERIFY);
    KMS_AUTO(keyring) other = ring_another(&ring, 0, 0);
    struct kms_bytes before, after, signature;
    struct kms_signing what;

    if (k == NULL)
        return;
    what = signing_of(k->spec);
    ck_assert_int_eq(kms_keyring_public_key(ring.kr, k, ring.arena, &before), KMS_OK);
    for (int i = 0; i < 5; i++)
        signature = sign(ring.kr, k);
    ck_assert_uint_eq(ring_stats(ring.kr).unseals, 1);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 1);
    kms_keyring_forget(ring.kr, k->uuid);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 0);
    ck_assert_int_eq(kms_keyring_public_key(ring.kr, k, ring.arena, &after), KMS_OK);
    ck_assert(kms_bytes_eq(before, after));
    ck_assert_int_eq(kms_keyring_verify(other, k, &what, signature), KMS_OK);
}
END_TEST

/* SHA-256("kmsd-kmid-v1" | uuid | SubjectPublicKeyInfo), and so another one per key. */
START_TEST(the_id_of_a_pair_is_that_of_its_public_half_in_this_key)
{
    KMS_AUTO(key)
    k = ring_key_of(&ring, KMS_KEY_SPEC_ECC_NIST_P256, KMS_KEY_USAGE_TYPE_SIGN_VERIFY);
    struct kms_key_version *v = ring_edit(k, 0);
    KMS_AUTO(secret) planted = NULL;
    KMS_AUTO(pkey) live = NULL;

    /* Another pair, sealed by the right token under the right name. */
    ck_assert_int_eq(kms_pkey_generate(k->spec, &planted, &live), KMS_OK);
    ck_assert_int_eq(
        kms_seal_version(ring.spare.token, k, v, planted, ring.arena, &v->sealed),
        KMS_OK);
    ck_assert_int_eq(
        kms_keyring_public_key(ring.kr, k, ring.arena, &(struct kms_bytes){0}),
        KMS_E_TAMPERED);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 0);
}
END_TEST

START_TEST(material_of_another_form_is_not_served)
{
    KMS_AUTO(key)
    k = ring_key_of(&ring, KMS_KEY_SPEC_ECC_NIST_P256, KMS_KEY_USAGE_TYPE_SIGN_VERIFY);
    struct kms_key_version *v = ring_edit(k, 0);
    KMS_AUTO(secret) planted = NULL;

    ck_assert_int_eq(kms_secret_new(31, &planted), KMS_OK);
    ck_assert_int_eq(
        kms_seal_version(ring.spare.token, k, v, planted, ring.arena, &v->sealed),
        KMS_OK);
    ck_assert_int_ne(
        kms_keyring_public_key(ring.kr, k, ring.arena, &(struct kms_bytes){0}), KMS_OK);
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 0);
}
END_TEST

START_TEST(codes_verify_and_others_do_not)
{
    KMS_AUTO(key)
    k = ring_key_of(&ring, macs[_i], KMS_KEY_USAGE_TYPE_GENERATE_VERIFY_MAC);
    enum kms_mac_algorithm_spec alg = kms_spec_mac(macs[_i]).v[0];
    struct kms_bytes mac, again;

    ck_assert_uint_eq(k->versions[0].sealed.n, 12 + kms_spec_material_len(macs[_i]) + 16);
    ck_assert_int_eq(kms_keyring_mac(ring.kr, k, alg, message, ring.arena, &mac), KMS_OK);
    ck_assert_int_eq(kms_keyring_mac(ring.kr, k, alg, message, ring.arena, &again),
                     KMS_OK);
    ck_assert(kms_bytes_eq(mac, again));
    ck_assert_int_eq(kms_keyring_verify_mac(ring.kr, k, alg, message, mac), KMS_OK);
    mac.n--;
    kms_err_clear();
    ck_assert_int_eq(kms_keyring_verify_mac(ring.kr, k, alg, message, mac),
                     KMS_E_INVALID_MAC);
    ck_assert_str_eq(kms_err_note(KMS_E_INVALID_MAC), "");
    ck_assert_uint_eq(ring_stats(ring.kr).unseals, 1);
}
END_TEST

/* Imported HMAC keys may be longer than what is made here, and not shorter. */
START_TEST(mac_material_has_bounds)
{
    static const struct {
        size_t n;
        enum kms_rc rc;
    } lengths[] = {
        {31, KMS_E_TAMPERED}, {32, KMS_OK}, {128, KMS_OK}, {129, KMS_E_TAMPERED}};
    KMS_AUTO(key)
    k = ring_key_of(&ring, KMS_KEY_SPEC_HMAC_256, KMS_KEY_USAGE_TYPE_GENERATE_VERIFY_MAC);
    const struct kms_family *family;
    KMS_AUTO(pkey) live = NULL;

    ck_assert_int_eq(kms_family_of(k->spec, &family), KMS_OK);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        static const uint8_t zeros[256];
        struct kms_bytes material = {zeros, lengths[i].n};

        ck_assert_int_eq(family->load(k->spec, material, &live), lengths[i].rc);
        ck_assert_ptr_null(live);
    }
}
END_TEST

static const enum kms_key_spec curves[] = {KMS_KEY_SPEC_ECC_NIST_P256,
                                           KMS_KEY_SPEC_ECC_NIST_P384,
                                           KMS_KEY_SPEC_ECC_NIST_P521, KMS_KEY_SPEC_SM2};

START_TEST(both_sides_agree_on_one_secret)
{
    KMS_AUTO(key) a = ring_key_of(&ring, curves[_i], KMS_KEY_USAGE_TYPE_KEY_AGREEMENT);
    KMS_AUTO(key) b = ring_key_of(&ring, curves[_i], KMS_KEY_USAGE_TYPE_KEY_AGREEMENT);
    struct kms_bytes public_a, public_b, one, other;

    ck_assert_int_eq(kms_keyring_public_key(ring.kr, a, ring.arena, &public_a), KMS_OK);
    ck_assert_int_eq(kms_keyring_public_key(ring.kr, b, ring.arena, &public_b), KMS_OK);
    ck_assert_int_eq(kms_keyring_derive(ring.kr, a, public_b, ring.arena, &one), KMS_OK);
    ck_assert_int_eq(kms_keyring_derive(ring.kr, b, public_a, ring.arena, &other),
                     KMS_OK);
    ck_assert_uint_eq(one.n, kms_spec_width(curves[_i]));
    ck_assert(kms_bytes_eq(one, other));
    public_b.n--;
    ck_assert_int_eq(kms_keyring_derive(ring.kr, a, public_b, ring.arena, &one),
                     KMS_E_VALIDATION);
}
END_TEST

static const struct {
    enum kms_key_spec spec;
    enum kms_encryption_algorithm_spec alg;
} ciphers[] = {
    {KMS_KEY_SPEC_RSA_2048, KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1},
    {KMS_KEY_SPEC_RSA_2048, KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_256},
    {KMS_KEY_SPEC_SM2, KMS_ENCRYPTION_ALGORITHM_SPEC_SM2PKE},
};

START_TEST(what_is_encrypted_to_a_pair_decrypts)
{
    KMS_AUTO(key)
    k = ring_key_of(&ring, ciphers[_i].spec, KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT);
    struct kms_bytes cipher, plain;

    ck_assert_int_eq(kms_keyring_encrypt_public(ring.kr, k, ciphers[_i].alg, message,
                                                ring.arena, &cipher),
                     KMS_OK);
    ck_assert_int_eq(kms_keyring_decrypt_private(ring.kr, k, ciphers[_i].alg, cipher,
                                                 ring.arena, &plain),
                     KMS_OK);
    ck_assert(kms_bytes_eq(plain, message));
    ((uint8_t *)(uintptr_t)cipher.p)[cipher.n - 1] ^= 1;
    kms_err_clear();
    ck_assert_int_eq(kms_keyring_decrypt_private(ring.kr, k, ciphers[_i].alg, cipher,
                                                 ring.arena, &plain),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_str_eq(kms_err_note(KMS_E_INVALID_CIPHERTEXT), "");
}
END_TEST

START_TEST(a_pair_for_use_outside_can_be_imported_again)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) live = NULL;
    struct kms_key_pair pair;

    if (pairs[_i] == KMS_KEY_SPEC_ML_DSA_44 || pairs[_i] == KMS_KEY_SPEC_ML_DSA_65 ||
        pairs[_i] == KMS_KEY_SPEC_ML_DSA_87)
        return;
    ck_assert_int_eq(kms_keyring_make_pair(pairs[_i], ring.arena, &pair), KMS_OK);
    ck_assert_int_eq(kms_pkey_import_pkcs8(pairs[_i], pair.pkcs8, &material, &live),
                     KMS_OK);
    ck_assert(kms_bytes_eq(kms_pkey_spki(live), pair.spki));
    ck_assert_uint_eq(ring_stats(ring.kr).cached, 0);
}
END_TEST

START_TEST(a_spec_without_a_pair_has_no_public_half)
{
    KMS_AUTO(key) k = ring_key(&ring);

    ck_assert_int_eq(
        kms_keyring_public_key(ring.kr, k, ring.arena, &(struct kms_bytes){0}),
        KMS_E_UNSUPPORTED_OPERATION);
}
END_TEST

START_TEST(an_algorithm_of_another_spec_is_refused_before_the_token_is_asked)
{
    KMS_AUTO(key)
    k = ring_key_of(&ring, KMS_KEY_SPEC_HMAC_256, KMS_KEY_USAGE_TYPE_GENERATE_VERIFY_MAC);

    ck_assert_int_eq(kms_keyring_mac(ring.kr, k, KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_512,
                                     message, ring.arena, &(struct kms_bytes){0}),
                     KMS_E_INVALID_KEY_USAGE);
    ck_assert_uint_eq(ring_stats(ring.kr).unseals, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keyring_use");
    TCase *t = tcase_create("use");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_pair_signs_what_its_public_half_verifies, 0, PAIRS);
    tcase_add_loop_test(t, a_pair_is_loaded_once_and_is_the_same_after_it_was_forgotten,
                        0, PAIRS);
    tcase_add_test(t, the_id_of_a_pair_is_that_of_its_public_half_in_this_key);
    tcase_add_test(t, material_of_another_form_is_not_served);
    tcase_add_loop_test(t, codes_verify_and_others_do_not, 0, MACS);
    tcase_add_test(t, mac_material_has_bounds);
    tcase_add_loop_test(t, both_sides_agree_on_one_secret, 0,
                        (int)(sizeof curves / sizeof curves[0]));
    tcase_add_loop_test(t, what_is_encrypted_to_a_pair_decrypts, 0,
                        (int)(sizeof ciphers / sizeof ciphers[0]));
    tcase_add_loop_test(t, a_pair_for_use_outside_can_be_imported_again, 0, PAIRS);
    tcase_add_test(t, a_spec_without_a_pair_has_no_public_half);
    tcase_add_test(t, an_algorithm_of_another_spec_is_refused_before_the_token_is_asked);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
