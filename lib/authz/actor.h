/* actor.h - a caller with all that is known about it: what decisions are made about. */
#ifndef KMS_AUTHZ_ACTOR_H
#define KMS_AUTHZ_ACTOR_H

#include "authz/identities.h"
#include "policy/caller.h"

/* How a caller is spelt as the grantee of a grant. */
enum { KMS_ACTOR_SPELLINGS = 4 };

struct kms_actor {
    struct kms_principal principal;
    struct kms_str name;    /* of the user or role, without its path; absent for root */
    struct kms_str session; /* of a role session or federated user; else absent */
    struct kms_named_policies identity;
    const struct kms_named_policy *boundary;
    struct kms_named_policies session_policies;
    const struct kms_identity_tag *tags;
    size_t n_tags;
    int64_t issued_ms; /* of temporary credentials; 0: they are not */
    bool listed;       /* has an entry, its own or its account's */
    struct kms_str spellings[KMS_ACTOR_SPELLINGS];
    size_t n_spellings;
};

/* What a credential says beyond the principal. */
struct kms_actor_session {
    const struct kms_policy *policy; /* session policy, or NULL */
    int64_t issued_ms;               /* 0: a long-term credential or a certificate */
};

/*
 * The caller with this principal ARN (user, root, assumed-role session, federated user),
 * everything borrowed from ids and arn or in the arena. A bare role is nobody: sessions
 * call. KMS_E_ACCESS_DENIED with words when arn is no such principal.
 */
KMS_RC kms_actor_of(const struct kms_identities *ids, struct kms_str arn,
                    const struct kms_actor_session *session, struct kms_arena *a,
                    struct kms_actor *out);

#endif
