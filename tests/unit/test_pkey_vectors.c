/* Published vectors: none that is wrong is accepted, none that is right is refused. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/ecdh.h"
#include "crypto/pkey.h"
#include "crypto/pkey_crypt.h"
#include "crypto/sign.h"
#include "crypto/sign_mac.h"
#include "crypto/unwrap.h"
#include "key/spec.h"
#include "support/pkey_der.h"
#include "support/vectors.h"

static unsigned case_of(const struct vector *v)
{
    struct kms_bytes tc = vector_get(v, "tc");

    return (unsigned)tc.p[0] << 8 | tc.p[1];
}

static bool wanted(const struct vector *v)
{
    return vector_get(v, "ok").p[0] == 1;
}

/* Each test runs in a process of its own: what it has judged so far. */
static unsigned judged;

/* A file without cases proves nothing. */
static void done(FILE *in)
{
    ck_assert_uint_gt(judged, 0);
    fclose(in);
}

/* rc has to be KMS_OK or exactly refusal, as the case says. */
static void judge(const char *file, const struct vector *v, bool want, enum kms_rc rc,
                  enum kms_rc refusal)
{
    judged++;
    ck_assert_msg(rc == (want ? KMS_OK : refusal), "%s, case %u: %s (%d) %s", file,
                  case_of(v), want ? "refused" : "accepted or another error", (int)rc,
                  kms_err_note(rc));
}

static const struct signed_file {
    const char *file;
    enum kms_key_spec spec;
    enum kms_signing_algorithm_spec alg;
    bool all_refused; /* salts of another length than the hash's */
} signed_files[] = {
#define PKCS1(hash) KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PKCS1_V1_5_SHA_##hash
#define PSS(hash) KMS_SIGNING_ALGORITHM_SPEC_RSASSA_PSS_SHA_##hash
#define ECDSA(hash) KMS_SIGNING_ALGORITHM_SPEC_ECDSA_SHA_##hash
    {"wycheproof_ecdsa_p256.txt", KMS_KEY_SPEC_ECC_NIST_P256, ECDSA(256), false},
    {"wycheproof_ecdsa_p384.txt", KMS_KEY_SPEC_ECC_NIST_P384, ECDSA(384), false},
    {"wycheproof_ecdsa_p521.txt", KMS_KEY_SPEC_ECC_NIST_P521, ECDSA(512), false},
    {"wycheproof_ecdsa_secp256k1.txt", KMS_KEY_SPEC_ECC_SECG_P256K1, ECDSA(256), false},
    {"wycheproof_ed25519.txt", KMS_KEY_SPEC_ECC_NIST_EDWARDS25519,
     KMS_SIGNING_ALGORITHM_SPEC_ED25519_SHA_512, false},
    {"wycheproof_rsa_pkcs1_2048.txt", KMS_KEY_SPEC_RSA_2048, PKCS1(256), false},
    {"wycheproof_rsa_pkcs1_3072.txt", KMS_KEY_SPEC_RSA_3072, PKCS1(384), false},
    {"wycheproof_rsa_pkcs1_4096.txt", KMS_KEY_SPEC_RSA_4096, PKCS1(512), false},
    {"wycheproof_rsa_pss_2048_256_32.txt", KMS_KEY_SPEC_RSA_2048, PSS(256), false},
    {"wycheproof_rsa_pss_2048_384_48.txt", KMS_KEY_SPEC_RSA_2048, PSS(384), false},
    {"wycheproof_rsa_pss_4096_512_64.txt", KMS_KEY_SPEC_RSA_4096, PSS(512), false},
    {"wycheproof_rsa_pss_2048_256_0.txt", KMS_KEY_SPEC_RSA_2048, PSS(256), true},
    {"wycheproof_rsa_pss_4096_512_32.txt", KMS_KEY_SPEC_RSA_4096, PSS(512), true},
};
enum { SIGNED_FILES = sizeof signed_files / sizeof signed_files[0] };

