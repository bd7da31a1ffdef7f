/*
 * grant.h - one grant: a key, a grantee, a set of operations, perhaps a constraint.
 *
 * Source: AWS KMS Developer Guide, "Grants in AWS KMS".
 */
#ifndef KMS_KEY_GRANT_H
#define KMS_KEY_GRANT_H

#include "base/arena.h"
#include "wire/shapes.gen.h"

enum { KMS_GRANT_ID_LEN = 64 /* hex digits */ };

enum kms_grant_constraint {
    KMS_GRANT_UNCONSTRAINED,
    KMS_GRANT_CONTEXT_EQUALS, /* the whole context is these pairs */
    KMS_GRANT_CONTEXT_SUBSET  /* the context has these pairs */
};

/* Texts are borrowed from wherever the grant was made or read into. */
struct kms_grant {
    struct kms_str id; /* KMS_GRANT_ID_LEN hex digits */
    int64_t key_row;
    struct kms_str key_arn;  /* filled on reading */
    struct kms_str region;   /* of the key */
    struct kms_str name;     /* absent when none was given */
    struct kms_str grantee;  /* principal ARN */
    struct kms_str retiring; /* principal ARN, or absent */
    struct kms_str issuer;   /* account in which it was made, 12 digits */
    uint32_t operations;     /* mask of 1u << enum kms_grant_operation */
    enum kms_grant_constraint constraint;
    struct kms_str_map pairs; /* of the constraint, sorted by key */
    int64_t created_ms;
};

#endif
