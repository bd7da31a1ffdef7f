#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/x509.h>

#include "crypto/attest.h"
#include "crypto/cms.h"
#include "support/vectors.h"
#include "wire/cbor.h"

static const int64_t NOW_MS = INT64_C(1800000000000);
static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

static struct vector v;
static struct kms_attest_roots *roots;

/* The first group of the file: an enclave's document, its root and its key. */
static void setup(void)
{
    FILE *f = vector_open("attestation.txt");

    ck_assert(vector_next(f, &v));
    fclose(f);
    ck_assert_int_eq(kms_attest_roots_load(vector_get(&v, "root"), &roots), KMS_OK);
}

static void teardown(void)
{
    kms_attest_roots_free(roots);
}

static struct kms_attest_doc parsed(void)
{
    struct kms_attest_doc doc;

    ck_assert_int_eq(kms_attest_parse(vector_get(&v, "document"), &doc), KMS_OK);
    return doc;
}

START_TEST(every_known_document_is_read_and_verified)
{
    FILE *f = vector_open("attestation.txt");
    int n = 0, tpms = 0;

    for (; vector_next(f, &v); n++) {
        struct kms_attest_doc doc = parsed();

        ck_assert_int_eq(kms_attest_verify(roots, &doc, NOW_MS), KMS_OK);
        ck_assert(kms_str_starts(doc.says.module_id, "i-0123456789abcdef0-enc"));
        ck_assert_int_eq(doc.says.at_ms, NOW_MS);
        ck_assert(kms_bytes_eq(doc.says.public_key, vector_get(&v, "spki")));
        ck_assert_uint_eq(doc.n_bundle, 3);
        for (int i = 0; i < KMS_ATTESTED_PCRS; i++)
            ck_assert_uint_eq(doc.says.pcrs[i].n, i <= 4 || i == 8 ? 48 : 0);
        tpms += doc.says.tpm;
    }
    fclose(f);
    ck_assert_int_eq(n, 4);
    ck_assert_int_eq(tpms, 1);
}
END_TEST

START_TEST(no_document_has_another_bit)
{
    const struct kms_bytes good = vector_get(&v, "document");
    uint8_t *changed = malloc(good.n);

    /* Every byte in turn; only parts that nobody signed could get away with it. */
    for (size_t i = 0; i < good.n; i++) {
        struct kms_attest_doc doc;
        enum kms_rc rc;

        memcpy(changed, good.p, good.n);
        changed[i] ^= (uint8_t)(1 << i % 8);
        rc = kms_attest_parse((struct kms_bytes){changed, good.n}, &doc);
        if (rc == KMS_OK)
            rc = kms_attest_verify(roots, &doc, NOW_MS);
        ck_assert_msg(rc == KMS_E_VALIDATION, "byte %zu of %zu", i, good.n);
    }
    free(changed);
}
END_TEST

START_TEST(no_document_is_shorter_or_longer)
{
    const struct kms_bytes good = vector_get(&v, "document");
    uint8_t *longer = malloc(good.n + 1);
    struct kms_attest_doc doc;

    for (size_t n = 0; n < good.n; n++) {
        /* A copy of its own, so that a look behind the end is seen. */
        uint8_t *cut = malloc(n + (n == 0));

        memcpy(cut, good.p, n);
        ck_assert_int_eq(kms_attest_parse((struct kms_bytes){cut, n}, &doc),
                         KMS_E_VALIDATION);
        free(cut);
    }
    memcpy(longer, good.p, good.n);
    longer[good.n] = 0;
    ck_assert_int_eq(kms_attest_parse((struct kms_bytes){longer, good.n + 1}, &doc),
                     KMS_E_VALIDATION);
    free(longer);
}
END_TEST

START_TEST(a_document_is_valid_while_its_certificates_are)
{
    struct kms_attest_doc doc = parsed();

    ck_assert_int_eq(kms_attest_verify(roots, &doc, NOW_MS - KMS_ATTEST_SKEW_MS), KMS_OK);
    ck_assert_int_eq(kms_attest_verify(roots, &doc, NOW_MS - KMS_ATTEST_SKEW_MS - 1),
                     KMS_E_VALIDATION);
    ck_assert_int_eq(kms_attest_verify(roots, &doc, NOW_MS + 29 * DAY_MS), KMS_OK);
    ck_assert_int_eq(kms_attest_verify(roots, &doc, NOW_MS + 31 * DAY_MS),
                     KMS_E_VALIDATION);
    ck_assert_int_eq(kms_attest_verify(roots, &doc, NOW_MS - 2 * DAY_MS),
                     KMS_E_VALIDATION);
    ck_assert_int_eq(kms_attest_verify(roots, &doc, 0), KMS_E_VALIDATION);
}
END_TEST