START_TEST(signatures_verify_exactly_when_they_should)
{
    const struct signed_file *f = &signed_files[_i];
    FILE *in = vector_open(f->file);
    KMS_AUTO(pkey) key = NULL;
    struct vector v;

    while (vector_next(in, &v)) {
        if (vector_has(&v, "spki")) {
            kms_pkey_free(KMS_TAKE(key));
            ck_assert_int_eq(kms_pkey_from_spki(f->spec, vector_get(&v, "spki"), &key),
                             KMS_OK);
            continue;
        }
        judge(f->file, &v, wanted(&v) && !f->all_refused,
              kms_sign_check(
                  key,
                  &(struct kms_tbs){f->alg, KMS_MESSAGE_TYPE_RAW, vector_get(&v, "msg")},
                  vector_get(&v, "sig")),
              KMS_E_INVALID_SIGNATURE);
    }
    done(in);
}
END_TEST

static const struct {
    const char *file;
    enum kms_key_spec spec;
    enum kms_encryption_algorithm_spec alg;
} oaep_files[] = {
#define OAEP_1 KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1
#define OAEP_256 KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_256
    {"wycheproof_rsa_oaep_2048_1.txt", KMS_KEY_SPEC_RSA_2048, OAEP_1},
    {"wycheproof_rsa_oaep_2048_256.txt", KMS_KEY_SPEC_RSA_2048, OAEP_256},
    {"wycheproof_rsa_oaep_3072_256.txt", KMS_KEY_SPEC_RSA_3072, OAEP_256},
    {"wycheproof_rsa_oaep_4096_256.txt", KMS_KEY_SPEC_RSA_4096, OAEP_256},
};
enum { OAEP_FILES = sizeof oaep_files / sizeof oaep_files[0] };

START_TEST(oaep_opens_exactly_what_it_should_and_says_one_thing_of_the_rest)
{
    FILE *in = vector_open(oaep_files[_i].file);
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;
    KMS_AUTO(arena) arena = NULL;
    struct vector v;

    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    while (vector_next(in, &v)) {
        struct kms_bytes plain = {0};
        enum kms_rc rc;

        if (vector_has(&v, "pkcs8")) {
            ck_assert_int_eq(kms_pkey_import_pkcs8(oaep_files[_i].spec,
                                                   vector_get(&v, "pkcs8"), &material,
                                                   &key),
                             KMS_OK);
            continue;
        }
        kms_err_clear();
        rc = kms_pkey_decrypt(key, oaep_files[_i].alg, vector_get(&v, "ct"), arena,
                              &plain);
        judge(oaep_files[_i].file, &v, wanted(&v), rc, KMS_E_INVALID_CIPHERTEXT);
        ck_assert_str_eq(kms_err_note(rc), "");
        if (rc == KMS_OK)
            ck_assert(kms_bytes_eq(plain, vector_get(&v, "msg")));
        else
            ck_assert_ptr_null(plain.p);
    }
    done(in);
}
END_TEST

static const struct {
    const char *file;
    enum kms_key_spec spec;
} ecdh_files[] = {
    {"wycheproof_ecdh_p256.txt", KMS_KEY_SPEC_ECC_NIST_P256},
    {"wycheproof_ecdh_p384.txt", KMS_KEY_SPEC_ECC_NIST_P384},
    {"wycheproof_ecdh_p521.txt", KMS_KEY_SPEC_ECC_NIST_P521},
};

START_TEST(agreement_takes_points_on_its_named_curve_only)
{
    FILE *in = vector_open(ecdh_files[_i].file);
    KMS_AUTO(arena) arena = NULL;
    struct vector v;

    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    while (vector_next(in, &v)) {
        KMS_AUTO_BUF der = {0};
        KMS_AUTO(secret) material = NULL;
        KMS_AUTO(pkey) key = NULL;
        struct kms_bytes shared = {0};
        enum kms_rc rc;

        der_ec_pkcs8(&der, ecdh_files[_i].spec, vector_get(&v, "private"));
        ck_assert_int_eq(kms_pkey_import_pkcs8(ecdh_files[_i].spec, kms_buf_view(&der),
                                               &material, &key),
                         KMS_OK);
        kms_err_clear();
        rc = kms_ecdh_derive(key, vector_get(&v, "public"), arena, &shared);
        judge(ecdh_files[_i].file, &v, wanted(&v), rc, KMS_E_VALIDATION);
        ck_assert_str_eq(kms_err_note(rc), "");
        if (rc == KMS_OK)
            ck_assert(kms_bytes_eq(shared, vector_get(&v, "shared")));
    }
    done(in);
}
END_TEST

