/*
 * identities.h - users, roles and their policies: an immutable snapshot of
 * identities.yaml.
 *
 * Source: IAM User Guide, "IAM identities", "Permissions boundaries", "Session policies".
 * The daemon replaces the snapshot as a whole; whoever holds one keeps a consistent view.
 */
#ifndef KMS_AUTHZ_IDENTITIES_H
#define KMS_AUTHZ_IDENTITIES_H

#include "base/arena.h"
#include "policy/decide.h"

/* A tag of a principal: aws:PrincipalTag/<key>. */
struct kms_identity_tag {
    struct kms_str key, value;
};

/* One user, role or account, as it is written; names are of policies. */
struct kms_identity_spec {
    struct kms_str arn; /* arn:P:iam::A:user/N, ...:role/N, ...:root for an account */
    struct kms_str id;  /* "AIDA..." or "AROA...", or absent */
    const struct kms_str *policies;
    size_t n_policies;
    struct kms_str boundary; /* name of a policy, or absent */
    const struct kms_identity_tag *tags;
    size_t n_tags;
};

struct kms_policy_spec {
    struct kms_str name, document;
};

struct kms_identities_spec {
    const struct kms_policy_spec *policies;
    size_t n_policies;
    const struct kms_identity_spec *identities;
    size_t n_identities;
    /* Dev: who has no entry may do everything as far as IAM goes, else nothing. */
    bool open;
};

/* Where a spec is wrong: an entry of one list, and perhaps one item of one member. */
struct kms_identities_fault {
    enum { KMS_FAULT_POLICY, KMS_FAULT_IDENTITY } list;
    size_t at;
    const char *member; /* "document", "arn", "id", "policies", "boundary", "tags" */
    size_t item;        /* of policies and tags */
};

/* What is known of a user or role. */
struct kms_identity {
    struct kms_str arn, account, name; /* name without its path */
    struct kms_str unique_id;          /* or absent */
    struct kms_named_policies policies;
    const struct kms_named_policy *boundary; /* NULL: none */
    const struct kms_identity_tag *tags;
    size_t n_tags;
    enum { KMS_IDENTITY_USER, KMS_IDENTITY_ROLE, KMS_IDENTITY_ACCOUNT } kind;
};

struct kms_identities;
KMS_OWNED(identities); /* gives up one reference; NULL is fine */

/*
 * Compile a spec. KMS_E_CONFIG with words and *fault for a document that does not
 * compile, a name that is no policy's, a malformed or repeated ARN, id, name or tag key.
 * Nothing of spec is borrowed.
 */
KMS_RC kms_identities_new(const struct kms_identities_spec *spec,
                          struct kms_identities_fault *fault,
                          struct kms_identities **out);
struct kms_identities *kms_identities_ref(struct kms_identities *ids);

/* The user, role or account of this ARN, or NULL. */
const struct kms_identity *kms_identities_find(const struct kms_identities *ids,
                                               struct kms_str arn);
/* The role of an account by its name without a path, as sessions name it; or NULL. */
const struct kms_identity *kms_identities_role(const struct kms_identities *ids,
                                               struct kms_str account,
                                               struct kms_str name);
/* Whether who has no entry may do everything as far as IAM goes. */
bool kms_identities_open(const struct kms_identities *ids);
/* The policies of who has no entry where that is so: one that allows everything. */
struct kms_named_policies kms_identities_everything(const struct kms_identities *ids);
size_t kms_identities_count(const struct kms_identities *ids);

#endif