START_TEST(roots_are_self_signed_certificates_of_cas)
{
    const struct kms_bytes root = vector_get(&v, "root");
    struct kms_attest_roots *other = NULL;

    ck_assert_int_eq(kms_attest_roots_load((struct kms_bytes){NULL, 0}, &other),
                     KMS_E_CONFIG);
    ck_assert_int_eq(kms_attest_roots_load(kms_bytes_of_str(KMS_LIT("PEM?")), &other),
                     KMS_E_CONFIG);
    ck_assert_int_eq(
        kms_attest_roots_load((struct kms_bytes){root.p, root.n - 40}, &other),
        KMS_E_CONFIG);
    ck_assert_ptr_null(other);
}
END_TEST

/* Opens cms with the enclave's key by OpenSSL's own CMS. */
static BIO *open_cms(const struct kms_buf *cms)
{
    const struct kms_bytes pkcs8 = vector_get(&v, "key");
    const uint8_t *at = pkcs8.p;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)pkcs8.n);
    BIO *in = BIO_new_mem_buf(cms->p, (int)cms->n), *out = BIO_new(BIO_s_mem());
    CMS_ContentInfo *info = d2i_CMS_bio(in, NULL);

    ck_assert_ptr_nonnull(key);
    ck_assert_ptr_nonnull(info);
    ck_assert_int_eq(CMS_decrypt(info, key, NULL, NULL, out, 0), 1);
    CMS_ContentInfo_free(info);
    EVP_PKEY_free(key);
    BIO_free(in);
    return out;
}

START_TEST(openssl_opens_an_envelope_of_any_length)
{
    static const size_t lengths[] = {1, 15, 16, 17, 32, 1000, 4096};
    uint8_t plain[4096];

    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        KMS_AUTO_BUF cms = {0};
        BIO *opened;
        char *got;

        ck_assert_int_eq(kms_cms_envelop(vector_get(&v, "spki"),
                                         (struct kms_bytes){plain, lengths[i]}, &cms),
                         KMS_OK);
        opened = open_cms(&cms);
        ck_assert_int_eq(BIO_get_mem_data(opened, &got), (long)lengths[i]);
        ck_assert_mem_eq(got, plain, lengths[i]);
        BIO_free(opened);
    }
}
END_TEST

/*
 * The skeleton of a recorded CiphertextForRecipient of 32 bytes for an RSA-2048 key; what
 * differs each time (key id, encrypted key, IV, content) is between its parts.
 */
START_TEST(an_envelope_is_laid_out_as_recorded)
{
    static const struct {
        const char *hex;
        size_t then; /* bytes that differ */
    } parts[] = {{"308006092a864886f70d010703a0803080020102"
                  "3182016b308201670201028020",
                  32},
                 {"303c06092a864886f70d010107302fa00f300d06096086480165030402010500"
                  "a11c301a06092a864886f70d010108300d06096086480165030402010500"
                  "04820100",
                  256},
                 {"308006092a864886f70d010701301d060960864801650304012a0410", 16},
                 {"a0800430", 48},
                 {"00000000000000000000", 0}};
    KMS_AUTO_BUF cms = {0};
    size_t at = 0;

    ck_assert_int_eq(kms_cms_envelop(vector_get(&v, "spki"),
                                     (struct kms_bytes){(const uint8_t[32]){0}, 32},
                                     &cms),
                     KMS_OK);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint8_t want[128];
        size_t n = strlen(parts[i].hex) / 2;

        ck_assert(kms_hex_decode(kms_str_of(parts[i].hex), want, n));
        ck_assert_uint_le(at + n + parts[i].then, cms.n);
        ck_assert_mem_eq(cms.p + at, want, n);
        at += n + parts[i].then;
    }
    ck_assert_uint_eq(at, cms.n);
}
END_TEST

START_TEST(an_envelope_is_never_the_same_twice)
{
    KMS_AUTO_BUF one = {0};
    KMS_AUTO_BUF two = {0};
    const struct kms_bytes spki = vector_get(&v, "spki");

    ck_assert_int_eq(kms_cms_envelop(spki, KMS_BYTES("same"), &one), KMS_OK);
    ck_assert_int_eq(kms_cms_envelop(spki, KMS_BYTES("same"), &two), KMS_OK);
    ck_assert_uint_eq(one.n, two.n);
    ck_assert_int_ne(memcmp(one.p, two.p, one.n), 0);
}
END_TEST

