#include <time.h>

#include <openssl/pem.h>

#include "crypto/pki.h"
#include "crypto/pki_ext.h"

KMS_OSSL_OWNED(ASN1_TIME);
KMS_OSSL_OWNED(ASN1_INTEGER);
KMS_OSSL_OWNED(X509_REVOKED);

/* A list past its next update would stop every client, so it lasts as the CA does. */
static KMS_RC set_times(const struct kms_ca *ca, int64_t now_ms, X509_CRL *crl)
{
    time_t from = (time_t)(now_ms / 1000) - KMS_PKI_BACKDATE_S;
    KMS_OSSL_AUTO(ASN1_TIME) last = ASN1_TIME_set(NULL, from);

    if (last == NULL || X509_CRL_set1_lastUpdate(crl, last) != 1 ||
        X509_CRL_set1_nextUpdate(crl, X509_get0_notAfter(ca->cert)) != 1)
        return kms_ossl_err("dating a CRL");
    return KMS_OK;
}

static KMS_RC sign(const struct kms_ca *ca, X509_CRL *crl, struct kms_buf *out)
{
    KMS_OSSL_AUTO(BIO) bio = BIO_new(BIO_s_mem());

    if (bio == NULL || X509_CRL_sort(crl) != 1 ||
        X509_CRL_sign(crl, ca->key, EVP_sha256()) == 0 ||
        PEM_write_bio_X509_CRL(bio, crl) != 1)
        return kms_ossl_err("signing a CRL");
    return kms_ext_take_text(bio, out);
}

enum kms_rc kms_ca_crl(const struct kms_ca *ca, int64_t now_ms, struct kms_buf *crl_pem)
{
    KMS_OSSL_AUTO(X509_CRL) crl = X509_CRL_new();

    if (crl == NULL || X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->cert)) != 1)
        return kms_ossl_err("making a CRL");
    KMS_TRY(set_times(ca, now_ms, crl));
    KMS_TRY(kms_ext_add_crl(crl, ca->cert, 1));
    return sign(ca, crl, crl_pem);
}

/* The list and the certificate as this CA's, or KMS_E_CONFIG. */
static KMS_RC read_own(const struct kms_ca *ca, struct kms_bytes crl_pem,
                       struct kms_bytes cert_pem, X509_CRL **crl_out, X509 **cert_out)
{
    KMS_OSSL_AUTO(BIO) crl_bio = BIO_new_mem_buf(crl_pem.p, (int)crl_pem.n);
    KMS_OSSL_AUTO(BIO) cert_bio = BIO_new_mem_buf(cert_pem.p, (int)cert_pem.n);
    KMS_OSSL_AUTO(X509_CRL) crl = NULL;
    KMS_OSSL_AUTO(X509) cert = NULL;

    if (crl_bio == NULL || cert_bio == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a CRL");
    crl = PEM_read_bio_X509_CRL(crl_bio, NULL, NULL, NULL);
    cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);
    if (crl == NULL || X509_CRL_verify(crl, ca->key) != 1) {
        (void)kms_ossl_err("reading a CRL"); /* empties the library's queue */
        return kms_err(KMS_E_CONFIG, "the list of revoked certificates is not this CA's");
    }
    if (cert == NULL || X509_verify(cert, ca->key) != 1) {
        (void)kms_ossl_err("reading a certificate");
        return kms_err(KMS_E_CONFIG, "the certificate was not issued by this CA");
    }
    *crl_out = KMS_TAKE(crl);
    *cert_out = KMS_TAKE(cert);
    return KMS_OK;
}

static KMS_RC add_entry(X509_CRL *crl, X509 *cert, int64_t now_ms)
{
    KMS_OSSL_AUTO(X509_REVOKED) entry = NULL;
    KMS_OSSL_AUTO(ASN1_TIME) when = NULL;
    X509_REVOKED *known;

    if (X509_CRL_get0_by_cert(crl, &known, cert) == 1)
        return KMS_OK;
    entry = X509_REVOKED_new();
    when = ASN1_TIME_set(NULL, (time_t)(now_ms / 1000));
    if (entry == NULL || when == NULL ||
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert)) != 1 ||
        X509_REVOKED_set_revocationDate(entry, when) != 1 ||
        X509_CRL_add0_revoked(crl, entry) != 1)
        return kms_ossl_err("revoking a certificate");
    entry = NULL; /* the list's now */
    return KMS_OK;
}

static KMS_RC count_up(X509_CRL *crl)
{
    KMS_OSSL_AUTO(ASN1_INTEGER) n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    int64_t number;

    if (n == NULL || ASN1_INTEGER_get_int64(&number, n) != 1 || number < 0 ||
        number == INT64_MAX)
        return kms_err(KMS_E_CONFIG, "the list of revoked certificates has no number");
    if (ASN1_INTEGER_set_int64(n, number + 1) != 1 ||
        X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, X509V3_ADD_REPLACE) != 1)
        return kms_ossl_err("numbering a CRL");
    return KMS_OK;
}

enum kms_rc kms_ca_revoke(const struct kms_ca *ca, int64_t now_ms,
                          struct kms_bytes cert_pem, struct kms_bytes crl_pem,
                          struct kms_buf *out)
{
    KMS_OSSL_AUTO(X509_CRL) crl = NULL;
    KMS_OSSL_AUTO(X509) cert = NULL;

    KMS_TRY(read_own(ca, crl_pem, cert_pem, &crl, &cert));
    KMS_TRY(add_entry(crl, cert, now_ms));
    KMS_TRY(count_up(crl));
    KMS_TRY(set_times(ca, now_ms, crl));
    return sign(ca, crl, out);
}
