/*
 * request.h - what a policy is asked about: who wants to do what to which resource, under
 * which circumstances.
 *
 * Everything is borrowed for the length of the evaluation.
 */
#ifndef KMS_POLICY_REQUEST_H
#define KMS_POLICY_REQUEST_H

#include "policy/ckey.h"

enum kms_principal_kind {
    KMS_PRINCIPAL_USER,
    KMS_PRINCIPAL_ROLE,      /* a session of a role */
    KMS_PRINCIPAL_FEDERATED, /* a session of GetFederationToken */
    KMS_PRINCIPAL_ROOT,
    KMS_PRINCIPAL_SERVICE
};

/* The caller. */
struct kms_principal {
    enum kms_principal_kind kind;
    struct kms_str account; /* 12 digits; empty for a service */
    struct kms_str arn;     /* its own; of a service its name, "s3.amazonaws.com" */
    struct kms_str
        parent_arn; /* the role of a session (with its path: not in the session's
                       ARN), the user behind a federated one; else absent */
    struct kms_str unique_id; /* "AIDA..." of the user (also behind a federated one),
                                 "AROA..." of the role; may be absent */
    struct kms_str provider;  /* who vouched for a session of a web identity or SAML;
                                 else absent */
};

/* The values that a request has of one condition key; none when n is 0. */
struct kms_policy_values {
    const struct kms_str *v;
    size_t n;
    struct kms_str one; /* room for a finder whose key has a single value */
};

/* out has one value, or none if it is absent. */
static inline void kms_policy_values_one(struct kms_policy_values *out,
                                         struct kms_str one)
{
    out->one = one;
    out->v = &out->one;
    out->n = one.p != NULL ? 1 : 0;
}

/*
 * Finds the values of key; *out comes zeroed and may stay so. Asked once for every test
 * of the key, so what is dear to make is worth remembering. A value that v points to
 * lives until the evaluation ends.
 */
struct kms_policy_context {
    void (*find)(void *arg, const struct kms_ckey *key, struct kms_policy_values *out);
    void *arg;
};

/* A line of the trace that "kmsctl authorize explain" prints; depth 0 is outermost. */
struct kms_policy_trace {
    void (*line)(void *arg, unsigned depth, const char *text);
    void *arg;
};

struct kms_policy_request {
    const struct kms_principal *principal;
    struct kms_str action;                /* "kms:Encrypt" */
    struct kms_str resource;              /* an ARN, or "*" for acts upon no resource */
    bool bounded;                         /* the caller has a permissions boundary */
    struct kms_policy_context context;    /* find may be NULL: no values */
    const struct kms_policy_trace *trace; /* NULL: nobody listens, and it costs nothing */
};

/* A context that is a plain array, for tools and tests. Names in any case. */
struct kms_policy_pair {
    struct kms_str name;
    const struct kms_str *v;
    size_t n;
};

struct kms_policy_pairs {
    const struct kms_policy_pair *v;
    size_t n;
};

/* The finder of a struct kms_policy_pairs: .find = kms_policy_pairs_find, .arg = &pairs.
 */
void kms_policy_pairs_find(void *pairs, const struct kms_ckey *key,
                           struct kms_policy_values *out);

#endif
