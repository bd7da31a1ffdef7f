#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/pki.h"

static const int64_t NOW_MS = 1800000000000; /* 2027 */
static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

static struct kms_ca *ca;
static X509 *ca_cert;

static X509 *read_cert(const struct kms_buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->p, (int)pem->n);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    ck_assert_ptr_nonnull(x);
    return x;
}

static void setup(void)
{
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};

    ck_assert_int_eq(kms_ca_new("kmsd test CA", NOW_MS, &ca), KMS_OK);
    ck_assert_int_eq(kms_ca_pem(ca, &key, &cert), KMS_OK);
    ca_cert = read_cert(&cert);
}

static void teardown(void)
{
    X509_free(ca_cert);
    kms_ca_free(ca);
}

static const char *const dns[] = {"localhost", "kms.example.test", NULL};
static const char *const ip[] = {"127.0.0.1", "::1", NULL};
static const struct kms_leaf server = {
    .purpose = KMS_LEAF_SERVER, .name = "localhost", .dns = dns, .ip = ip};
static const struct kms_leaf client = {.purpose = KMS_LEAF_CLIENT,
                                       .name = "admin",
                                       .uri = "arn:aws:iam::111122223333:user/admin"};

/* As a peer judges it, strictly, at a moment; 0 or the library's X509_V_ERR code. */
static int judge(X509 *x, int purpose, int64_t at_ms, X509_CRL *crl)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    int err;

    X509_STORE_add_cert(store, ca_cert);
    if (crl != NULL)
        X509_STORE_add_crl(store, crl);
    ck_assert_int_eq(X509_STORE_CTX_init(ctx, store, x, NULL), 1);
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_purpose(param, purpose);
    X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / 1000));
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT |
                                           (crl != NULL ? X509_V_FLAG_CRL_CHECK : 0));
    err = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return err;
}

static X509 *issue(const struct kms_leaf *leaf, int64_t now_ms)
{
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};

    ck_assert_int_eq(kms_ca_issue(ca, leaf, now_ms, &key, &cert), KMS_OK);
    return read_cert(&cert);
}

