/* Signatures: what is the same signature, what is none, and answers that others
 * published. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "crypto/pkey.h"
#include "crypto/sign.h"
#include "crypto/sign_mac.h"
#include "key/spec.h"
#include "support/pkey_world.h"
#include "support/vectors.h"

/* Every signing algorithm with a spec that has it, and the hash of its digests. */
static const struct {
    enum kms_key_spec spec;
    enum kms_signing_algorithm_spec alg;
    const char *hash;   /* NULL: a RAW message is not hashed first */
    bool deterministic; /* twice the same signature */
} algs[] = {
#define ALG(name) KMS_SIGNING_ALGORITHM_SPEC_##name
    {KMS_KEY_SPEC_RSA_2048, ALG(RSASSA_PKCS1_V1_5_SHA_256), "SHA256", true},
    {KMS_KEY_SPEC_RSA_2048, ALG(RSASSA_PKCS1_V1_5_SHA_384), "SHA384", true},
    {KMS_KEY_SPEC_RSA_2048, ALG(RSASSA_PKCS1_V1_5_SHA_512), "SHA512", true},
    {KMS_KEY_SPEC_RSA_2048, ALG(RSASSA_PSS_SHA_256), "SHA256", false},
    {KMS_KEY_SPEC_RSA_2048, ALG(RSASSA_PSS_SHA_384), "SHA384", false},
    {KMS_KEY_SPEC_RSA_2048, ALG(RSASSA_PSS_SHA_512), "SHA512", false},
    {KMS_KEY_SPEC_ECC_NIST_P256, ALG(ECDSA_SHA_256), "SHA256", false},
    {KMS_KEY_SPEC_ECC_NIST_P384, ALG(ECDSA_SHA_384), "SHA384", false},
    {KMS_KEY_SPEC_ECC_NIST_P521, ALG(ECDSA_SHA_512), "SHA512", false},
    {KMS_KEY_SPEC_ECC_SECG_P256K1, ALG(ECDSA_SHA_256), "SHA256", false},
    {KMS_KEY_SPEC_SM2, ALG(SM2DSA), NULL, false},
    {KMS_KEY_SPEC_ECC_NIST_EDWARDS25519, ALG(ED25519_SHA_512), NULL, true},
    {KMS_KEY_SPEC_ECC_NIST_EDWARDS25519, ALG(ED25519_PH_SHA_512), NULL, true},
    {KMS_KEY_SPEC_ML_DSA_44, ALG(ML_DSA_SHAKE_256), NULL, false},
    {KMS_KEY_SPEC_ML_DSA_65, ALG(ML_DSA_SHAKE_256), NULL, false},
    {KMS_KEY_SPEC_ML_DSA_87, ALG(ML_DSA_SHAKE_256), NULL, false},
};
enum { ALGS = sizeof algs / sizeof algs[0] };

static const uint8_t text[4096] = "a message that is to be signed";

/* A message of the first type that the algorithm takes, of full length. */
static struct kms_tbs some(enum kms_signing_algorithm_spec alg)
{
    if (alg == ALG(ED25519_PH_SHA_512))
        return (struct kms_tbs){alg, KMS_MESSAGE_TYPE_DIGEST, {text, 64}};
    return (struct kms_tbs){alg, KMS_MESSAGE_TYPE_RAW, KMS_BYTES(text)};
}

