#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "kmsd/tls.h"

/* A ticket lets its holder skip a handshake for at most two of these. */
static const int64_t TICKET_KEY_US = INT64_C(3600) * 1000000;

struct kms_tls {
    const struct kms_config *cfg;
    struct kms_service *service;
    pthread_mutex_t lock;
    struct kms_tls_creds *creds; /* under lock */
    gnutls_datum_t ticket_key;   /* under lock */
    int64_t ticket_key_made_us;  /* under lock */
};

/* Validity is judged by the daemon's clock, which a test can move. */
static time_t clock_for_gnutls(time_t *t)
{
    time_t now = (time_t)(kms_clock_now_ms() / 1000);

    if (t != NULL)
        *t = now;
    return now;
}

static void forget_ticket_key(struct kms_tls *t)
{
    if (t->ticket_key.data == NULL)
        return;
    kms_wipe(t->ticket_key.data, t->ticket_key.size);
    gnutls_free(t->ticket_key.data);
    t->ticket_key = (gnutls_datum_t){NULL, 0};
}

void kms_tls_free(struct kms_tls *t)
{
    if (t == NULL)
        return;
    kms_tls_creds_free(t->creds);
    forget_ticket_key(t);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

enum kms_rc kms_tls_new(const struct kms_config *cfg, struct kms_service *service,
                        struct kms_tls **out)
{
    KMS_AUTO(tls) t = calloc(1, sizeof *t);

    if (t == NULL || pthread_mutex_init(&t->lock, NULL) != 0)
        return kms_err(KMS_E_NOMEM, "out of memory for TLS");
    t->cfg = cfg;
    t->service = service;
    gnutls_global_set_time_function(clock_for_gnutls);
    KMS_TRY(kms_tls_creds_load(&cfg->tls, &t->creds));
    *out = KMS_TAKE(t);
    return KMS_OK;
}

enum kms_rc kms_tls_reload(struct kms_tls *t)
{
    struct kms_tls_creds *fresh = NULL, *old;

    KMS_TRY(kms_tls_creds_load(&t->cfg->tls, &fresh));
    pthread_mutex_lock(&t->lock);
    old = t->creds;
    t->creds = fresh;
    forget_ticket_key(t);
    pthread_mutex_unlock(&t->lock);
    kms_tls_creds_free(old);
    return KMS_OK;
}

static struct kms_tls_creds *current_creds(struct kms_tls *t)
{
    struct kms_tls_creds *c;

    pthread_mutex_lock(&t->lock);
    c = kms_tls_creds_ref(t->creds);
    pthread_mutex_unlock(&t->lock);
    return c;
}

int64_t kms_tls_expires_ms(struct kms_tls *t)
{
    KMS_AUTO(tls_creds) c = current_creds(t);

    return c->expires_ms;
}

const char *kms_tls_priorities(bool tls12)
{
#define COMMON                                                                           \
    "-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:"           \
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:-SIGN-RSA-SHA1:"         \
    "-SIGN-ECDSA-SHA1:%PROFILE_MEDIUM:%SERVER_PRECEDENCE"
    return tls12 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:"
                   "+ECDHE-RSA:" COMMON ":%SAFE_RENEGOTIATION"
                 : "NORMAL:-VERS-ALL:+VERS-TLS1.3:" COMMON;
#undef COMMON
}

/*
 * The library draws its encryption keys from this one and the time; a fresh one an hour
 * bounds what a stolen one opens. Older tickets then lead to full handshakes.
 */
static void offer_tickets(struct kms_tls *t, gnutls_session_t session)
{
    int64_t now_us = kms_clock_mono_us();

    pthread_mutex_lock(&t->lock);
    if (t->ticket_key.data == NULL || now_us - t->ticket_key_made_us > TICKET_KEY_US) {
        forget_ticket_key(t);
        t->ticket_key_made_us = now_us;
        if (gnutls_session_ticket_key_generate(&t->ticket_key) < 0)
            t->ticket_key = (gnutls_datum_t){NULL, 0};
    }
    if (t->ticket_key.data != NULL)
        (void)gnutls_session_ticket_enable_server(session, &t->ticket_key);
    pthread_mutex_unlock(&t->lock);
}

/* The name rule: a genuine certificate that names nobody known is refused as well. */
static enum kms_cert_fault identify(struct kms_tls_link *link, struct kms_arena *a,
                                    const struct kms_peer *peer)
{
    struct kms_str principal = {NULL, 0};
    enum kms_rc rc = kms_service_identify(link->tls->service, peer, a, &principal);

    if (rc == KMS_OK)
        return KMS_CERT_OK;
    return rc == KMS_E_ACCESS_DENIED ? KMS_CERT_IDENTITY : KMS_CERT_INTERNAL;
}

/* by: the credentials of today, which need not be those the session began with. */
static enum kms_cert_fault judge(struct kms_tls_link *link, struct kms_tls_creds *by)
{
    unsigned n = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(link->session, &n);
    struct kms_peer peer = *link->peer;
    int64_t until_ms = 0;
    enum kms_cert_fault fault =
        kms_tls_verify(by, chain, n, link->arena, &peer, &until_ms);

    if (fault == KMS_CERT_OK)
        fault = identify(link, link->arena, &peer);
    link->fault = fault;
    link->judged = fault == KMS_CERT_OK;
    if (link->judged) {
        *link->peer = peer;
        link->until_ms = until_ms;
        kms_tls_creds_free(link->judged_by);
        link->judged_by = kms_tls_creds_ref(by);
    }
    return fault;
}

/* The HTTP library closes without a word; the client should learn what was wrong. */
static int refuse(struct kms_tls_link *link, enum kms_cert_fault fault)
{
    link->fault = fault;
    link->judged = false;
    (void)gnutls_alert_send(link->session, GNUTLS_AL_FATAL, kms_cert_fault_alert(fault));
    return GNUTLS_E_CERTIFICATE_ERROR;
}

/* Where a signature will do, a client may come without a certificate, but not with a bad
   one. */
static bool may_be_nobody(const struct kms_tls_link *link)
{
    enum kms_proof proof = link->tls->cfg->proof;

    return proof == KMS_PROOF_SIGNATURE || proof == KMS_PROOF_EITHER;
}

static bool is_nobody(struct kms_tls_link *link)
{
    unsigned n = 0;

    return may_be_nobody(link) &&
           (gnutls_certificate_get_peers(link->session, &n) == NULL || n == 0);
}

static int on_certificate(gnutls_session_t session)
{
    struct kms_tls_link *link = gnutls_db_get_ptr(session);
    enum kms_cert_fault fault;

    if (is_nobody(link))
        return 0;
    fault = judge(link, link->creds);
    return fault == KMS_CERT_OK ? 0 : refuse(link, fault);
}

/*
 * Finished of the client ends both kinds of handshake. A full one has shown its
 * certificate to on_certificate; a resumed one brings it in the ticket, and what was good
 * then may be revoked now.
 */
static int on_finished(struct kms_tls_link *link)
{
    enum kms_cert_fault fault;

    link->anonymous = !link->judged && is_nobody(link);
    if (!link->judged && !link->anonymous) {
        fault = gnutls_session_is_resumed(link->session) ? judge(link, link->creds)
                                                         : KMS_CERT_NONE;
        if (fault != KMS_CERT_OK)
            return refuse(link, fault);
    }
    link->finished = true;
    if (link->admitted != NULL)
        link->admitted(link->admitted_arg);
    return 0;
}

/* Certificate (RFC 8446 4.4.2, RFC 5246 7.4.6): all zero is a list without any. */
static bool shows_none(const gnutls_datum_t *msg)
{
    for (unsigned i = 0; i < msg->size; i++)
        if (msg->data[i] != 0)
            return false;
    return true;
}

static int on_message(gnutls_session_t session, unsigned type, unsigned when,
                      unsigned incoming, const gnutls_datum_t *msg)
{
    struct kms_tls_link *link = gnutls_db_get_ptr(session);

    if (!incoming)
        return 0;
    link->begun = true;
    if (when != GNUTLS_HOOK_POST)
        return 0;
    if (type == GNUTLS_HANDSHAKE_CERTIFICATE_PKT) {
        link->showed = true;
        if (shows_none(msg) && !may_be_nobody(link))
            return refuse(link, KMS_CERT_NONE);
    }
    return type == GNUTLS_HANDSHAKE_FINISHED ? on_finished(link) : 0;
}

/*
 * The handshake has a deadline, which GnuTLS checks before it reads; it would also wait
 * for bytes there, which an event thread must not: say that they may be there.
 */
static int always_readable(gnutls_transport_ptr_t transport, unsigned ms)
{
    (void)transport;
    (void)ms;
    return 1;
}

static gnutls_certificate_request_t wanted(enum kms_proof proof)
{
    switch (proof) {
    case KMS_PROOF_SIGNATURE:
        return GNUTLS_CERT_IGNORE;
    case KMS_PROOF_EITHER:
        return GNUTLS_CERT_REQUEST;
    case KMS_PROOF_CERTIFICATE:
    case KMS_PROOF_BOTH:
        break;
    }
    return GNUTLS_CERT_REQUIRE;
}

bool kms_tls_begin(struct kms_tls *t, gnutls_session_t session, struct kms_tls_link *link)
{
    link->tls = t;
    link->session = session;
    /* In place before anything can fail: the hooks find it in every case. */
    gnutls_db_set_ptr(session, link);
    gnutls_certificate_server_set_request(session, wanted(t->cfg->proof));
    gnutls_session_set_verify_function(session, on_certificate);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH,
                                       on_message);
    gnutls_transport_set_pull_timeout_function(session, always_readable);
    gnutls_handshake_set_timeout(session, t->cfg->limits.handshake_timeout_s * 1000);
    link->creds = current_creds(t);
    if (kms_arena_new(&link->arena) != KMS_OK ||
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, link->creds->cred) < 0) {
        gnutls_credentials_clear(session);
        return false;
    }
    offer_tickets(t, session);
    return true;
}

