/*
 * directory.h - who is who: certificate rules, users, roles and their policies, as one
 * immutable snapshot that is replaced as a whole.
 */
#ifndef KMS_DISPATCH_DIRECTORY_H
#define KMS_DISPATCH_DIRECTORY_H

#include "authn/peer_rule.h"
#include "authz/identities.h"

struct kms_directory;
KMS_OWNED(directory); /* gives up one reference; NULL is fine */

/* Dev: whoever names this access key id is this principal, whatever the signature. */
struct kms_dev_credential {
    struct kms_str id, principal;
};

struct kms_directory_opts {
    struct kms_identities *identities; /* taken over, also on failure */
    /* Rules before the built-in one: a URI SAN that is itself an IAM ARN names itself. */
    const struct kms_identity_rule *rules; /* copied */
    size_t n_rules;
    const struct kms_dev_credential *credentials; /* copied */
    size_t n_credentials;
    struct kms_str digest; /* hex SHA-256 of the file it was read from, or absent */
};

KMS_RC kms_directory_new(const struct kms_directory_opts *opts,
                         struct kms_directory **out);
struct kms_directory *kms_directory_ref(struct kms_directory *d);

const struct kms_identities *kms_directory_identities(const struct kms_directory *d);
const struct kms_identity_rule *kms_directory_rules(const struct kms_directory *d,
                                                    size_t *n);
/* The principal of a dev credential; absent when there is no such. */
struct kms_str kms_directory_credential(const struct kms_directory *d, struct kms_str id);
struct kms_str kms_directory_digest(const struct kms_directory *d);

#endif
