#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "kmsd/tls_verify.h"

enum { CHAIN_MAX = 6, NAME_MAX_BYTES = 2048, SERIAL_MAX = 64, SAN_MAX = 256 };

static const struct {
    const char *reason;
    gnutls_alert_description_t alert;
} faults[KMS_CERT_FAULTS] = {
    [KMS_CERT_OK] = {"", GNUTLS_A_CLOSE_NOTIFY},
    [KMS_CERT_NONE] = {"handshake:no-certificate", GNUTLS_A_CERTIFICATE_REQUIRED},
    [KMS_CERT_MALFORMED] = {"handshake:malformed-certificate", GNUTLS_A_BAD_CERTIFICATE},
    [KMS_CERT_UNKNOWN_CA] = {"handshake:unknown-ca", GNUTLS_A_UNKNOWN_CA},
    [KMS_CERT_INVALID] = {"handshake:invalid-certificate", GNUTLS_A_BAD_CERTIFICATE},
    [KMS_CERT_WEAK] = {"handshake:weak-certificate", GNUTLS_A_INSUFFICIENT_SECURITY},
    [KMS_CERT_NOT_YET_VALID] = {"handshake:not-yet-valid", GNUTLS_A_CERTIFICATE_EXPIRED},
    [KMS_CERT_EXPIRED] = {"handshake:expired", GNUTLS_A_CERTIFICATE_EXPIRED},
    [KMS_CERT_REVOKED] = {"handshake:revoked", GNUTLS_A_CERTIFICATE_REVOKED},
    [KMS_CERT_REVOCATION] = {"handshake:revocation-unknown",
                             GNUTLS_A_CERTIFICATE_UNKNOWN},
    [KMS_CERT_IS_CA] = {"handshake:ca-certificate", GNUTLS_A_UNSUPPORTED_CERTIFICATE},
    [KMS_CERT_PURPOSE] = {"handshake:wrong-purpose", GNUTLS_A_UNSUPPORTED_CERTIFICATE},
    [KMS_CERT_USAGE] = {"handshake:wrong-key-usage", GNUTLS_A_UNSUPPORTED_CERTIFICATE},
    [KMS_CERT_IDENTITY] = {"handshake:unknown-identity", GNUTLS_A_ACCESS_DENIED},
    [KMS_CERT_INTERNAL] = {"handshake:internal", GNUTLS_A_INTERNAL_ERROR},
};

const char *kms_cert_fault_reason(enum kms_cert_fault fault)
{
    assert(fault < KMS_CERT_FAULTS);
    return faults[fault].reason;
}

gnutls_alert_description_t kms_cert_fault_alert(enum kms_cert_fault fault)
{
    assert(fault < KMS_CERT_FAULTS);
    return faults[fault].alert;
}

/* The most telling of the bits that verification left. */
static enum kms_cert_fault fault_of_status(unsigned status)
{
    static const struct {
        unsigned bits;
        enum kms_cert_fault fault;
    } order[] = {
        {GNUTLS_CERT_SIGNER_NOT_FOUND, KMS_CERT_UNKNOWN_CA},
        {GNUTLS_CERT_REVOKED, KMS_CERT_REVOKED},
        {GNUTLS_CERT_NOT_ACTIVATED, KMS_CERT_NOT_YET_VALID},
        {GNUTLS_CERT_EXPIRED, KMS_CERT_EXPIRED},
        {GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
             GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE,
         KMS_CERT_REVOCATION},
        {GNUTLS_CERT_INSECURE_ALGORITHM, KMS_CERT_WEAK},
        {GNUTLS_CERT_PURPOSE_MISMATCH, KMS_CERT_PURPOSE},
    };

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if ((status & order[i].bits) != 0)
            return order[i].fault;
    return KMS_CERT_INVALID;
}

static bool has_client_auth(gnutls_x509_crt_t leaf)
{
    char oid[64];

    for (unsigned i = 0;; i++) {
        size_t n = sizeof oid;
        int err = gnutls_x509_crt_get_key_purpose_oid(leaf, i, oid, &n, NULL);

        if (err == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return false;
        if (err == 0 && strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT) == 0)
            return true;
        if (err < 0 && err != GNUTLS_E_SHORT_MEMORY_BUFFER)
            return false;
    }
}

