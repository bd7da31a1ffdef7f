/*
 * tls.h - the TLS side of the listener: credentials that can be exchanged while it runs,
 * session tickets, and the admission of each connection.
 *
 * A client certificate is required and judged during the handshake, once a connection; a
 * resumed session's certificate is judged again, and so is that of a running connection
 * when the credentials were exchanged or its certificate has run out.
 */
#ifndef KMSD_TLS_H
#define KMSD_TLS_H

#include "dispatch/dispatch.h"
#include "kmsd/tls_verify.h"

struct kms_tls;
KMS_OWNED(tls);

/* Reads the files of cfg. cfg is borrowed and must outlive what is made. */
KMS_RC kms_tls_new(const struct kms_config *cfg, struct kms_service *service,
                   struct kms_tls **out);
/* Read the files again, for new connections. On failure everything stays as it was. */
KMS_RC kms_tls_reload(struct kms_tls *t);
/* When the server's certificate ends. */
int64_t kms_tls_expires_ms(struct kms_tls *t);
/* GnuTLS priorities: AEAD and ephemeral keys only. */
const char *kms_tls_priorities(bool tls12);

/* One connection's handshake and what came of it. */
struct kms_tls_link {
    struct kms_tls *tls;
    gnutls_session_t session;        /* the HTTP library's */
    struct kms_tls_creds *creds;     /* of the session, as long as it lives */
    struct kms_tls_creds *judged_by; /* under which the certificate was found good */
    struct kms_arena *arena;
    struct kms_peer *peer;
    void (*admitted)(void *arg); /* called once, at the end of a good handshake */
    void *admitted_arg;
    bool begun;     /* the client said something */
    bool showed;    /* it showed a certificate */
    bool finished;  /* the handshake ended well: requests may be heard */
    bool judged;    /* a certificate was found good */
    bool anonymous; /* there is none, and the listener takes signatures */
    enum kms_cert_fault fault;
    int64_t until_ms;
};

/*
 * Prepare a session before its handshake. link->peer and link->admitted are set, the rest
 * zero; link stays where it is until end. False when memory ran out: the session then has
 * no certificate and its handshake fails.
 */
bool kms_tls_begin(struct kms_tls *t, gnutls_session_t session,
                   struct kms_tls_link *link);
/* Before each request: false when the client must be turned away by now. */
bool kms_tls_still_admitted(struct kms_tls_link *link);
/* Why the handshake failed: a fixed word, or NULL when it did not or never began. */
const char *kms_tls_refusal(const struct kms_tls_link *link);
/* After the last use of the session, which the HTTP library may have destroyed by now. */
void kms_tls_end(struct kms_tls_link *link);

#endif
