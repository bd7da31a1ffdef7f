#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "crypto/attest.h"
#include "crypto/pki_ext.h"

static void certs_freep(STACK_OF(X509) * *certs)
{
    sk_X509_pop_free(*certs, X509_free);
}
#define CERTS_AUTO __attribute__((cleanup(certs_freep))) STACK_OF(X509) *

KMS_OSSL_OWNED(X509_STORE_CTX);

enum { ROOTS_MAX = 16, AUTH_LEVEL = 3 /* 128 bits: P-256 and SHA-256 at least */ };

struct kms_attest_roots {
    X509_STORE *store;
};

void kms_attest_roots_free(struct kms_attest_roots *r)
{
    if (r == NULL)
        return;
    X509_STORE_free(r->store);
    free(r);
}

static KMS_RC invalid(const char *what)
{
    return kms_err(KMS_E_VALIDATION, "The attestation document is not valid: %s.", what);
}

/* A version 3 CA certificate; what OpenSSL calls 1, and no looser kind of it. */
static bool is_ca(X509 *x)
{
    return X509_check_ca(x) == 1;
}

static KMS_RC add_root(struct kms_attest_roots *r, X509 *x)
{
    if (!is_ca(x) || X509_self_signed(x, 1) != 1) {
        ERR_clear_error();
        return kms_err(KMS_E_CONFIG,
                       "an attestation root is not a self-signed CA certificate");
    }
    return X509_STORE_add_cert(r->store, x) == 1 ? KMS_OK
                                                 : kms_ossl_err("keeping a root");
}

/* All certificates of the file, and nothing but what PEM lets be between them. */
static KMS_RC add_roots(struct kms_attest_roots *r, BIO *bio)
{
    unsigned long last;
    int n = 0;

    for (;; n++) {
        KMS_OSSL_AUTO(X509) x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

        if (x == NULL)
            break;
        if (n == ROOTS_MAX)
            return kms_err(KMS_E_CONFIG, "more than %d attestation roots", ROOTS_MAX);
        KMS_TRY(add_root(r, x));
    }
    last = ERR_peek_last_error();
    ERR_clear_error();
    /* The end of the file has its own reason; any other is a broken certificate. */
    return n != 0 && ERR_GET_REASON(last) == PEM_R_NO_START_LINE
               ? KMS_OK
               : kms_err(KMS_E_CONFIG, "the attestation roots are not PEM certificates");
}

enum kms_rc kms_attest_roots_load(struct kms_bytes pem, struct kms_attest_roots **out)
{
    KMS_AUTO(attest_roots) r = calloc(1, sizeof *r);
    KMS_OSSL_AUTO(BIO)
    bio = BIO_new_mem_buf(pem.n != 0 ? pem.p : (const uint8_t *)"", (int)pem.n);

    if (r == NULL || bio == NULL || (r->store = X509_STORE_new()) == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for attestation roots");
    KMS_TRY(add_roots(r, bio));
    *out = KMS_TAKE(r);
    return KMS_OK;
}

/* One DER certificate to its last byte, or NULL. */
static X509 *read_cert(struct kms_bytes der)
{
    const uint8_t *at = der.p;
    X509 *x = d2i_X509(NULL, &at, (long)der.n);

    ERR_clear_error();
    if (x != NULL && at != der.p + der.n) {
        X509_free(x);
        return NULL;
    }
    return x;
}

static KMS_RC read_bundle(const struct kms_attest_doc *doc, STACK_OF(X509) * into)
{
    for (size_t i = 0; i < doc->n_bundle; i++) {
        KMS_OSSL_AUTO(X509) x = read_cert(doc->bundle[i]);

        if (x == NULL)
            return invalid("a certificate of its cabundle cannot be read");
        if (sk_X509_push(into, x) == 0)
            return kms_err(KMS_E_NOMEM, "out of memory for certificates");
        x = NULL;
    }
    return KMS_OK;
}

/* What the library leaves to its caller: who is a CA, and who signs documents. */
static KMS_RC check_roles(const STACK_OF(X509) * chain)
{
    X509 *leaf = sk_X509_value(chain, 0);
    uint32_t usage = X509_get_key_usage(leaf);

    if ((X509_get_extension_flags(leaf) & EXFLAG_CA) != 0 ||
        (X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) == 0 ||
        (usage & KU_DIGITAL_SIGNATURE) == 0)
        return invalid("its certificate is not one that signs documents");
    for (int i = 1; i < sk_X509_num(chain); i++) {
        X509 *ca = sk_X509_value(chain, i);

        if (!is_ca(ca) || (X509_get_extension_flags(ca) & EXFLAG_KUSAGE) == 0)
            return invalid("a certificate of its cabundle is not one of a CA");
    }
    return KMS_OK;
}

static KMS_RC check_chain(const struct kms_attest_roots *roots, X509 *leaf,
                          STACK_OF(X509) * bundle, int64_t now_ms)
{
    KMS_OSSL_AUTO(X509_STORE_CTX) ctx = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;

    if (ctx == NULL || X509_STORE_CTX_init(ctx, roots->store, leaf, bundle) != 1)
        return kms_ossl_err("setting up a chain's check");
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)(now_ms / 1000));
    X509_VERIFY_PARAM_set_depth(param, KMS_ATTEST_BUNDLE_MAX);
    X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
    if (X509_verify_cert(ctx) != 1) {
        const char *why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));

        ERR_clear_error();
        return kms_err(KMS_E_VALIDATION,
                       "The attestation document is not valid: its certificates do not "
                       "lead to a trusted root (%s).",
                       why);
    }
    return check_roles(X509_STORE_CTX_get0_chain(ctx));
}

/* The moment of signing: within the certificate's time, and not in the future. */
static KMS_RC check_moment(const struct kms_attest_doc *doc, const X509 *leaf,
                           int64_t now_ms)
{
    time_t before = (time_t)((doc->says.at_ms + KMS_ATTEST_SKEW_MS) / 1000);

    if (doc->says.at_ms > now_ms + KMS_ATTEST_SKEW_MS)
        return invalid("its timestamp is in the future");
    if (X509_cmp_time(X509_get0_notBefore(leaf), &before) != -1)
        return invalid("its timestamp is before its certificate's time");
    return KMS_OK;
}

enum kms_rc kms_attest_verify(const struct kms_attest_roots *roots,
                              const struct kms_attest_doc *doc, int64_t now_ms)
{
    KMS_OSSL_AUTO(X509) leaf = read_cert(doc->certificate);
    CERTS_AUTO bundle = sk_X509_new_null();
    enum kms_rc rc;

    if (leaf == NULL)
        return invalid("its certificate cannot be read");
    if (bundle == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for certificates");
    KMS_TRY(read_bundle(doc, bundle));
    KMS_TRY(check_chain(roots, leaf, bundle, now_ms));
    KMS_TRY(check_moment(doc, leaf, now_ms));
    rc = kms_cose_verify(&doc->message, doc->certificate);
    return rc == KMS_E_VALIDATION ? invalid("its signature does not match") : rc;
}
