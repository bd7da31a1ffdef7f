/*
 * tls_verify.h - whether a client certificate is welcome, and who it is.
 *
 * The library's own verification lets certificates of the wrong purpose pass; everything
 * is decided here, with the daemon's clock.
 */
#ifndef KMSD_TLS_VERIFY_H
#define KMSD_TLS_VERIFY_H

#include "kmsd/tls_creds.h"
#include "policy/caller.h"

enum kms_cert_fault {
    KMS_CERT_OK,
    KMS_CERT_NONE,       /* the client showed none */
    KMS_CERT_MALFORMED,  /* not DER, too long a chain, no version 3, odd names */
    KMS_CERT_UNKNOWN_CA, /* no chain to a configured CA, self-signed ones included */
    KMS_CERT_INVALID,    /* a bad signature, name constraint, path length, extension */
    KMS_CERT_WEAK,       /* a key or signature below 112 bits of strength */
    KMS_CERT_NOT_YET_VALID,
    KMS_CERT_EXPIRED,
    KMS_CERT_REVOKED,
    KMS_CERT_REVOCATION, /* the issuer's revocation list is missing or outdated */
    KMS_CERT_IS_CA,      /* a CA's certificate used as a client's */
    KMS_CERT_PURPOSE,    /* no clientAuth among the extended key usages */
    KMS_CERT_USAGE,      /* key usage without digitalSignature */
    KMS_CERT_IDENTITY,   /* genuine, but nobody we know */
    KMS_CERT_INTERNAL,
    KMS_CERT_FAULTS
};

/* "handshake:expired", for the log and the audit record. */
const char *kms_cert_fault_reason(enum kms_cert_fault fault);
gnutls_alert_description_t kms_cert_fault_alert(enum kms_cert_fault fault);

/*
 * Check the chain a client showed (leaf first, DER) against c, now. On KMS_CERT_OK the
 * texts of peer that a certificate gives (subject, issuer, serial, key hash, URI) are
 * set, in the arena, and *until_ms is when the leaf expires.
 */
enum kms_cert_fault kms_tls_verify(const struct kms_tls_creds *c,
                                   const gnutls_datum_t *chain, unsigned n,
                                   struct kms_arena *a, struct kms_peer *peer,
                                   int64_t *until_ms);

#endif