START_TEST(a_server_certificate_serves_its_names_and_nothing_else)
{
    X509 *x = issue(&server, NOW_MS);

    ck_assert_int_eq(judge(x, X509_PURPOSE_SSL_SERVER, NOW_MS, NULL), X509_V_OK);
    ck_assert_int_ne(judge(x, X509_PURPOSE_SSL_CLIENT, NOW_MS, NULL), X509_V_OK);
    ck_assert_int_eq(X509_check_host(x, "localhost", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_host(x, "kms.example.test", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_host(x, "other.example.test", 0, 0, NULL), 0);
    ck_assert_int_eq(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(x, "::1", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(x, "127.0.0.2", 0), 0);
    X509_free(x);
}
END_TEST

START_TEST(a_client_certificate_carries_its_uri_and_serves_no_names)
{
    X509 *x = issue(&client, NOW_MS);
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);

    ck_assert_int_eq(judge(x, X509_PURPOSE_SSL_CLIENT, NOW_MS, NULL), X509_V_OK);
    ck_assert_int_ne(judge(x, X509_PURPOSE_SSL_SERVER, NOW_MS, NULL), X509_V_OK);
    ck_assert_int_eq(sk_GENERAL_NAME_num(names), 1);
    ck_assert_int_eq(name->type, GEN_URI);
    ck_assert_str_eq((const char *)ASN1_STRING_get0_data(name->d.ia5), client.uri);
    GENERAL_NAMES_free(names);
    X509_free(x);
}
END_TEST

START_TEST(the_ca_is_a_ca_and_its_leaves_are_not)
{
    X509 *x = issue(&client, NOW_MS);

    ck_assert_int_eq(X509_check_ca(ca_cert), 1);
    ck_assert_int_eq(X509_get_pathlen(ca_cert), 0);
    ck_assert_uint_eq(X509_get_key_usage(ca_cert), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    ck_assert_int_eq(X509_check_ca(x), 0);
    ck_assert_uint_eq(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
    ck_assert_ptr_nonnull(X509_get0_subject_key_id(x));
    ck_assert_int_eq(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(x),
                                           X509_get0_subject_key_id(ca_cert)),
                     0);
    X509_free(x);
}
END_TEST

START_TEST(certificates_are_valid_from_a_little_before_until_their_end)
{
    X509 *x = issue(&client, NOW_MS);
    const int p = X509_PURPOSE_SSL_CLIENT;

    ck_assert_int_eq(judge(x, p, NOW_MS - 200000, NULL), X509_V_OK);
    ck_assert_int_ne(judge(x, p, NOW_MS - 400000, NULL), X509_V_OK);
    ck_assert_int_eq(judge(x, p, NOW_MS + 824 * DAY_MS, NULL), X509_V_OK);
    ck_assert_int_eq(judge(x, p, NOW_MS + 826 * DAY_MS, NULL),
                     X509_V_ERR_CERT_HAS_EXPIRED);
    X509_free(x);
    /* Late in the life of the CA a leaf ends with it. */
    x = issue(&client, NOW_MS + 3600 * DAY_MS);
    ck_assert_int_eq(
        ASN1_TIME_compare(X509_get0_notAfter(x), X509_get0_notAfter(ca_cert)), 0);
    X509_free(x);
}
END_TEST

START_TEST(serial_numbers_are_positive_and_differ)
{
    X509 *x[10];

    for (int i = 0; i < 10; i++) {
        const ASN1_INTEGER *n;

        x[i] = issue(&client, NOW_MS);
        n = X509_get0_serialNumber(x[i]);
        ck_assert_int_eq(ASN1_STRING_length(n), 16);
        ck_assert_int_eq(ASN1_STRING_type(n), V_ASN1_INTEGER); /* not the negative one */
        for (int j = 0; j < i; j++)
            ck_assert_int_ne(ASN1_INTEGER_cmp(n, X509_get0_serialNumber(x[j])), 0);
    }
    for (int i = 0; i < 10; i++)
        X509_free(x[i]);
}
END_TEST

START_TEST(keys_are_pkcs8_and_belong_to_their_certificates)
{
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};
    BIO *bio;
    EVP_PKEY *pkey;
    X509 *x;

    ck_assert_int_eq(kms_ca_issue(ca, &client, NOW_MS, &key, &cert), KMS_OK);
    ck_assert(kms_str_starts(kms_buf_text(&key), "-----BEGIN PRIVATE KEY-----\n"));
    bio = BIO_new_mem_buf(key.p, (int)key.n);
    pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    x = read_cert(&cert);
    ck_assert_int_eq(X509_check_private_key(x, pkey), 1);
    ck_assert(EVP_PKEY_is_a(pkey, "EC"));
    ck_assert_int_eq(EVP_PKEY_get_bits(pkey), 256);
    X509_free(x);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
}
END_TEST

START_TEST(a_ca_that_was_saved_issues_again)
{
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};
    KMS_AUTO_BUF leaf_key = {0};
    KMS_AUTO_BUF leaf_cert = {0};
    KMS_AUTO(ca) again = NULL;
    X509 *x;

    ck_assert_int_eq(kms_ca_pem(ca, &key, &cert), KMS_OK);
    ck_assert_int_eq(kms_ca_load(kms_buf_view(&key), kms_buf_view(&cert), &again),
                     KMS_OK);
    ck_assert_int_eq(kms_ca_issue(again, &server, NOW_MS, &leaf_key, &leaf_cert), KMS_OK);
    x = read_cert(&leaf_cert);
    ck_assert_int_eq(judge(x, X509_PURPOSE_SSL_SERVER, NOW_MS, NULL), X509_V_OK);
    X509_free(x);
}
END_TEST

START_TEST(what_is_not_a_ca_is_not_loaded)
{
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};
    KMS_AUTO_BUF ca_key = {0};
    KMS_AUTO_BUF ca_pem = {0};
    const struct kms_bytes junk = kms_bytes_of_str(KMS_LIT("-----BEGIN NONSENSE-----\n"));
    struct kms_ca *out = NULL;

    ck_assert_int_eq(kms_ca_pem(ca, &ca_key, &ca_pem), KMS_OK);
    ck_assert_int_eq(kms_ca_issue(ca, &client, NOW_MS, &key, &cert), KMS_OK);
    ck_assert_int_eq(kms_ca_load(kms_buf_view(&key), kms_buf_view(&cert), &out),
                     KMS_E_CONFIG);
    ck_assert_int_eq(kms_ca_load(kms_buf_view(&key), kms_buf_view(&ca_pem), &out),
                     KMS_E_CONFIG);
    ck_assert_int_eq(kms_ca_load(junk, kms_buf_view(&ca_pem), &out), KMS_E_CONFIG);
    ck_assert_int_eq(kms_ca_load(kms_buf_view(&ca_key), junk, &out), KMS_E_CONFIG);
    ck_assert_ptr_null(out);
}
END_TEST

/* A comma must not begin another name, nor a NUL or a blank end one. */
static const struct {
    const char *dns, *ip, *uri, *name;
} bad_names[] = {
    {"a b", NULL, NULL, "x"},
    {"", NULL, NULL, "x"},
    {"caf\303\251", NULL, NULL, "x"},
    {NULL, "127.0.0.256", NULL, "x"},
    {NULL, "localhost", NULL, "x"},
    {NULL, NULL, "urn:a\nb", "x"},
    {NULL, NULL, NULL, "x"},
    {NULL, NULL, "urn:a", ""},
    {NULL, NULL, "urn:a",
     "a name of more than sixty-four characters that no directory takes"},
};

