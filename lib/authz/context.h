/*
 * context.h - the values of condition keys that a request has.
 *
 * Source: AWS KMS Developer Guide, "Condition keys"; IAM User Guide, "Global condition
 * context keys". What a request has no value of stays absent.
 */
#ifndef KMS_AUTHZ_CONTEXT_H
#define KMS_AUTHZ_CONTEXT_H

#include "authz/authz.h"

/* Lives as long as the decision. */
struct kms_authz_context {
    const struct kms_authz_request *r;
    const struct kms_authz_ask *ask;
    enum kms_rc rc; /* the first thing that could not be read: the decision is void */
    const struct kms_str *aliases; /* names, once they were asked for */
    size_t n_aliases;
    const struct kms_tag_row *tags; /* of the key, likewise */
    size_t n_tags;
    bool read_aliases, read_tags;
};

/* The finder: arg is a struct kms_authz_context. */
void kms_authz_find(void *arg, const struct kms_ckey *key, struct kms_policy_values *out);

/* The encryption context of the side that ask is about. Empty where there is none. */
struct kms_str_map kms_authz_encryption_context(const struct kms_authz_request *r,
                                                const struct kms_authz_ask *ask);

/* context_request.c: keys whose value is in the request's members. True: it was one. */
bool kms_authz_find_member(struct kms_authz_context *c, const struct kms_ckey *key,
                           struct kms_policy_values *out);
/* n values in the arena, or none and c->rc. */
struct kms_str *kms_authz_values(struct kms_authz_context *c, size_t n,
                                 struct kms_policy_values *out);

#endif