START_TEST(what_is_signed_verifies_and_nothing_else_does)
{
    struct kms_tbs tbs = some(algs[_i].alg), other = tbs;
    struct kms_bytes signature, again;
    uint8_t copy[4700], changed[4096];
    struct pkey_world w;

    if (!pkey_world_new(&w, algs[_i].spec))
        return;
    ck_assert_int_eq(kms_sign_make(w.key, &tbs, w.arena, &signature), KMS_OK);
    ck_assert_uint_le(signature.n, kms_spec_signature_max(algs[_i].spec));
    ck_assert_int_eq(kms_sign_check(w.key, &tbs, signature), KMS_OK);
    ck_assert_int_eq(kms_sign_make(w.key, &tbs, w.arena, &again), KMS_OK);
    ck_assert_int_eq(kms_bytes_eq(signature, again), algs[_i].deterministic);

    memcpy(changed, text, sizeof text);
    changed[40] ^= 1;
    other.message.p = changed;
    kms_err_clear();
    ck_assert_int_eq(kms_sign_check(w.key, &other, signature), KMS_E_INVALID_SIGNATURE);
    memcpy(copy, signature.p, signature.n);
    for (size_t i = 0; i < signature.n; i += signature.n / 24 + 1) {
        copy[i] ^= 0x40;
        ck_assert_int_eq(
            kms_sign_check(w.key, &tbs, (struct kms_bytes){copy, signature.n}),
            KMS_E_INVALID_SIGNATURE);
        copy[i] ^= 0x40;
    }
    copy[signature.n] = 0;
    ck_assert_int_eq(
        kms_sign_check(w.key, &tbs, (struct kms_bytes){copy, signature.n + 1}),
        KMS_E_INVALID_SIGNATURE);
    ck_assert_int_eq(
        kms_sign_check(w.key, &tbs, (struct kms_bytes){copy, signature.n - 1}),
        KMS_E_INVALID_SIGNATURE);
    ck_assert_int_eq(kms_sign_check(w.key, &tbs, (struct kms_bytes){copy, 0}),
                     KMS_E_INVALID_SIGNATURE);
    ck_assert_str_eq(kms_err_note(KMS_E_INVALID_SIGNATURE), "");
    pkey_world_end(&w);
}
END_TEST

START_TEST(the_digest_of_a_message_is_the_same_signature)
{
    struct kms_tbs raw = some(algs[_i].alg), digest = raw;
    struct kms_bytes signature;
    uint8_t hash[EVP_MAX_MD_SIZE];
    size_t n;
    struct pkey_world w;

    if (algs[_i].hash == NULL || !pkey_world_new(&w, algs[_i].spec))
        return;
    ck_assert_int_eq(EVP_Q_digest(NULL, algs[_i].hash, NULL, text, sizeof text, hash, &n),
                     1);
    digest.type = KMS_MESSAGE_TYPE_DIGEST;
    digest.message = (struct kms_bytes){hash, n};
    ck_assert_int_eq(kms_sign_make(w.key, &raw, w.arena, &signature), KMS_OK);
    ck_assert_int_eq(kms_sign_check(w.key, &digest, signature), KMS_OK);
    ck_assert_int_eq(kms_sign_make(w.key, &digest, w.arena, &signature), KMS_OK);
    ck_assert_int_eq(kms_sign_check(w.key, &raw, signature), KMS_OK);
    pkey_world_end(&w);
}
END_TEST

START_TEST(algorithms_and_messages_that_do_not_fit_are_refused_before_any_work)
{
    struct kms_tbs tbs = some(algs[_i].alg);
    struct kms_bytes out = {0};
    struct pkey_world w;

    if (!pkey_world_new(&w, algs[_i].spec))
        return;
    tbs.alg = algs[_i].spec == KMS_KEY_SPEC_RSA_2048 ? ALG(ECDSA_SHA_256)
                                                     : ALG(RSASSA_PSS_SHA_256);
    ck_assert_int_eq(kms_sign_make(w.key, &tbs, w.arena, &out), KMS_E_INVALID_KEY_USAGE);
    ck_assert_int_eq(kms_sign_check(w.key, &tbs, KMS_BYTES(text)),
                     KMS_E_INVALID_KEY_USAGE);
    tbs = (struct kms_tbs){algs[_i].alg, KMS_MESSAGE_TYPE_DIGEST, {text, 20}};
    ck_assert_int_eq(kms_sign_make(w.key, &tbs, w.arena, &out), KMS_E_VALIDATION);
    ck_assert_int_eq(kms_sign_check(w.key, &tbs, KMS_BYTES(text)), KMS_E_VALIDATION);
    ck_assert_ptr_null(out.p);
    pkey_world_end(&w);
}
END_TEST