static struct kms_str text_of(struct kms_arena *a, const char *z)
{
    struct kms_str s = {NULL, 0};

    if (z == NULL || kms_arena_str(a, kms_str_of(z), &s) != KMS_OK)
        return (struct kms_str){NULL, 0};
    return s;
}

/* What is certain only once the handshake is over: for the record of each request. */
static void describe(struct kms_tls_link *link)
{
    struct kms_peer *peer = link->peer;
    char name[256];
    size_t n = sizeof name;
    unsigned type = 0;

    switch (gnutls_protocol_get_version(link->session)) {
    case GNUTLS_TLS1_3:
        peer->tls_version = KMS_LIT("TLSv1.3");
        break;
    case GNUTLS_TLS1_2:
        peer->tls_version = KMS_LIT("TLSv1.2");
        break;
    default:
        peer->tls_version = KMS_LIT("unknown");
    }
    peer->tls_cipher = text_of(link->arena, gnutls_ciphersuite_get(link->session));
    if (gnutls_server_name_get(link->session, name, &n, &type, 0) == 0 &&
        type == GNUTLS_NAME_DNS)
        peer->server_name = text_of(link->arena, name);
}

bool kms_tls_still_admitted(struct kms_tls_link *link)
{
    KMS_AUTO(tls_creds) now = NULL;

    if (!link->finished || (!link->judged && !link->anonymous))
        return false;
    if (link->anonymous) {
        if (link->peer->tls_version.p == NULL)
            describe(link);
        return true;
    }
    now = current_creds(link->tls);
    if (now != link->judged_by || kms_clock_now_ms() >= link->until_ms)
        (void)judge(link, now);
    if (link->judged && link->peer->tls_version.p == NULL)
        describe(link);
    return link->judged;
}

const char *kms_tls_refusal(const struct kms_tls_link *link)
{
    if (link->fault != KMS_CERT_OK)
        return kms_cert_fault_reason(link->fault);
    if (!link->begun || link->finished)
        return NULL;
    /* The library turns some away by itself, such as keys that may not sign. */
    return link->showed && !link->judged ? "handshake:bad-certificate"
                                         : "handshake:protocol";
}

void kms_tls_end(struct kms_tls_link *link)
{
    kms_tls_creds_free(link->creds);
    kms_tls_creds_free(link->judged_by);
    kms_arena_free(link->arena);
    link->creds = link->judged_by = NULL;
    link->arena = NULL;
}
