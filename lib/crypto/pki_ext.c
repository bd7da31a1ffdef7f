#include <string.h>

#include <openssl/x509v3.h>

#include "crypto/pki_ext.h"
#include "crypto/rand.h"

KMS_OSSL_OWNED(GENERAL_NAMES);
KMS_OSSL_OWNED(GENERAL_NAME);
KMS_OSSL_OWNED(ASN1_IA5STRING);
KMS_OSSL_OWNED(ASN1_INTEGER);

enum { NAME_MAX_LEN = 64, SERIAL_LEN = 16 };

enum kms_rc kms_ext_add(X509 *x, X509 *issuer, const struct kms_ext *exts, size_t n)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    for (size_t i = 0; i < n; i++) {
        KMS_OSSL_AUTO(X509_EXTENSION)
        e = X509V3_EXT_conf_nid(NULL, &ctx, exts[i].nid, exts[i].value);

        if (e == NULL || X509_add_ext(x, e, -1) != 1)
            return kms_ossl_err("adding a certificate extension");
    }
    return KMS_OK;
}

enum kms_rc kms_ext_add_crl(X509_CRL *crl, X509 *issuer, long number)
{
    KMS_OSSL_AUTO(X509_EXTENSION) e = NULL;
    KMS_OSSL_AUTO(ASN1_INTEGER) n = ASN1_INTEGER_new();
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
    if (e == NULL || X509_CRL_add_ext(crl, e, -1) != 1 || n == NULL ||
        ASN1_INTEGER_set(n, number) != 1 ||
        X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, X509V3_ADD_DEFAULT) != 1)
        return kms_ossl_err("adding a CRL extension");
    return KMS_OK;
}

enum kms_rc kms_ext_take_text(BIO *bio, struct kms_buf *out)
{
    char *text;
    long n = BIO_get_mem_data(bio, &text);

    if (n <= 0)
        return kms_ossl_err("writing PEM");
    kms_buf_add(out, text, (size_t)n);
    return kms_buf_ok(out);
}

static bool printable(const char *text)
{
    size_t n = 0;

    for (; text[n] != '\0'; n++)
        if (text[n] <= ' ' || text[n] > '~')
            return false;
    return n != 0;
}

/* Put a value of this type into the list; the list owns it then. */
static KMS_RC push(GENERAL_NAMES *names, int type, void *value)
{
    KMS_OSSL_AUTO(GENERAL_NAME) name = GENERAL_NAME_new();

    if (name == NULL)
        return kms_ossl_err("making an alternative name");
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(names, name) == 0)
        return kms_ossl_err("making an alternative name");
    name = NULL;
    return KMS_OK;
}

static KMS_RC push_text(GENERAL_NAMES *names, int type, const char *text)
{
    KMS_OSSL_AUTO(ASN1_IA5STRING) value = NULL;

    if (!printable(text))
        return kms_err(KMS_E_CONFIG, "\"%s\" cannot be a name in a certificate", text);
    value = ASN1_IA5STRING_new();
    if (value == NULL || ASN1_STRING_set(value, text, -1) != 1)
        return kms_ossl_err("making an alternative name");
    return push(names, type, KMS_TAKE(value));
}

static KMS_RC push_ip(GENERAL_NAMES *names, const char *text)
{
    ASN1_OCTET_STRING *value = a2i_IPADDRESS(text);

    if (value == NULL)
        return kms_err(KMS_E_CONFIG, "\"%s\" is not an IP address", text);
    return push(names, GEN_IPADD, value);
}

enum kms_rc kms_ext_add_names(X509 *x, const struct kms_leaf *leaf)
{
    KMS_OSSL_AUTO(GENERAL_NAMES) names = sk_GENERAL_NAME_new_null();

    if (names == NULL)
        return kms_ossl_err("making alternative names");
    for (size_t i = 0; leaf->dns != NULL && leaf->dns[i] != NULL; i++)
        KMS_TRY(push_text(names, GEN_DNS, leaf->dns[i]));
    for (size_t i = 0; leaf->ip != NULL && leaf->ip[i] != NULL; i++)
        KMS_TRY(push_ip(names, leaf->ip[i]));
    if (leaf->uri != NULL)
        KMS_TRY(push_text(names, GEN_URI, leaf->uri));
    if (sk_GENERAL_NAME_num(names) == 0)
        return kms_err(KMS_E_CONFIG,
                       "a certificate for \"%s\" needs a name that peers "
                       "check: DNS, IP address or URI",
                       leaf->name);
    if (X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
        return kms_ossl_err("adding alternative names");
    return KMS_OK;
}

enum kms_rc kms_ext_subject(const char *name, X509_NAME **out)
{
    KMS_OSSL_AUTO(X509_NAME) subject = X509_NAME_new();
    size_t n = strlen(name);

    if (n == 0 || n > NAME_MAX_LEN)
        return kms_err(KMS_E_CONFIG,
                       "the certificate name \"%s\" must have 1 to %d bytes", name,
                       NAME_MAX_LEN);
    if (subject == NULL ||
        X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
                                   (const unsigned char *)"kmsd", -1, -1, 0) != 1 ||
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   (const unsigned char *)name, (int)n, -1, 0) != 1)
        return kms_ossl_err("making a certificate's subject");
    *out = KMS_TAKE(subject);
    return KMS_OK;
}

enum kms_rc kms_ext_serial(ASN1_INTEGER *out)
{
    uint8_t random[SERIAL_LEN];
    BIGNUM *n;
    bool ok;

    KMS_TRY(kms_rand_public(random, sizeof random));
    random[0] = (uint8_t)((random[0] & 0x7f) | 0x40); /* positive, of full length */
    n = BN_bin2bn(random, sizeof random, NULL);
    ok = n != NULL && BN_to_ASN1_INTEGER(n, out) != NULL;
    BN_free(n);
    return ok ? KMS_OK : kms_ossl_err("making a serial number");
}
