#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/disk.h"
#include "kmsd/tls_creds.h"

enum { PEM_MAX = 1024 * 1024 };

void kms_tls_creds_free(struct kms_tls_creds *c)
{
    if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    if (c->cred != NULL)
        gnutls_certificate_free_credentials(c->cred);
    if (c->trust != NULL)
        gnutls_x509_trust_list_deinit(c->trust, 1);
    for (unsigned i = 0; i < c->n_crls; i++)
        gnutls_free(c->crls[i].issuer.data);
    free(c->crls);
    free(c);
}

struct kms_tls_creds *kms_tls_creds_ref(struct kms_tls_creds *c)
{
    atomic_fetch_add(&c->refs, 1);
    return c;
}

static enum kms_rc bad(const char *path, const char *what, int err)
{
    return kms_err(KMS_E_CONFIG, "%s: %s: %s", path, what, gnutls_strerror(err));
}

static enum kms_rc read_pem(const char *path, struct kms_buf *buf, gnutls_datum_t *out)
{
    KMS_TRY(kms_disk_read(path, PEM_MAX, buf));
    KMS_TRY(kms_buf_ok(buf));
    *out = (gnutls_datum_t){buf->p, (unsigned)buf->n};
    return KMS_OK;
}

static enum kms_rc check_key_mode(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return kms_err(KMS_E_CONFIG, "%s: %s", path, strerror(errno));
    if ((st.st_mode & 0007) != 0)
        return kms_err(KMS_E_CONFIG,
                       "%s: everybody may read the private key (mode %04o); chmod 600 it",
                       path, (unsigned)st.st_mode & 07777);
    return KMS_OK;
}

/* When the first certificate of a file ends. */
static enum kms_rc read_expiry(const char *path, const gnutls_datum_t *pem, int64_t *out)
{
    gnutls_x509_crt_t crt;
    int err = gnutls_x509_crt_init(&crt);

    if (err == 0) {
        err = gnutls_x509_crt_import(crt, pem, GNUTLS_X509_FMT_PEM);
        if (err == 0)
            *out = (int64_t)gnutls_x509_crt_get_expiration_time(crt) * 1000;
        gnutls_x509_crt_deinit(crt);
    }
    return err == 0 ? KMS_OK : bad(path, "is no certificate in PEM", err);
}

static enum kms_rc load_own(struct kms_tls_creds *c, const struct kms_tls_files *files)
{
    KMS_AUTO_BUF cert_buf = {0}, key_buf = {0};
    gnutls_datum_t cert, key;
    int err;

    KMS_TRY(read_pem(files->certificate, &cert_buf, &cert));
    KMS_TRY(read_expiry(files->certificate, &cert, &c->expires_ms));
    KMS_TRY(check_key_mode(files->key));
    KMS_TRY(read_pem(files->key, &key_buf, &key));
    err = gnutls_certificate_set_x509_key_mem2(c->cred, &cert, &key, GNUTLS_X509_FMT_PEM,
                                               NULL, 0);
    if (err < 0)
        return bad(files->key, "is not the key of the certificate, or not in PEM", err);
    if (files->ocsp == NULL)
        return KMS_OK;
    err = gnutls_certificate_set_ocsp_status_request_file(c->cred, files->ocsp, 0);
    return err < 0 ? bad(files->ocsp, "is no OCSP response about the certificate", err)
                   : KMS_OK;
}

static enum kms_rc check_cas(const char *path, gnutls_x509_crt_t *cas, unsigned n)
{
    if (n == 0)
        return kms_err(KMS_E_CONFIG, "%s: holds no certificate", path);
    for (unsigned i = 0; i < n; i++)
        if (gnutls_x509_crt_get_ca_status(cas[i], NULL) <= 0)
            return kms_err(KMS_E_CONFIG,
                           "%s: certificate %u is not a CA (basicConstraints); only CAs "
                           "may vouch for clients",
                           path, i + 1);
    return KMS_OK;
}

/* The list takes the certificates over; on failure they are given back here. */
static enum kms_rc trust_cas(struct kms_tls_creds *c, const char *path,
                             gnutls_x509_crt_t *cas, unsigned n)
{
    enum kms_rc rc = check_cas(path, cas, n);

    if (rc == KMS_OK && gnutls_x509_trust_list_add_cas(c->trust, cas, n, 0) != (int)n)
        rc =
            kms_err(KMS_E_CONFIG, "%s: cannot be trusted: duplicate certificates?", path);
    else if (rc == KMS_OK)
        return KMS_OK;
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(cas[i]);
    return rc;
}

