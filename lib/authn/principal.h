/*
 * principal.h - from a client certificate or a credential to a principal.
 *
 * Principals are IAM ARNs: arn:<partition>:iam::<account>:root, user/<name> or
 * role/<name>.
 */
#ifndef KMS_AUTHN_PRINCIPAL_H
#define KMS_AUTHN_PRINCIPAL_H

#include "base/arena.h"
#include "policy/caller.h"

/* Maps a client certificate to a principal. */
struct kms_identity_rule {
    enum { KMS_MATCH_URI, KMS_MATCH_SUBJECT } match;
    struct kms_str value;     /* exact text of the URI SAN or RFC 4514 subject */
    struct kms_str principal; /* arn:aws:iam::ACCOUNT:user/NAME or role/NAME */
};

/* Account of an IAM principal ARN; false when arn is not one. */
bool kms_principal_account(struct kms_str arn, struct kms_str *account);

/*
 * The principal of a verified certificate: the first rule that matches, else a URI SAN
 * that is itself an IAM ARN of this partition. KMS_E_ACCESS_DENIED when neither is so.
 * Borrowed from rule or peer.
 */
KMS_RC kms_principal_of_peer(const struct kms_identity_rule *rules, size_t n_rules,
                             struct kms_str partition, const struct kms_peer *peer,
                             struct kms_str *principal);

/* What is known about a request before anybody is believed. */
struct kms_proofs {
    const struct kms_peer *peer;    /* a verified certificate when spki_sha256 is there */
    struct kms_str authorization;   /* the header's value, or absent */
    struct kms_str partition, default_account, default_region;
    const struct kms_identity_rule *rules;
    size_t n_rules;
    bool dev; /* any credential is a user of its account; 12 digits name the account */
};

/*
 * Who is calling. With a certificate its principal calls, and a credential gives only
 * the Region (in the dev profile a 12-digit access key id the account too). Without one
 * (dev only) the credential is the user arn:...:user/<access key id>. Neither:
 * KMS_E_MISSING_AUTHENTICATION_TOKEN.
 */
KMS_RC kms_authenticate(const struct kms_proofs *proofs, struct kms_arena *a,
                        struct kms_caller *out);

#endif
