/* compile.h - from JSON to a compiled policy: for lib/policy alone. RULES.md 1. */
#ifndef KMS_POLICY_COMPILE_H
#define KMS_POLICY_COMPILE_H

#include "policy/model.h"
#include "wire/json.h"

/*
 * Each reads one part of a statement into r->pool and says whether it is one; that the
 * pool is full shows in the pool alone. What has words of its own is noted in r->faults.
 */
bool kms_policy_read_condition(const struct kms_policy_reader *r, json_t *value,
                               struct kms_statement *out);
bool kms_policy_read_principals(const struct kms_policy_reader *r, json_t *value,
                                struct kms_statement *out);
bool kms_policy_read_actions(const struct kms_policy_reader *r, json_t *value,
                             struct kms_globs *out);
bool kms_policy_read_resources(const struct kms_policy_reader *r, json_t *value,
                               struct kms_globs *out);
bool kms_policy_read_statement(const struct kms_policy_reader *r, json_t *value,
                               struct kms_statement *out);

/* A string or a list of strings that is not empty: how many; 0 if it is neither. */
size_t kms_policy_listed(const json_t *value);
/* The i-th of them; of any value that may stand alone. */
json_t *kms_policy_item(json_t *value, size_t i);

#endif
