/*
 * grant_match.h - does a grant allow this? RULES.md 7.
 *
 * Source: AWS KMS Developer Guide, "Grants in AWS KMS"; API Reference, CreateGrant,
 * GrantConstraints.
 */
#ifndef KMS_POLICY_GRANT_MATCH_H
#define KMS_POLICY_GRANT_MATCH_H

#include "policy/request.h"
#include "policy/who.h"
#include "wire/shapes.gen.h"

/* A set of enum kms_grant_operation. */
#define KMS_GRANT_BIT(operation) (UINT32_C(1) << (operation))

/* A grant as far as decisions go. Borrowed. */
struct kms_grant_facts {
    struct kms_str id;
    struct kms_who grantee;         /* parsed when the grant was read */
    struct kms_who retiring;        /* text absent: none */
    struct kms_str issuing_account; /* 12 digits */
    uint32_t operations;            /* KMS_GRANT_BIT of each */
    uint64_t needs; /* kms_grant_pair_bits of the constraint, or 0: look at it itself */
    const struct kms_grant_constraints *constraints; /* NULL: none */
};

/* What a request brings that only grants look at. */
struct kms_grant_use {
    struct kms_str_map encryption_context; /* of this side; absent is empty */
    /* CreateGrant: what the new grant is to be. */
    uint32_t child_operations;
    const struct kms_grant_constraints *child_constraints;
};

/* The operation of a grant that an action is: "kms:Decrypt"; _NONE if no grant has it. */
enum kms_grant_operation kms_grant_operation_of(struct kms_str action);

/*
 * A bit for each pair, of 64: a map that has all pairs of another has all of its bits.
 * So most grants that ask for a context that a request has not are told by one look.
 */
uint64_t kms_grant_pair_bits(const struct kms_str_map *pairs);
/* Whether constraints upon the encryption context gate this operation. */
bool kms_grant_looks_at_context(enum kms_grant_operation operation);

/*
 * The grade in which the grant allows its operation to r's caller; _NONE if it does not:
 * not that operation, another grantee, a constraint that does not hold, or (CreateGrant)
 * a child that would be wider. use may be NULL: no context.
 */
enum kms_grade kms_grant_match(const struct kms_grant_facts *grant,
                               const struct kms_policy_request *r,
                               enum kms_grant_operation operation,
                               const struct kms_grant_use *use);

#endif
