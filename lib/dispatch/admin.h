/*
 * admin.h - what the operator of a running daemon may do, besides dispatch.h: access
 * keys, identities, explanations. Callers have been believed by the admin socket.
 */
#ifndef KMS_DISPATCH_ADMIN_H
#define KMS_DISPATCH_ADMIN_H

#include "dispatch/service.h"
#include "wire/jw.h"

/* Replace who is who, once the change is recorded; d's reference is taken over. */
KMS_RC kms_service_adopt(struct kms_service *s, struct kms_directory *d);

struct kms_access_wish {
    struct kms_str principal; /* ARN of a user, or of a session of a role */
    int32_t ttl_s;            /* 0: a long-term key */
    struct kms_str policy;    /* session policy, or absent */
};

/* The secret is shown this once. In the arena. */
struct kms_access_made {
    struct kms_str id, secret, session_token, principal; /* token absent: long-term */
    int64_t expires_ms;
};

/* KMS_E_VALIDATION with words for a wish that cannot be met. Waits for the commit. */
KMS_RC kms_service_access_create(struct kms_service *s,
                                 const struct kms_access_wish *wish, struct kms_arena *a,
                                 struct kms_access_made *out);
/* From its commit on nobody can use the key. KMS_E_NOT_FOUND with words. */
KMS_RC kms_service_access_revoke(struct kms_service *s, struct kms_str id);
/* All of them as an array of objects, without secrets. */
KMS_RC kms_service_access_list(struct kms_service *s, struct kms_jw *w);

struct kms_question {
    struct kms_str principal;      /* ARN of a user, session or account root */
    struct kms_str action;         /* "kms:Encrypt" */
    struct kms_str key;            /* id, ARN or alias; absent: an act without a key */
    struct kms_str region;         /* absent: the default one */
    struct kms_str source_ip;      /* or absent */
    struct kms_str_map context;    /* encryption context */
    struct kms_str_map conditions; /* condition keys and what they shall be */
};

/*
 * How the question would be decided now: one line a step, and how it ends.
 * KMS_E_VALIDATION and KMS_E_NOT_FOUND with words for a question that makes no sense.
 */
KMS_RC kms_service_explain(struct kms_service *s, const struct kms_question *q,
                           struct kms_buf *text, bool *allowed);

#endif
