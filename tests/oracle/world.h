/* world.h - a world of the oracle (worlds.py), read from its JSON. */
#ifndef KMS_TESTS_ORACLE_WORLD_H
#define KMS_TESTS_ORACLE_WORLD_H

#include <jansson.h>

#include "policy/decide.h"

enum { POLICIES_MAX = 16, GRANTS_MAX = 16 };

struct world {
    struct kms_arena *arena;
    struct kms_principal principal;
    struct kms_policy_pairs pairs;
    struct kms_grant_use use;
    struct kms_named_policy identity[POLICIES_MAX], session[POLICIES_MAX], boundary;
    struct kms_grant_facts grants[GRANTS_MAX];
    struct kms_decide in;
    bool retire;
    json_t *refused; /* name of a document: why; an empty object if all are policies */
};

/* Ends the program when the JSON is no world. world_close gives everything back. */
void world_open(struct world *w, const json_t *json);
void world_close(struct world *w);

#endif