START_TEST(answers_are_encrypted_to_rsa_keys_alone)
{
    const struct kms_bytes spki = vector_get(&v, "spki");
    KMS_AUTO_BUF cms = {0};

    ck_assert_int_eq(kms_cms_check_key(spki), KMS_OK);
    ck_assert_int_eq(kms_cms_check_key((struct kms_bytes){spki.p, spki.n - 1}),
                     KMS_E_VALIDATION);
    ck_assert_int_eq(kms_cms_check_key(KMS_BYTES("dummy")), KMS_E_VALIDATION);
    ck_assert_int_eq(kms_cms_envelop(KMS_BYTES("dummy"), KMS_BYTES("x"), &cms),
                     KMS_E_VALIDATION);
}
END_TEST

/* RFC 8949 appendix A and what is none of it; -1: nothing is taken. */
static const struct {
    const char *hex;
    int kind;
    uint64_t number;
    size_t taken;
} items[] = {
    {"00", KMS_CBOR_UINT, 0, 1},
    {"17", KMS_CBOR_UINT, 23, 1},
    {"1818", KMS_CBOR_UINT, 24, 2},
    {"1903e8", KMS_CBOR_UINT, 1000, 3},
    {"1a000f4240", KMS_CBOR_UINT, 1000000, 5},
    {"1bffffffffffffffff", KMS_CBOR_UINT, UINT64_MAX, 9},
    {"20", KMS_CBOR_NEGINT, 0, 1},
    {"3863", KMS_CBOR_NEGINT, 99, 2},
    {"3903e7", KMS_CBOR_NEGINT, 999, 3},
    {"40", KMS_CBOR_BYTES, 0, 1},
    {"4401020304", KMS_CBOR_BYTES, 0, 5},
    {"60", KMS_CBOR_TEXT, 0, 1},
    {"6161", KMS_CBOR_TEXT, 0, 2},
    {"80", KMS_CBOR_ARRAY, 0, 1},
    {"83010203", KMS_CBOR_ARRAY, 3, 1},
    {"9b7fffffffffffffff", KMS_CBOR_ARRAY, INT64_MAX, 9},
    {"9f", KMS_CBOR_ARRAY, 0, 1},
    {"a0", KMS_CBOR_MAP, 0, 1},
    {"bf", KMS_CBOR_MAP, 0, 1},
    {"f6", KMS_CBOR_NULL, 0, 1},
    {"ff", KMS_CBOR_BREAK, 0, 1},
    {"", -1, 0, 0},
    {"18", -1, 0, 0},
    {"1b00", -1, 0, 0},
    {"42aa", -1, 0, 0},
    {"5b7fffffffffffffffaa", -1, 0, 0},
    {"5f4101ff", -1, 0, 0},
    {"7f6161ff", -1, 0, 0},
    {"d20a", -1, 0, 0},
    {"c100", -1, 0, 0},
    {"f4", -1, 0, 0},
    {"f5", -1, 0, 0},
    {"f7", -1, 0, 0},
    {"f90000", -1, 0, 0},
    {"fb3ff199999999999a", -1, 0, 0},
    {"1c", -1, 0, 0},
    {"fc", -1, 0, 0},
};

START_TEST(cbor_is_read_item_by_item)
{
    size_t n = strlen(items[_i].hex) / 2;
    uint8_t *bytes = malloc(n + (n == 0));
    struct kms_bytes rest = {bytes, n};
    struct kms_cbor item;
    bool taken;

    ck_assert(n == 0 || kms_hex_decode(kms_str_of(items[_i].hex), bytes, n));
    taken = kms_cbor_take(&rest, &item);
    ck_assert_int_eq(taken, items[_i].kind != -1);
    ck_assert_uint_eq(n - rest.n, items[_i].taken);
    if (taken) {
        ck_assert_int_eq((int)item.kind, items[_i].kind);
        ck_assert_uint_eq(item.number, items[_i].number);
    }
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("attest");
    TCase *t = tcase_create("attest"), *cbor = tcase_create("cbor");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, every_known_document_is_read_and_verified);
    tcase_add_test(t, no_document_has_another_bit);
    tcase_add_test(t, no_document_is_shorter_or_longer);
    tcase_add_test(t, a_document_is_valid_while_its_certificates_are);
    tcase_add_test(t, roots_are_self_signed_certificates_of_cas);
    tcase_add_test(t, openssl_opens_an_envelope_of_any_length);
    tcase_add_test(t, an_envelope_is_laid_out_as_recorded);
    tcase_add_test(t, an_envelope_is_never_the_same_twice);
    tcase_add_test(t, answers_are_encrypted_to_rsa_keys_alone);
    tcase_add_loop_test(cbor, cbor_is_read_item_by_item, 0,
                        sizeof items / sizeof items[0]);
    suite_add_tcase(s, t);
    suite_add_tcase(s, cbor);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