static const struct {
    const char *file;
    enum kms_mac_algorithm_spec alg;
} mac_files[] = {
    {"wycheproof_hmac_224.txt", KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_224},
    {"wycheproof_hmac_256.txt", KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_256},
    {"wycheproof_hmac_384.txt", KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_384},
    {"wycheproof_hmac_512.txt", KMS_MAC_ALGORITHM_SPEC_HMAC_SHA_512},
};

START_TEST(macs_verify_exactly_when_they_should)
{
    FILE *in = vector_open(mac_files[_i].file);
    KMS_AUTO(arena) arena = NULL;
    struct vector v;

    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    while (vector_next(in, &v)) {
        struct kms_bytes key = vector_get(&v, "key"), msg = vector_get(&v, "msg"), mac;

        judge(mac_files[_i].file, &v, wanted(&v),
              kms_sign_mac_check(mac_files[_i].alg, key, msg, vector_get(&v, "tag")),
              KMS_E_INVALID_MAC);
        if (!wanted(&v))
            continue;
        ck_assert_int_eq(kms_sign_mac(mac_files[_i].alg, key, msg, arena, &mac), KMS_OK);
        ck_assert(kms_bytes_eq(mac, vector_get(&v, "tag")));
    }
    done(in);
}
END_TEST

/* Each key of the vectors is put under OAEP first: nothing else reaches the unwrapping.
 */
START_TEST(key_wraps_open_exactly_when_they_should)
{
    FILE *in = vector_open("wycheproof_kwp.txt");
    KMS_AUTO(arena) arena = NULL;
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) wrapping = NULL;
    struct vector v;

    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    ck_assert_int_eq(kms_pkey_generate(KMS_KEY_SPEC_RSA_2048, &material, &wrapping),
                     KMS_OK);
    while (vector_next(in, &v)) {
        KMS_AUTO_BUF wrapped = {0};
        KMS_AUTO(secret) out = NULL;
        struct kms_bytes head, tail = vector_get(&v, "ct");
        enum kms_rc rc;

        ck_assert_int_eq(
            kms_pkey_encrypt(wrapping, OAEP_256, vector_get(&v, "key"), arena, &head),
            KMS_OK);
        kms_buf_add(&wrapped, head.p, head.n);
        kms_buf_add(&wrapped, tail.p, tail.n);
        kms_err_clear();
        rc = kms_unwrap(wrapping, KMS_ALGORITHM_SPEC_RSA_AES_KEY_WRAP_SHA_256,
                        kms_buf_view(&wrapped), &out);
        judge("wycheproof_kwp.txt", &v, wanted(&v), rc, KMS_E_INVALID_CIPHERTEXT);
        ck_assert_str_eq(kms_err_note(rc), "");
        if (rc == KMS_OK)
            ck_assert(kms_bytes_eq(kms_secret_view(out), vector_get(&v, "msg")));
    }
    done(in);
}
END_TEST

static const struct {
    const char *file, *seeds;
    enum kms_key_spec spec;
} ml_dsa_files[] = {
    {"wycheproof_mldsa_44.txt", "wycheproof_mldsa_44_seed.txt", KMS_KEY_SPEC_ML_DSA_44},
    {"wycheproof_mldsa_65.txt", "wycheproof_mldsa_65_seed.txt", KMS_KEY_SPEC_ML_DSA_65},
    {"wycheproof_mldsa_87.txt", "wycheproof_mldsa_87_seed.txt", KMS_KEY_SPEC_ML_DSA_87},
};