START_TEST(half_a_key_verifies_but_does_not_sign)
{
    struct kms_tbs tbs = some(algs[_i].alg);
    struct kms_bytes signature, none = {0};
    KMS_AUTO(pkey) half = NULL;
    struct pkey_world w;

    if (!pkey_world_new(&w, algs[_i].spec))
        return;
    ck_assert_int_eq(kms_sign_make(w.key, &tbs, w.arena, &signature), KMS_OK);
    ck_assert_int_eq(kms_pkey_from_spki(algs[_i].spec, kms_pkey_spki(w.key), &half),
                     KMS_OK);
    ck_assert_int_eq(kms_sign_check(half, &tbs, signature), KMS_OK);
    ck_assert_int_eq(kms_sign_make(half, &tbs, w.arena, &none), KMS_E_CRYPTO);
    ck_assert_ptr_null(none.p);
    pkey_world_end(&w);
}
END_TEST

START_TEST(each_rsa_algorithm_refuses_the_signatures_of_the_others)
{
    struct kms_tbs a = some(algs[_i].alg), b;
    struct kms_bytes signature;
    struct pkey_world w;

    if (algs[_i].spec != KMS_KEY_SPEC_RSA_2048 || !pkey_world_new(&w, algs[_i].spec))
        return;
    ck_assert_int_eq(kms_sign_make(w.key, &a, w.arena, &signature), KMS_OK);
    for (int i = 0; i < ALGS; i++) {
        if (i == _i || algs[i].spec != KMS_KEY_SPEC_RSA_2048)
            continue;
        b = some(algs[i].alg);
        ck_assert_int_eq(kms_sign_check(w.key, &b, signature), KMS_E_INVALID_SIGNATURE);
    }
    pkey_world_end(&w);
}
END_TEST

/* --- SM2, ML-DSA, HMAC
 * ------------------------------------------------------------------ */

START_TEST(sm2_signatures_of_the_standard_verify)
{
    FILE *in = vector_open("sm2.txt");
    struct vector v;
    int seen = 0;

    while (kms_pkey_supported(KMS_KEY_SPEC_SM2) == KMS_OK && vector_next(in, &v)) {
        KMS_AUTO(pkey) key = NULL;
        struct kms_bytes scalar = vector_get(&v, "scalar"),
                         point = vector_get(&v, "point");
        uint8_t material[98] = {1};

        if (!vector_has(&v, "sig"))
            continue;
        seen++;
        memcpy(material + 1, scalar.p, 32);
        memcpy(material + 33, point.p, 65);
        ck_assert_int_eq(kms_pkey_load(KMS_KEY_SPEC_SM2, KMS_BYTES(material), &key),
                         KMS_OK);
        if (vector_has(&v, "msg"))
            ck_assert_int_eq(
                kms_sign_check(key,
                               &(struct kms_tbs){ALG(SM2DSA), KMS_MESSAGE_TYPE_RAW,
                                                 vector_get(&v, "msg")},
                               vector_get(&v, "sig")),
                KMS_OK);
        ck_assert_int_eq(
            kms_sign_check(key,
                           &(struct kms_tbs){ALG(SM2DSA), KMS_MESSAGE_TYPE_DIGEST,
                                             vector_get(&v, "digest")},
                           vector_get(&v, "sig")),
            KMS_OK);
    }
    fclose(in);
    ck_assert(seen > 0 || kms_pkey_supported(KMS_KEY_SPEC_SM2) != KMS_OK);
}
END_TEST