START_TEST(names_that_cannot_be_used_are_refused)
{
    const char *one_dns[] = {bad_names[_i].dns, NULL},
               *one_ip[] = {bad_names[_i].ip, NULL};
    const struct kms_leaf leaf = {.purpose = KMS_LEAF_SERVER,
                                  .name = bad_names[_i].name,
                                  .dns = one_dns,
                                  .ip = one_ip,
                                  .uri = bad_names[_i].uri};
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};

    ck_assert_int_eq(kms_ca_issue(ca, &leaf, NOW_MS, &key, &cert), KMS_E_CONFIG);
    ck_assert_uint_eq(key.n + cert.n, 0);
}
END_TEST

START_TEST(a_comma_stays_inside_its_name)
{
    static const char *const tricky[] = {"a.test,DNS:b.test", NULL};
    const struct kms_leaf leaf = {
        .purpose = KMS_LEAF_SERVER, .name = "tricky", .dns = tricky};
    X509 *x = issue(&leaf, NOW_MS);

    ck_assert_int_eq(X509_check_host(x, "b.test", 0, 0, NULL), 0);
    X509_free(x);
}
END_TEST

static X509_CRL *read_crl(const struct kms_buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->p, (int)pem->n);
    X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);

    BIO_free(bio);
    ck_assert_ptr_nonnull(crl);
    return crl;
}

START_TEST(the_first_list_revokes_nothing_and_lasts_as_long_as_the_ca)
{
    KMS_AUTO_BUF pem = {0};
    X509 *x = issue(&client, NOW_MS);
    X509_CRL *crl;

    ck_assert_int_eq(kms_ca_crl(ca, NOW_MS, &pem), KMS_OK);
    crl = read_crl(&pem);
    ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), -1);
    ck_assert_int_eq(judge(x, X509_PURPOSE_SSL_CLIENT, NOW_MS, crl), X509_V_OK);
    ck_assert_int_eq(
        ASN1_TIME_compare(X509_CRL_get0_nextUpdate(crl), X509_get0_notAfter(ca_cert)), 0);
    X509_CRL_free(crl);
    X509_free(x);
}
END_TEST

START_TEST(a_revoked_certificate_is_refused_and_others_are_not)
{
    KMS_AUTO_BUF first = {0};
    KMS_AUTO_BUF second = {0};
    KMS_AUTO_BUF key = {0};
    KMS_AUTO_BUF cert = {0};
    X509 *other = issue(&client, NOW_MS), *x;
    X509_CRL *crl;

    ck_assert_int_eq(kms_ca_issue(ca, &client, NOW_MS, &key, &cert), KMS_OK);
    ck_assert_int_eq(kms_ca_crl(ca, NOW_MS, &first), KMS_OK);
    ck_assert_int_eq(
        kms_ca_revoke(ca, NOW_MS, kms_buf_view(&cert), kms_buf_view(&first), &second),
        KMS_OK);
    x = read_cert(&cert);
    crl = read_crl(&second);
    ck_assert_int_eq(judge(x, X509_PURPOSE_SSL_CLIENT, NOW_MS, crl),
                     X509_V_ERR_CERT_REVOKED);
    ck_assert_int_eq(judge(other, X509_PURPOSE_SSL_CLIENT, NOW_MS, crl), X509_V_OK);
    X509_CRL_free(crl);
    X509_free(x);
    X509_free(other);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("crypto pki");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_server_certificate_serves_its_names_and_nothing_else);
    tcase_add_test(t, a_client_certificate_carries_its_uri_and_serves_no_names);
    tcase_add_test(t, the_ca_is_a_ca_and_its_leaves_are_not);
    tcase_add_test(t, certificates_are_valid_from_a_little_before_until_their_end);
    tcase_add_test(t, serial_numbers_are_positive_and_differ);
    tcase_add_test(t, keys_are_pkcs8_and_belong_to_their_certificates);
    tcase_add_test(t, a_ca_that_was_saved_issues_again);
    tcase_add_test(t, what_is_not_a_ca_is_not_loaded);
    tcase_add_loop_test(t, names_that_cannot_be_used_are_refused, 0,
                        sizeof bad_names / sizeof bad_names[0]);
    tcase_add_test(t, a_comma_stays_inside_its_name);
    tcase_add_test(t, the_first_list_revokes_nothing_and_lasts_as_long_as_the_ca);
    tcase_add_test(t, a_revoked_certificate_is_refused_and_others_are_not);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