START_TEST(ml_dsa_signatures_verify_exactly_when_they_should)
{
    enum kms_key_spec spec = ml_dsa_files[_i].spec;
    FILE *in = vector_open(ml_dsa_files[_i].file);
    KMS_AUTO(pkey) key = NULL;
    struct vector v;

    while (vector_next(in, &v)) {
        if (vector_has(&v, "public")) {
            KMS_AUTO_BUF der = {0};

            kms_pkey_free(KMS_TAKE(key));
            der_ml_dsa_spki(&der, spec, vector_get(&v, "public"));
            /* A public key of the wrong length is refused before any signature. */
            if (kms_pkey_from_spki(spec, kms_buf_view(&der), &key) != KMS_OK)
                ck_assert_ptr_null(key);
            continue;
        }
        if (key == NULL) {
            ck_assert(!wanted(&v));
            judged++;
            continue;
        }
        judge(
            ml_dsa_files[_i].file, &v, wanted(&v),
            kms_sign_check(key,
                           &(struct kms_tbs){KMS_SIGNING_ALGORITHM_SPEC_ML_DSA_SHAKE_256,
                                             KMS_MESSAGE_TYPE_RAW, vector_get(&v, "msg")},
                           vector_get(&v, "sig")),
            KMS_E_INVALID_SIGNATURE);
    }
    done(in);
}
END_TEST

START_TEST(ml_dsa_seeds_make_the_published_keys_and_mu_is_the_message)
{
    enum kms_key_spec spec = ml_dsa_files[_i].spec;
    FILE *in = vector_open(ml_dsa_files[_i].seeds);
    struct vector v;

    while (vector_next(in, &v)) {
        struct kms_tbs tbs = {KMS_SIGNING_ALGORITHM_SPEC_ML_DSA_SHAKE_256,
                              KMS_MESSAGE_TYPE_EXTERNAL_MU, vector_get(&v, "mu")};
        KMS_AUTO_BUF spki = {0};
        KMS_AUTO(pkey) key = NULL;
        uint8_t material[33] = {1};

        memcpy(material + 1, vector_get(&v, "seed").p, 32);
        ck_assert_int_eq(kms_pkey_load(spec, KMS_BYTES(material), &key), KMS_OK);
        der_ml_dsa_spki(&spki, spec, vector_get(&v, "public"));
        ck_assert(kms_bytes_eq(kms_pkey_spki(key), kms_buf_view(&spki)));
        judge(ml_dsa_files[_i].seeds, &v, true,
              kms_sign_check(key, &tbs, vector_get(&v, "sig")), KMS_E_INVALID_SIGNATURE);
        if (!vector_has(&v, "msg"))
            continue;
        tbs.type = KMS_MESSAGE_TYPE_RAW;
        tbs.message = vector_get(&v, "msg");
        judge(ml_dsa_files[_i].seeds, &v, true,
              kms_sign_check(key, &tbs, vector_get(&v, "sig")), KMS_E_INVALID_SIGNATURE);
    }
    done(in);
}
END_TEST

static Suite *vectors_suite(void)
{
    Suite *s = suite_create("pkey_vectors");
    TCase *t = tcase_create("wycheproof");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, signatures_verify_exactly_when_they_should, 0, SIGNED_FILES);
    tcase_add_loop_test(t,
                        oaep_opens_exactly_what_it_should_and_says_one_thing_of_the_rest,
                        0, OAEP_FILES);
    tcase_add_loop_test(t, agreement_takes_points_on_its_named_curve_only, 0, 3);
    tcase_add_loop_test(t, macs_verify_exactly_when_they_should, 0, 4);
    tcase_add_test(t, key_wraps_open_exactly_when_they_should);
    if (kms_pkey_supported(KMS_KEY_SPEC_ML_DSA_44) == KMS_OK) {
        tcase_add_loop_test(t, ml_dsa_signatures_verify_exactly_when_they_should, 0, 3);
        tcase_add_loop_test(t, ml_dsa_seeds_make_the_published_keys_and_mu_is_the_message,
                            0, 3);
    }
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(vectors_suite());
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