/* mu = SHAKE256(SHAKE256(pk, 64) | 0 | 0 | message, 64), FIPS 204 section 6.2. */
START_TEST(external_mu_is_the_same_ml_dsa_signature)
{
    struct kms_tbs raw = some(ALG(ML_DSA_SHAKE_256)), mu;
    uint8_t buf[64 + 2 + sizeof text] = {0}, digest[64];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct kms_bytes signature, spki;
    struct pkey_world w;

    if (!pkey_world_new(&w, KMS_KEY_SPEC_ML_DSA_65)) {
        EVP_MD_CTX_free(ctx);
        return;
    }
    spki = kms_pkey_spki(w.key);
    ck_assert_int_eq(EVP_DigestInit(ctx, EVP_shake256()), 1);
    ck_assert_int_eq(EVP_DigestUpdate(ctx, spki.p + spki.n - 1952, 1952), 1);
    ck_assert_int_eq(EVP_DigestFinalXOF(ctx, buf, 64), 1);
    memcpy(buf + 66, text, sizeof text);
    ck_assert_int_eq(EVP_DigestInit(ctx, EVP_shake256()), 1);
    ck_assert_int_eq(EVP_DigestUpdate(ctx, buf, sizeof buf), 1);
    ck_assert_int_eq(EVP_DigestFinalXOF(ctx, digest, 64), 1);
    mu = (struct kms_tbs){raw.alg, KMS_MESSAGE_TYPE_EXTERNAL_MU, KMS_BYTES(digest)};
    ck_assert_int_eq(kms_sign_make(w.key, &raw, w.arena, &signature), KMS_OK);
    ck_assert_int_eq(kms_sign_check(w.key, &mu, signature), KMS_OK);
    ck_assert_int_eq(kms_sign_make(w.key, &mu, w.arena, &signature), KMS_OK);
    ck_assert_int_eq(kms_sign_check(w.key, &raw, signature), KMS_OK);
    EVP_MD_CTX_free(ctx);
    pkey_world_end(&w);
}
END_TEST

START_TEST(macs_of_another_length_are_refused_bare)
{
    static const uint8_t key[] = "a key";
    KMS_AUTO(arena) arena = NULL;
    struct kms_bytes mac, none = {0};

    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    for (int a = 1; a < KMS_MAC_ALGORITHM_SPEC_COUNT; a++) {
        enum kms_mac_algorithm_spec alg = (enum kms_mac_algorithm_spec)a;

        ck_assert_int_eq(kms_sign_mac(alg, KMS_BYTES(key), KMS_BYTES(text), arena, &mac),
                         KMS_OK);
        ck_assert_uint_eq(mac.n, kms_spec_mac_len(alg));
        ck_assert_int_eq(kms_sign_mac_check(alg, KMS_BYTES(key), KMS_BYTES(text), mac),
                         KMS_OK);
        kms_err_clear();
        mac.n--;
        ck_assert_int_eq(kms_sign_mac_check(alg, KMS_BYTES(key), KMS_BYTES(text), mac),
                         KMS_E_INVALID_MAC);
        ck_assert_int_eq(kms_sign_mac_check(alg, KMS_BYTES(key), KMS_BYTES(text), none),
                         KMS_E_INVALID_MAC);
        ck_assert_str_eq(kms_err_note(KMS_E_INVALID_MAC), "");
        ck_assert_int_eq(kms_sign_mac(alg, none, KMS_BYTES(text), arena, &mac),
                         KMS_E_CRYPTO);
    }
}
END_TEST

static Suite *sign_suite(void)
{
    Suite *s = suite_create("pkey_sign");
    TCase *t = tcase_create("signatures");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, what_is_signed_verifies_and_nothing_else_does, 0, ALGS);
    tcase_add_loop_test(t, the_digest_of_a_message_is_the_same_signature, 0, ALGS);
    tcase_add_loop_test(
        t, algorithms_and_messages_that_do_not_fit_are_refused_before_any_work, 0, ALGS);
    tcase_add_loop_test(t, half_a_key_verifies_but_does_not_sign, 0, ALGS);
    tcase_add_loop_test(t, each_rsa_algorithm_refuses_the_signatures_of_the_others, 0,
                        ALGS);
    tcase_add_test(t, sm2_signatures_of_the_standard_verify);
    tcase_add_test(t, external_mu_is_the_same_ml_dsa_signature);
    tcase_add_test(t, macs_of_another_length_are_refused_bare);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(sign_suite());
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