/* With lists configured, an issuer without one that counts now could revoke nobody. */
static bool revocable(const struct kms_tls_creds *c, gnutls_x509_crt_t crt)
{
    gnutls_datum_t issuer = {NULL, 0};
    int64_t now_ms = kms_clock_now_ms();
    bool found = false;

    if (gnutls_x509_crt_get_raw_issuer_dn(crt, &issuer) < 0)
        return false;
    for (unsigned i = 0; i < c->n_crls && !found; i++) {
        const struct kms_tls_crl *crl = &c->crls[i];

        found = crl->from_ms <= now_ms && now_ms < crl->until_ms &&
                crl->issuer.size == issuer.size &&
                memcmp(crl->issuer.data, issuer.data, issuer.size) == 0;
    }
    gnutls_free(issuer.data);
    return found;
}

static bool all_revocable(const struct kms_tls_creds *c, gnutls_x509_crt_t *crts,
                          unsigned n)
{
    for (unsigned i = 0; c->has_crl && i < n; i++)
        if (!gnutls_x509_crt_check_issuer(crts[i], crts[i]) && !revocable(c, crts[i]))
            return false;
    return true;
}

static enum kms_cert_fault check_leaf(gnutls_x509_crt_t leaf)
{
    unsigned usage = 0;
    int ca = gnutls_x509_crt_get_ca_status(leaf, NULL);
    int err;

    if (gnutls_x509_crt_get_version(leaf) != 3)
        return KMS_CERT_MALFORMED;
    if (ca != 0 && ca != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        return ca > 0 ? KMS_CERT_IS_CA : KMS_CERT_MALFORMED;
    if (!has_client_auth(leaf))
        return KMS_CERT_PURPOSE;
    err = gnutls_x509_crt_get_key_usage(leaf, &usage, NULL);
    if (err < 0 && err != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        return KMS_CERT_MALFORMED;
    return err >= 0 && (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) == 0 ? KMS_CERT_USAGE
                                                                   : KMS_CERT_OK;
}

static enum kms_cert_fault check_chain(const struct kms_tls_creds *c,
                                       gnutls_x509_crt_t *crts, unsigned n)
{
    unsigned char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st data = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose};
    const unsigned flags = GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM);
    unsigned status = GNUTLS_CERT_INVALID;

    if (gnutls_x509_trust_list_verify_crt2(c->trust, crts, n, &data, 1, flags, &status,
                                           NULL) < 0)
        return KMS_CERT_INTERNAL;
    if (status != 0)
        return fault_of_status(status);
    return all_revocable(c, crts, n) ? check_leaf(crts[0]) : KMS_CERT_REVOCATION;
}

