#include "policy/grant_match.h"

static const uint32_t carries_context =
    KMS_GRANT_BIT(KMS_GRANT_OPERATION_ENCRYPT) |
    KMS_GRANT_BIT(KMS_GRANT_OPERATION_DECRYPT) |
    KMS_GRANT_BIT(KMS_GRANT_OPERATION_RE_ENCRYPT_FROM) |
    KMS_GRANT_BIT(KMS_GRANT_OPERATION_RE_ENCRYPT_TO) |
    KMS_GRANT_BIT(KMS_GRANT_OPERATION_GENERATE_DATA_KEY) |
    KMS_GRANT_BIT(KMS_GRANT_OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT) |
    KMS_GRANT_BIT(KMS_GRANT_OPERATION_GENERATE_DATA_KEY_PAIR) |
    KMS_GRANT_BIT(KMS_GRANT_OPERATION_GENERATE_DATA_KEY_PAIR_WITHOUT_PLAINTEXT);

static const struct kms_grant_use no_use;
static const struct kms_grant_constraints no_constraints;

enum kms_grant_operation kms_grant_operation_of(struct kms_str action)
{
    enum kms_grant_operation operation;

    if (!kms_str_starts(action, "kms:") ||
        !kms_grant_operation_parse(kms_str_skip(action, 4), &operation))
        return KMS_GRANT_OPERATION_NONE;
    return operation;
}

bool kms_grant_looks_at_context(enum kms_grant_operation operation)
{
    return (carries_context & KMS_GRANT_BIT(operation)) != 0;
}

static uint64_t mix(uint64_t h, struct kms_str s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    return (h ^ s.n) * UINT64_C(0x9e3779b97f4a7c15);
}

uint64_t kms_grant_pair_bits(const struct kms_str_map *pairs)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < pairs->n; i++) {
        uint64_t h =
            mix(mix(UINT64_C(0xcbf29ce484222325), pairs->v[i].key), pairs->v[i].value);

        bits |= UINT64_C(1) << (h >> 58);
    }
    return bits;
}

static bool has_pair(const struct kms_str_map *map, const struct kms_str_pair *pair)
{
    for (size_t i = 0; i < map->n; i++) {
        if (kms_str_eq(map->v[i].key, pair->key))
            return kms_str_eq(map->v[i].value, pair->value);
    }
    return false;
}

/* Does map have every pair of wanted? Keys of either are unique. */
static bool contains(const struct kms_str_map *map, const struct kms_str_map *wanted)
{
    for (size_t i = 0; i < wanted->n; i++) {
        if (!has_pair(map, &wanted->v[i]))
            return false;
    }
    return true;
}

static bool equal(const struct kms_str_map *a, const struct kms_str_map *b)
{
    return a->n == b->n && contains(a, b);
}

/* The one source that a request comes from is the one that the grant is for. */
static bool source_holds(struct kms_str source, const struct kms_policy_request *r)
{
    struct kms_ckey key = {KMS_CKEY_AWS_SOURCE_ARN, KMS_LIT("aws:sourcearn"), {NULL, 0}};
    struct kms_policy_values found = {0};

    if (source.p == NULL)
        return true;
    if (r->context.find != NULL)
        r->context.find(r->context.arg, &key, &found);
    return found.n == 1 && kms_str_eq(found.v[0], source);
}

static bool constraint_holds(const struct kms_grant_constraints *c,
                             enum kms_grant_operation operation,
                             const struct kms_str_map *context)
{
    if (!kms_grant_looks_at_context(operation))
        return true;
    if (c->encryption_context_equals.present &&
        !equal(context, &c->encryption_context_equals))
        return false;
    return !c->encryption_context_subset.present ||
           contains(context, &c->encryption_context_subset);
}

/* Is the child's constraint at least as strict as the parent's? */
static bool stricter(const struct kms_grant_constraints *child,
                     const struct kms_grant_constraints *parent)
{
    const struct kms_str_map *equals = &child->encryption_context_equals;
    const struct kms_str_map *subset = &child->encryption_context_subset;
    const struct kms_str_map *pairs = &parent->encryption_context_subset;

    if (parent->encryption_context_equals.present &&
        (!equals->present || !equal(equals, &parent->encryption_context_equals)))
        return false;
    if (parent->source_arn.p != NULL &&
        (child->source_arn.p == NULL ||
         !kms_str_eq(child->source_arn, parent->source_arn)))
        return false;
    if (!pairs->present)
        return true;
    return (equals->present && contains(equals, pairs)) ||
           (subset->present && contains(subset, pairs));
}

static bool narrower(const struct kms_grant_use *use,
                     const struct kms_grant_facts *parent,
                     const struct kms_grant_constraints *constraints)
{
    const struct kms_grant_constraints *child =
        use->child_constraints != NULL ? use->child_constraints : &no_constraints;

    return (use->child_operations & ~parent->operations) == 0 &&
           stricter(child, constraints);
}

enum kms_grade kms_grant_match(const struct kms_grant_facts *grant,
                               const struct kms_policy_request *r,
                               enum kms_grant_operation operation,
                               const struct kms_grant_use *use)
{
    const struct kms_grant_constraints *constraints =
        grant->constraints != NULL ? grant->constraints : &no_constraints;

    if (use == NULL)
        use = &no_use;
    if (operation == KMS_GRANT_OPERATION_NONE ||
        (grant->operations & KMS_GRANT_BIT(operation)) == 0 ||
        grant->grantee.form == KMS_WHO_EVERYBODY)
        return KMS_GRADE_NONE;
    if (!constraint_holds(constraints, operation, &use->encryption_context) ||
        !source_holds(constraints->source_arn, r))
        return KMS_GRADE_NONE;
    if (operation == KMS_GRANT_OPERATION_CREATE_GRANT &&
        !narrower(use, grant, constraints))
        return KMS_GRADE_NONE;
    return kms_who_grade(&grant->grantee, r->principal);
}
