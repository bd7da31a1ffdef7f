/*
 * glob.h - patterns of policies: text, *, ?, and variables. RULES.md 2.1, 2.2, 4 and 5.6.
 *
 * A pattern is compiled into tokens once. Matching allocates nothing and takes time in
 * proportion to the value for almost every pattern; what could take more is paid for with
 * fuel, and a match that runs out of it is no match but an error.
 */
#ifndef KMS_POLICY_GLOB_H
#define KMS_POLICY_GLOB_H

#include "policy/pool.h"
#include "policy/request.h"

/* How a text is read. */
enum kms_glob_kind {
    KMS_GLOB_EXACT,    /* variables, but no wildcards: StringEquals */
    KMS_GLOB_TEXT,     /* StringLike, actions */
    KMS_GLOB_ARN,      /* Arn*: wildcards stay inside their field */
    KMS_GLOB_RESOURCE, /* as ARN, but a star at the end of a field runs over colons */
};

enum kms_glob_token_kind {
    KMS_GLOB_LITERAL,
    KMS_GLOB_STAR,
    KMS_GLOB_STAR_FIELD, /* any run without a colon */
    KMS_GLOB_ONE,        /* n characters */
    KMS_GLOB_ONE_FIELD,  /* n characters that are no colons */
    KMS_GLOB_VAR,
    KMS_GLOB_VAR_FIELD /* a value with a colon is no value */
};

struct kms_glob_var {
    struct kms_ckey key;
    struct kms_str fallback; /* absent: none */
};

struct kms_glob_token {
    union {
        const char *text;               /* n bytes of a literal */
        const struct kms_glob_var *var; /* n is its number in the pattern */
    } u;
    uint32_t n;
    enum kms_glob_token_kind kind;
};

struct kms_glob {
    const struct kms_glob_token *v;
    uint32_t n;
    uint32_t least; /* bytes that a value must have at least */
    uint8_t n_vars;
    uint8_t fields; /* of an ARN pattern as it was written: 1 to 6 */
};

enum { KMS_GLOB_VARS_MAX = 8 };

/*
 * Compile text into pool; variables says whether ${...} means something. complete adds
 * "*" fields to an ARN pattern that has fewer than six (RESOURCE only). False when text
 * is none (a bad variable, too many). A pool that is full shows in the pool alone.
 */
bool kms_glob_compile(struct kms_pool *pool, struct kms_str text, enum kms_glob_kind kind,
                      bool variables, bool complete, struct kms_glob *out);

enum kms_match {
    KMS_MATCH_NO,
    KMS_MATCH_YES,
    KMS_MATCH_NO_VALUE, /* a variable has none */
    KMS_MATCH_TIRED     /* the fuel is used up */
};

/* Evaluation state that goes down to every match. */
struct kms_glob_env {
    const struct kms_policy_context *context;
    bool key_policy; /* kms:ResourceAliases has no value then */
    uint32_t fuel;   /* steps that are left */
};

/* The values of a condition key in env. */
void kms_glob_find(const struct kms_glob_env *env, const struct kms_ckey *key,
                   struct kms_policy_values *out);
/* Does the pattern match the whole of value? By bytes; ? is one UTF-8 character. */
enum kms_match kms_glob_match(const struct kms_glob *g, struct kms_str value,
                              struct kms_glob_env *env);
/* Is a pattern without wildcards value, when case is ignored in ASCII and Latin-1? */
enum kms_match kms_glob_match_nocase(const struct kms_glob *g, struct kms_str value,
                                     struct kms_glob_env *env);

#endif