/* A text that later rules compare: no NUL and no other control character in it. */
static bool is_plain(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

/* Exactly one URI at most: with two it would be a matter of taste who is calling. */
static enum kms_cert_fault read_uri(gnutls_x509_crt_t leaf, struct kms_arena *a,
                                    struct kms_str *out)
{
    char text[NAME_MAX_BYTES];
    unsigned found = 0;

    for (unsigned i = 0;; i++) {
        size_t n = sizeof text;
        int type = gnutls_x509_crt_get_subject_alt_name(leaf, i, text, &n, NULL);

        if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return KMS_CERT_OK;
        if (type < 0 || i == SAN_MAX)
            return KMS_CERT_MALFORMED;
        if (type != GNUTLS_SAN_URI)
            continue;
        if (++found > 1 || !is_plain(text, n))
            return KMS_CERT_MALFORMED;
        if (kms_arena_str(a, (struct kms_str){text, n}, out) != KMS_OK)
            return KMS_CERT_INTERNAL;
    }
}

/* The name of the certificate, or of the CA that issued it. */
static enum kms_cert_fault read_name(gnutls_x509_crt_t leaf, bool issuer,
                                     struct kms_arena *a, struct kms_str *out)
{
    gnutls_datum_t dn = {NULL, 0};
    enum kms_cert_fault fault = KMS_CERT_MALFORMED;
    struct kms_str text;

    if ((issuer ? gnutls_x509_crt_get_issuer_dn3(leaf, &dn, 0)
                : gnutls_x509_crt_get_dn3(leaf, &dn, 0)) < 0)
        return KMS_CERT_MALFORMED;
    text = (struct kms_str){(const char *)dn.data, dn.size};
    if (text.n <= NAME_MAX_BYTES && is_plain(text.p, text.n))
        fault = kms_arena_str(a, text, out) == KMS_OK ? KMS_CERT_OK : KMS_CERT_INTERNAL;
    gnutls_free(dn.data);
    return fault;
}

static enum kms_cert_fault hex_into(struct kms_arena *a, const uint8_t *p, size_t n,
                                    struct kms_str *out)
{
    char *text = kms_arena_alloc(a, 2 * n + 1);

    if (text == NULL)
        return KMS_CERT_INTERNAL;
    kms_hex_encode(p, n, text);
    *out = (struct kms_str){text, 2 * n};
    return KMS_CERT_OK;
}

static enum kms_cert_fault read_peer(gnutls_x509_crt_t leaf, struct kms_arena *a,
                                     struct kms_peer *peer)
{
    uint8_t serial[SERIAL_MAX], key_id[32];
    size_t n_serial = sizeof serial, n_key_id = sizeof key_id, skip;
    enum kms_cert_fault fault = read_name(leaf, false, a, &peer->subject);

    if (fault == KMS_CERT_OK)
        fault = read_name(leaf, true, a, &peer->issuer);
    if (fault == KMS_CERT_OK)
        fault = read_uri(leaf, a, &peer->uri_san);
    if (fault != KMS_CERT_OK)
        return fault;
    if (gnutls_x509_crt_get_serial(leaf, serial, &n_serial) < 0 ||
        gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, key_id, &n_key_id) <
            0 ||
        n_key_id != sizeof key_id)
        return KMS_CERT_MALFORMED;
    /* DER puts a zero before a number whose first bit is set. */
    skip = n_serial > 1 && serial[0] == 0 ? 1 : 0;
    fault = hex_into(a, serial + skip, n_serial - skip, &peer->serial);
    return fault != KMS_CERT_OK ? fault
                                : hex_into(a, key_id, n_key_id, &peer->spki_sha256);
}

enum kms_cert_fault kms_tls_verify(const struct kms_tls_creds *c,
                                   const gnutls_datum_t *chain, unsigned n,
                                   struct kms_arena *a, struct kms_peer *peer,
                                   int64_t *until_ms)
{
    gnutls_x509_crt_t crts[CHAIN_MAX];
    enum kms_cert_fault fault = KMS_CERT_OK;
    struct kms_peer found = *peer;
    unsigned loaded = 0;

    if (chain == NULL || n == 0)
        return KMS_CERT_NONE;
    if (n > CHAIN_MAX)
        return KMS_CERT_MALFORMED;
    for (unsigned i = 0; i < n && fault == KMS_CERT_OK; i++) {
        if (gnutls_x509_crt_init(&crts[i]) < 0) {
            fault = KMS_CERT_INTERNAL;
        } else {
            loaded = i + 1;
            if (gnutls_x509_crt_import(crts[i], &chain[i], GNUTLS_X509_FMT_DER) < 0)
                fault = KMS_CERT_MALFORMED;
        }
    }
    if (fault == KMS_CERT_OK)
        fault = check_chain(c, crts, n);
    if (fault == KMS_CERT_OK)
        fault = read_peer(crts[0], a, &found);
    if (fault == KMS_CERT_OK) {
        *until_ms = (int64_t)gnutls_x509_crt_get_expiration_time(crts[0]) * 1000;
        *peer = found;
    }
    while (loaded > 0)
        gnutls_x509_crt_deinit(crts[--loaded]);
    return fault;
}
