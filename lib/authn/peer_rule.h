/*
 * peer_rule.h - from a client certificate to a principal, by explicit rules.
 *
 * Source: SPIFFE-ID specification, sections 2.1 to 2.3, for SPIFFE ids; RFC 7469 for key
 * pins; RFC 4514 for subjects.
 */
#ifndef KMS_AUTHN_PEER_RULE_H
#define KMS_AUTHN_PEER_RULE_H

#include "base/arena.h"
#include "policy/caller.h"

enum kms_identity_match {
    KMS_MATCH_URI,        /* the URI SAN is the value */
    KMS_MATCH_URI_PREFIX, /* the URI SAN starts with the value; the rest is its tail */
    KMS_MATCH_SPIFFE,     /* the URI SAN is this SPIFFE id, or with "/..." one below it */
    KMS_MATCH_SUBJECT,    /* the subject is the value, as RFC 4514 text */
    KMS_MATCH_SPKI        /* SHA-256 of SubjectPublicKeyInfo, 64 lower-case hex digits */
};

/* Maps a client certificate to a principal. The first rule that matches counts. */
struct kms_identity_rule {
    enum kms_identity_match match;
    struct kms_str value;
    struct kms_str issuer;   /* RFC 4514 name of the CA that issued it; absent: any */
    struct kms_str listener; /* "https"; absent: any */
    /*
     * arn:P:iam::A:user/NAME, :role/NAME, :root or
     * arn:P:sts::A:assumed-role/NAME/SESSION.
     * "{tail}" in it stands for what follows a prefix. A role is called by a session that
     * is named after the certificate's key.
     */
    struct kms_str principal;
    /*
     * Who may sign what comes with this certificate, where a listener wants both: an ARN,
     * or the start of one with a "*" behind it; that signature's principal then calls.
     * Absent: nobody but the certificate's own principal.
     */
    struct kms_str signs_for;
};

/* KMS_OK for a rule that can match something, else KMS_E_CONFIG with words. */
KMS_RC kms_identity_rule_check(const struct kms_identity_rule *rule);
KMS_RC kms_identity_rule_copy(const struct kms_identity_rule *rule, struct kms_arena *a,
                              struct kms_identity_rule *out);

/* Who stands behind a certificate. */
struct kms_peer_identity {
    struct kms_str principal; /* of a caller: never a bare role */
    struct kms_str signs_for; /* of the rule, or absent */
};

/*
 * The principal of a verified certificate: by the first rule that matches, else a URI SAN
 * that is itself an IAM ARN of this partition. KMS_E_ACCESS_DENIED when neither is so.
 * In the arena, or borrowed from rule or peer.
 */
KMS_RC kms_principal_of_peer(const struct kms_identity_rule *rules, size_t n_rules,
                             struct kms_str partition, const struct kms_peer *peer,
                             struct kms_arena *a, struct kms_peer_identity *out);

#endif
