/* The unwrapping of imported material. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "crypto/pkey_crypt.h"
#include "crypto/unwrap.h"
#include "support/pkey_world.h"

#define ALG(name) KMS_ENCRYPTION_ALGORITHM_SPEC_##name

static const uint8_t text[4096] = "what is to be kept";

/* RFC 5649 by the library, for what the client does. */
static size_t key_wrap(const uint8_t key[32], struct kms_bytes in, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;

    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, EVP_aes_256_wrap_pad(), NULL, key, NULL), 1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, out, &n, in.p, (int)in.n), 1);
    EVP_CIPHER_CTX_free(ctx);
    return (size_t)n;
}

static const struct {
    enum kms_algorithm_spec wrap;
    enum kms_encryption_algorithm_spec alg;
    bool aes;
} wraps[] = {
    {KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_1, ALG(RSAES_OAEP_SHA_1), false},
    {KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_256, ALG(RSAES_OAEP_SHA_256), false},
    {KMS_ALGORITHM_SPEC_RSA_AES_KEY_WRAP_SHA_1, ALG(RSAES_OAEP_SHA_1), true},
    {KMS_ALGORITHM_SPEC_RSA_AES_KEY_WRAP_SHA_256, ALG(RSAES_OAEP_SHA_256), true},
};
enum { WRAPS = sizeof wraps / sizeof wraps[0] };

/* As a client wraps: material of n bytes, with an AES key of aes_len bytes in between. */
static struct kms_bytes wrap(struct pkey_world *w, int i, size_t n, size_t aes_len,
                             uint8_t *out)
{
    static const uint8_t aes[64] = {7};
    struct kms_bytes head, material = {text, n};

    ck_assert_int_eq(
        kms_pkey_encrypt(w->key, wraps[i].alg,
                         wraps[i].aes ? (struct kms_bytes){aes, aes_len} : material,
                         w->arena, &head),
        KMS_OK);
    memcpy(out, head.p, head.n);
    if (wraps[i].aes)
        head.n += key_wrap(aes, material, out + head.n);
    return (struct kms_bytes){out, head.n};
}

START_TEST(wrapped_material_comes_out_whole)
{
    const size_t lengths[] = {1, 7, 8, 9, 32, 128, 190, 2400};
    uint8_t buf[4096];
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_RSA_2048));
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        KMS_AUTO(secret) out = NULL;
        size_t n = lengths[i];

        if (!wraps[_i].aes && n > 190)
            continue;
        ck_assert_int_eq(
            kms_unwrap(w.key, wraps[_i].wrap, wrap(&w, _i, n, 32, buf), &out), KMS_OK);
        ck_assert(kms_bytes_eq(kms_secret_view(out), (struct kms_bytes){text, n}));
    }
    pkey_world_end(&w);
}
END_TEST

START_TEST(damaged_wrappings_are_one_bare_refusal)
{
    struct kms_secret *out = NULL;
    struct kms_bytes wrapped;
    uint8_t buf[4096];
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_RSA_2048));
    wrapped = wrap(&w, _i, 32, 32, buf);
    kms_err_clear();
    for (size_t i = 0; i < wrapped.n; i += 37) {
        buf[i] ^= 1;
        ck_assert_int_eq(kms_unwrap(w.key, wraps[_i].wrap, wrapped, &out),
                         KMS_E_INVALID_CIPHERTEXT);
        buf[i] ^= 1;
    }
    for (size_t cut = 1; cut <= wrapped.n; cut += 23)
        ck_assert_int_eq(kms_unwrap(w.key, wraps[_i].wrap,
                                    (struct kms_bytes){buf, wrapped.n - cut}, &out),
                         KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(kms_unwrap(w.key, wraps[_i ^ 1].wrap, wrapped, &out),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(
        kms_unwrap(w.key, wraps[_i].wrap, (struct kms_bytes){text, sizeof text}, &out),
        KMS_E_INVALID_CIPHERTEXT);
    ck_assert_str_eq(kms_err_note(KMS_E_INVALID_CIPHERTEXT), "");
    ck_assert_ptr_null(out);
    pkey_world_end(&w);
}
END_TEST

START_TEST(the_aes_key_in_between_has_to_be_aes_256)
{
    struct kms_secret *out = NULL;
    uint8_t buf[4096];
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_RSA_2048));
    ck_assert_int_eq(kms_unwrap(w.key, wraps[3].wrap, wrap(&w, 3, 32, 16, buf), &out),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_int_eq(kms_unwrap(w.key, wraps[3].wrap, wrap(&w, 3, 32, 33, buf), &out),
                     KMS_E_INVALID_CIPHERTEXT);
    ck_assert_ptr_null(out);
    pkey_world_end(&w);
}
END_TEST

START_TEST(sm2_wraps_material_and_wrong_pairs_unwrap_nothing)
{
    KMS_AUTO(secret) out = NULL;
    struct kms_secret *none = NULL;
    struct kms_bytes cipher;
    struct pkey_world w;

    ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_SM2));
    ck_assert_int_eq(kms_pkey_encrypt(w.key, ALG(SM2PKE), (struct kms_bytes){text, 32},
                                      w.arena, &cipher),
                     KMS_OK);
    ck_assert_int_eq(kms_unwrap(w.key, KMS_ALGORITHM_SPEC_SM2PKE, cipher, &out), KMS_OK);
    ck_assert(kms_bytes_eq(kms_secret_view(out), (struct kms_bytes){text, 32}));
    ck_assert_int_eq(
        kms_unwrap(w.key, KMS_ALGORITHM_SPEC_RSAES_OAEP_SHA_256, cipher, &none),
        KMS_E_CRYPTO);
    pkey_world_end(&w);
    ck_assert(pkey_world_new(&w, KMS_KEY_SPEC_RSA_2048));
    ck_assert_int_eq(kms_unwrap(w.key, KMS_ALGORITHM_SPEC_SM2PKE, cipher, &none),
                     KMS_E_CRYPTO);
    ck_assert_int_eq(
        kms_unwrap(w.key, KMS_ALGORITHM_SPEC_RSAES_PKCS1_V1_5, cipher, &none),
        KMS_E_CRYPTO);
    ck_assert_ptr_null(none);
    pkey_world_end(&w);
}
END_TEST

static Suite *unwrap_suite(void)
{
    Suite *s = suite_create("pkey_unwrap");
    TCase *t = tcase_create("unwrapping");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, wrapped_material_comes_out_whole, 0, WRAPS);
    tcase_add_loop_test(t, damaged_wrappings_are_one_bare_refusal, 0, WRAPS);
    tcase_add_test(t, the_aes_key_in_between_has_to_be_aes_256);
    tcase_add_test(t, sm2_wraps_material_and_wrong_pairs_unwrap_nothing);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(unwrap_suite());
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
