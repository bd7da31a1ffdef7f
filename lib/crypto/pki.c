#include <stdlib.h>
#include <time.h>

#include <openssl/pem.h>

#include "crypto/pki.h"
#include "crypto/pki_ext.h"

void kms_ca_free(struct kms_ca *ca)
{
    if (ca == NULL)
        return;
    EVP_PKEY_free(ca->key);
    X509_free(ca->cert);
    free(ca);
}

static KMS_RC write_key(EVP_PKEY *key, struct kms_buf *out)
{
    KMS_OSSL_AUTO(BIO) bio = BIO_new(BIO_s_mem());

    if (bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return kms_ossl_err("writing a private key");
    return kms_ext_take_text(bio, out);
}

static KMS_RC write_cert(X509 *x, struct kms_buf *out)
{
    KMS_OSSL_AUTO(BIO) bio = BIO_new(BIO_s_mem());

    if (bio == NULL || PEM_write_bio_X509(bio, x) != 1)
        return kms_ossl_err("writing a certificate");
    return kms_ext_take_text(bio, out);
}

static KMS_RC set_times(X509 *x, int64_t now_ms, int days, const X509 *issuer)
{
    time_t now = (time_t)(now_ms / 1000), from = now - KMS_PKI_BACKDATE_S;

    if (X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &from) == NULL ||
        X509_time_adj_ex(X509_getm_notAfter(x), days, 0, &now) == NULL)
        return kms_ossl_err("setting a certificate's times");
    if (issuer == NULL ||
        ASN1_TIME_compare(X509_get0_notAfter(x), X509_get0_notAfter(issuer)) <= 0)
        return KMS_OK;
    return X509_set1_notAfter(x, X509_get0_notAfter(issuer)) == 1
               ? KMS_OK
               : kms_ossl_err("setting a certificate's times");
}

/* A version 3 certificate of key with everything but extensions and signature. */
static KMS_RC begin_cert(EVP_PKEY *key, const char *name, const X509 *issuer, X509 **out)
{
    KMS_OSSL_AUTO(X509) x = X509_new();
    KMS_OSSL_AUTO(X509_NAME) subject = NULL;

    KMS_TRY(kms_ext_subject(name, &subject));
    if (x == NULL || X509_set_version(x, X509_VERSION_3) != 1 ||
        X509_set_subject_name(x, subject) != 1 ||
        X509_set_issuer_name(x, issuer != NULL ? X509_get_subject_name(issuer)
                                               : subject) != 1 ||
        X509_set_pubkey(x, key) != 1)
        return kms_ossl_err("making a certificate");
    KMS_TRY(kms_ext_serial(X509_get_serialNumber(x)));
    *out = KMS_TAKE(x);
    return KMS_OK;
}

enum kms_rc kms_ca_new(const char *name, int64_t now_ms, struct kms_ca **out)
{
    static const struct kms_ext exts[] = {
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
    };
    KMS_AUTO(ca) ca = calloc(1, sizeof *ca);

    if (ca == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a CA");
    if ((ca->key = EVP_EC_gen("P-256")) == NULL)
        return kms_ossl_err("making a P-256 key");
    KMS_TRY(begin_cert(ca->key, name, NULL, &ca->cert));
    KMS_TRY(set_times(ca->cert, now_ms, KMS_CA_DAYS, NULL));
    KMS_TRY(kms_ext_add(ca->cert, ca->cert, exts, sizeof exts / sizeof exts[0]));
    if (X509_sign(ca->cert, ca->key, EVP_sha256()) == 0)
        return kms_ossl_err("signing a certificate");
    *out = KMS_TAKE(ca);
    return KMS_OK;
}

/* Without this the library would ask the terminal for a passphrase. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

enum kms_rc kms_ca_load(struct kms_bytes key_pem, struct kms_bytes cert_pem,
                        struct kms_ca **out)
{
    KMS_OSSL_AUTO(BIO) key = BIO_new_mem_buf(key_pem.p, (int)key_pem.n);
    KMS_OSSL_AUTO(BIO) cert = BIO_new_mem_buf(cert_pem.p, (int)cert_pem.n);
    KMS_AUTO(ca) ca = calloc(1, sizeof *ca);

    if (ca == NULL || key == NULL || cert == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a CA");
    ca->key = PEM_read_bio_PrivateKey(key, NULL, no_passphrase, NULL);
    ca->cert = PEM_read_bio_X509(cert, NULL, no_passphrase, NULL);
    if (ca->key == NULL || ca->cert == NULL ||
        X509_check_private_key(ca->cert, ca->key) != 1 || X509_check_ca(ca->cert) != 1) {
        (void)kms_ossl_err("reading a CA"); /* empties the library's queue */
        return kms_err(KMS_E_CONFIG,
                       ca->key == NULL    ? "the CA key is not an unencrypted PEM key"
                       : ca->cert == NULL ? "the CA certificate is not PEM"
                                          : "the CA certificate is not of a CA, or not "
                                            "of this key");
    }
    *out = KMS_TAKE(ca);
    return KMS_OK;
}

enum kms_rc kms_ca_pem(const struct kms_ca *ca, struct kms_buf *key_pem,
                       struct kms_buf *cert_pem)
{
    KMS_TRY(write_key(ca->key, key_pem));
    return write_cert(ca->cert, cert_pem);
}

enum kms_rc kms_ca_issue(const struct kms_ca *ca, const struct kms_leaf *leaf,
                         int64_t now_ms, struct kms_buf *key_pem,
                         struct kms_buf *cert_pem)
{
    const struct kms_ext exts[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage,
         leaf->purpose == KMS_LEAF_SERVER ? "serverAuth" : "clientAuth"},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
    };
    KMS_OSSL_AUTO(EVP_PKEY) key = EVP_EC_gen("P-256");
    KMS_OSSL_AUTO(X509) x = NULL;

    if (key == NULL)
        return kms_ossl_err("making a P-256 key");
    KMS_TRY(begin_cert(key, leaf->name, ca->cert, &x));
    KMS_TRY(set_times(x, now_ms, KMS_LEAF_DAYS, ca->cert));
    KMS_TRY(kms_ext_add(x, ca->cert, exts, sizeof exts / sizeof exts[0]));
    KMS_TRY(kms_ext_add_names(x, leaf));
    if (X509_sign(x, ca->key, EVP_sha256()) == 0)
        return kms_ossl_err("signing a certificate");
    KMS_TRY(write_key(key, key_pem));
    return write_cert(x, cert_pem);
}
