/* model.h - a compiled policy from the inside: for lib/policy alone. */
#ifndef KMS_POLICY_MODEL_H
#define KMS_POLICY_MODEL_H

#include "policy/glob.h"
#include "policy/policy.h"
#include "policy/typed.h"
#include "policy/who.h"

enum kms_family {
    KMS_FAMILY_STRING,
    KMS_FAMILY_NOCASE, /* String...IgnoreCase */
    KMS_FAMILY_ARN,
    KMS_FAMILY_NUMERIC,
    KMS_FAMILY_DATE,
    KMS_FAMILY_BOOL,
    KMS_FAMILY_BINARY,
    KMS_FAMILY_IP,
    KMS_FAMILY_NULL
};

/* What value <test> listed has to be. */
enum kms_test { KMS_TEST_EQ, KMS_TEST_LT, KMS_TEST_LE, KMS_TEST_GT, KMS_TEST_GE };

enum kms_quantifier { KMS_QUANT_PLAIN, KMS_QUANT_ALL, KMS_QUANT_ANY };

struct kms_operator {
    enum kms_family family;
    enum kms_test test;
    enum kms_quantifier quantifier;
    bool negated, if_exists;
    bool wild; /* of a string: * and ? mean something */
};

union kms_listed {
    struct kms_glob glob;
    struct kms_number number;
    struct kms_network network;
    struct kms_str bytes;
    int64_t date_ms;
    bool truth;
};

/* One key under one operator. */
struct kms_condition {
    struct kms_operator op;
    struct kms_ckey key;
    const union kms_listed *v;
    uint32_t n;
};

struct kms_globs {
    const struct kms_glob *v;
    uint32_t n;
};

struct kms_statement {
    struct kms_str sid; /* absent if it has none */
    bool deny, not_action, not_resource, not_principal;
    bool has_action, has_resource;       /* without one it has no effect */
    struct kms_globs actions, resources; /* actions in lower case */
    const struct kms_who *principals;    /* key policies only */
    uint32_t n_principals;
    const struct kms_condition *conditions;
    uint32_t n_conditions;
};

struct kms_policy {
    int refs; /* atomic */
    enum kms_policy_kind kind;
    const struct kms_statement *v;
    uint32_t n;
    size_t size;      /* bytes of all */
    uint64_t block[]; /* where all of it lies */
};

/* What a document is refused for besides its grammar; told at the end. */
struct kms_policy_faults {
    bool principals, overly_permissive;
};

struct kms_policy_reader {
    struct kms_pool *pool;
    enum kms_policy_kind kind;
    bool variables; /* Version 2012-10-17 */
    struct kms_policy_faults *faults;
};

enum kms_truth { KMS_FALSE, KMS_TRUE, KMS_UNDECIDED };

/* Does the condition hold (RULES.md 2.5)? Undecided also when env's fuel is used up. */
enum kms_truth kms_condition_holds(const struct kms_condition *v, uint32_t n,
                                   struct kms_glob_env *env);

#endif