static enum kms_rc check_crl(const char *path, gnutls_x509_crl_t crl,
                             gnutls_x509_crt_t *cas, unsigned n_cas, unsigned number)
{
    const unsigned stale = GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
                           GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE;
    unsigned status = 0;
    int err = gnutls_x509_crl_verify(crl, cas, n_cas, 0, &status);

    /* An outdated list is loaded: it refuses its CA's clients until a newer one comes. */
    status &= ~(stale | GNUTLS_CERT_INVALID);
    if (err < 0 || status != 0)
        return kms_err(KMS_E_CONFIG, "%s: list %u is not signed by one of the client CAs",
                       path, number);
    return KMS_OK;
}

static enum kms_rc read_crl(const char *path, gnutls_x509_crl_t crl,
                            struct kms_tls_crl *out)
{
    time_t from = gnutls_x509_crl_get_this_update(crl);
    time_t until = gnutls_x509_crl_get_next_update(crl);
    int err;

    if (from == (time_t)-1 || until == (time_t)-1)
        return kms_err(KMS_E_CONFIG, "%s: a list does not say until when it counts",
                       path);
    err = gnutls_x509_crl_get_raw_issuer_dn(crl, &out->issuer);
    if (err < 0)
        return bad(path, "names no issuer", err);
    out->from_ms = (int64_t)from * 1000;
    out->until_ms = (int64_t)until * 1000;
    return KMS_OK;
}

static enum kms_rc trust_crls(struct kms_tls_creds *c, const char *path,
                              gnutls_x509_crl_t *crls, unsigned n, gnutls_x509_crt_t *cas,
                              unsigned n_cas)
{
    c->crls = calloc(n, sizeof *c->crls);
    if (c->crls == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for %s", path);
    for (unsigned i = 0; i < n; i++) {
        KMS_TRY(check_crl(path, crls[i], cas, n_cas, i + 1));
        KMS_TRY(read_crl(path, crls[i], &c->crls[i]));
        c->n_crls = i + 1;
    }
    if (gnutls_x509_trust_list_add_crls(c->trust, crls, n, 0, 0) != (int)n)
        return kms_err(KMS_E_CONFIG, "%s: cannot be used: duplicate lists?", path);
    c->has_crl = true;
    return KMS_OK;
}

static enum kms_rc load_crls(struct kms_tls_creds *c, const char *path,
                             gnutls_x509_crt_t *cas, unsigned n_cas)
{
    KMS_AUTO_BUF buf = {0};
    gnutls_datum_t pem;
    gnutls_x509_crl_t *crls = NULL;
    unsigned n = 0;
    enum kms_rc rc;
    int err;

    KMS_TRY(read_pem(path, &buf, &pem));
    err = gnutls_x509_crl_list_import2(&crls, &n, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (err < 0 || n == 0)
        return bad(path, "holds no revocation list in PEM",
                   err < 0 ? err : GNUTLS_E_NO_CERTIFICATE_FOUND);
    rc = trust_crls(c, path, crls, n, cas, n_cas);
    for (unsigned i = 0; rc != KMS_OK && i < n; i++)
        gnutls_x509_crl_deinit(crls[i]);
    gnutls_free(crls);
    return rc;
}

static enum kms_rc load_clients(struct kms_tls_creds *c,
                                const struct kms_tls_files *files)
{
    KMS_AUTO_BUF buf = {0};
    gnutls_datum_t pem;
    gnutls_x509_crt_t *cas = NULL;
    unsigned n = 0;
    enum kms_rc rc;
    int err;

    KMS_TRY(read_pem(files->client_ca, &buf, &pem));
    /* The names of the CAs go into the request for a certificate. */
    err = gnutls_certificate_set_x509_trust_mem(c->cred, &pem, GNUTLS_X509_FMT_PEM);
    if (err <= 0)
        return bad(files->client_ca, "holds no certificate in PEM",
                   err < 0 ? err : GNUTLS_E_NO_CERTIFICATE_FOUND);
    err = gnutls_x509_crt_list_import2(&cas, &n, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (err < 0)
        return bad(files->client_ca, "holds no certificate in PEM", err);
    rc = trust_cas(c, files->client_ca, cas, n);
    if (rc == KMS_OK && files->crl != NULL)
        rc = load_crls(c, files->crl, cas, n);
    gnutls_free(cas);
    return rc;
}

enum kms_rc kms_tls_creds_load(const struct kms_tls_files *files,
                               struct kms_tls_creds **out)
{
    KMS_AUTO(tls_creds) c = calloc(1, sizeof *c);

    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for TLS");
    atomic_init(&c->refs, 1);
    if (gnutls_certificate_allocate_credentials(&c->cred) < 0 ||
        gnutls_x509_trust_list_init(&c->trust, 0) < 0)
        return kms_err(KMS_E_NOMEM, "out of memory for TLS");
    KMS_TRY(load_own(c, files));
    KMS_TRY(load_clients(c, files));
    *out = KMS_TAKE(c);
    return KMS_OK;
}
