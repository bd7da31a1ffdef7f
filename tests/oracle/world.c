#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static void need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "no world: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static void *room(struct world *w, size_t n, size_t size)
{
    void *p = kms_arena_alloc(w->arena, n * size);

    need(p != NULL, "memory");
    return p;
}

/* Text of a member, borrowed from the JSON; absent when it is missing or null. */
static struct kms_str text(const json_t *v, const char *name)
{
    const json_t *member = json_object_get(v, name);

    return (struct kms_str){json_string_value(member), json_string_length(member)};
}

static void read_principal(struct world *w, const json_t *v)
{
    static const struct {
        const char *name;
        enum kms_principal_kind kind;
    } kinds[] = {
        {"user", KMS_PRINCIPAL_USER},           {"role", KMS_PRINCIPAL_ROLE},
        {"federated", KMS_PRINCIPAL_FEDERATED}, {"root", KMS_PRINCIPAL_ROOT},
        {"service", KMS_PRINCIPAL_SERVICE},
    };
    struct kms_str kind = text(v, "kind");
    bool found = false;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kms_str_is(kind, kinds[i].name)) {
            w->principal.kind = kinds[i].kind;
            found = true;
        }
    }
    need(found, "principal");
    w->principal.account = text(v, "account");
    w->principal.arn = text(v, "arn");
    w->principal.parent_arn = text(v, "parent_arn");
    w->principal.unique_id = text(v, "unique_id");
    w->principal.provider = text(v, "provider");
}

static void read_context(struct world *w, json_t *v)
{
    struct kms_policy_pair *pairs = room(w, json_object_size(v), sizeof *pairs);
    const char *name;
    json_t *values;
    size_t at = 0;

    json_object_foreach(v, name, values)
    {
        size_t n = json_array_size(values);
        struct kms_str *texts = room(w, n, sizeof *texts);

        for (size_t i = 0; i < n; i++)
            texts[i] = kms_str_of(json_string_value(json_array_get(values, i)));
        pairs[at++] = (struct kms_policy_pair){kms_str_of(name), texts, n};
    }
    w->pairs = (struct kms_policy_pairs){pairs, at};
}

static struct kms_str_map read_map(struct world *w, json_t *v)
{
    struct kms_str_pair *pairs = room(w, json_object_size(v), sizeof *pairs);
    const char *name;
    json_t *value;
    size_t at = 0;

    json_object_foreach(v, name, value)
    {
        pairs[at++] =
            (struct kms_str_pair){kms_str_of(name), kms_str_of(json_string_value(value))};
    }
    return (struct kms_str_map){pairs, at, json_is_object(v)};
}

static const struct kms_grant_constraints *read_constraints(struct world *w,
                                                            const json_t *v)
{
    struct kms_grant_constraints *c = room(w, 1, sizeof *c);

    c->encryption_context_equals = read_map(w, json_object_get(v, "equals"));
    c->encryption_context_subset = read_map(w, json_object_get(v, "subset"));
    c->source_arn = text(v, "source_arn");
    return c;
}

static uint32_t read_operations(const json_t *list)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        enum kms_grant_operation operation;

        need(kms_grant_operation_parse(
                 kms_str_of(json_string_value(json_array_get(list, i))), &operation),
             "operation");
        bits |= KMS_GRANT_BIT(operation);
    }
    return bits;
}

/* As authz has it, from all pairs that a context must have. */
static uint64_t needs_of(const struct kms_grant_constraints *c)
{
    return kms_grant_pair_bits(&c->encryption_context_equals) |
           kms_grant_pair_bits(&c->encryption_context_subset);
}

/* A grantee that is no principal is nobody. */
static struct kms_who read_who(struct kms_str s)
{
    struct kms_who who;

    if (s.p == NULL || !kms_who_parse(s, &who))
        return (struct kms_who){KMS_WHO_ARN, {NULL, 0}, {NULL, 0}};
    return who;
}

static void read_grants(struct world *w, const json_t *list)
{
    need(json_array_size(list) <= GRANTS_MAX, "grants");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        const struct kms_grant_constraints *constraints = read_constraints(w, v);

        w->grants[i] = (struct kms_grant_facts){
            .id = KMS_LIT("g"),
            .grantee = read_who(text(v, "grantee")),
            .retiring = read_who(text(v, "retiring")),
            .issuing_account = text(v, "issuing_account"),
            .operations = read_operations(json_object_get(v, "operations")),
            .needs = needs_of(constraints),
            .constraints = constraints,
        };
    }
    w->in.grants = w->grants;
    w->in.n_grants = json_array_size(list);
}

static const struct kms_policy *read_policy(struct world *w, struct kms_str document,
                                            enum kms_policy_kind kind, const char *name)
{
    const struct kms_policy *policy = NULL;
    enum kms_rc rc;
    const char *words, *why = "malformed";

    kms_err_clear();
    rc = kms_policy_compile(document, kind, &policy);
    if (rc == KMS_OK)
        return policy;
    need(rc == KMS_E_MALFORMED_POLICY_DOCUMENT, "policy");
    words = kms_err_note(rc);
    if (strncmp(words, "OverlyPermissiveCondition:", 26) == 0)
        why = "overly permissive";
    else if (words[0] != '\0')
        why = "invalid principals";
    json_object_set_new(w->refused, name, json_string(why));
    return NULL;
}

static size_t read_policies(struct world *w, const json_t *list,
                            enum kms_policy_kind kind, const char *name,
                            struct kms_named_policy *out)
{
    need(json_array_size(list) <= POLICIES_MAX, "policies");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        struct kms_str each;

        need(kms_arena_fmt(w->arena, &each, "%s %zu", name, i) == KMS_OK, "memory");
        out[i].name = each;
        out[i].policy =
            read_policy(w, (struct kms_str){json_string_value(v), json_string_length(v)},
                        kind, each.p);
    }
    return json_array_size(list);
}

static void read_documents(struct world *w, const json_t *json)
{
    struct kms_str key = text(json, "key_policy"), boundary = text(json, "boundary");

    if (key.p != NULL)
        w->in.key_policy = read_policy(w, key, KMS_POLICY_KEY, "key");
    if (boundary.p != NULL) {
        w->boundary.name = KMS_LIT("boundary");
        w->boundary.policy = read_policy(w, boundary, KMS_POLICY_IDENTITY, "boundary");
        w->in.boundary = &w->boundary;
    }
    w->in.identity.v = w->identity;
    w->in.identity.n = read_policies(w, json_object_get(json, "identity"),
                                     KMS_POLICY_IDENTITY, "identity", w->identity);
    w->in.session.v = w->session;
    w->in.session.n = read_policies(w, json_object_get(json, "session"),
                                    KMS_POLICY_SESSION, "session", w->session);
}

void world_open(struct world *w, const json_t *json)
{
    const json_t *child = json_object_get(json, "child");

    *w = (struct world){.refused = json_object()};
    need(kms_arena_new(&w->arena) == KMS_OK, "memory");
    read_principal(w, json_object_get(json, "principal"));
    read_context(w, json_object_get(json, "context"));
    w->use.encryption_context = read_map(w, json_object_get(json, "encryption_context"));
    w->use.child_operations = read_operations(json_object_get(child, "operations"));
    w->use.child_constraints = read_constraints(w, child);
    w->in.use = &w->use;
    w->in.request = (struct kms_policy_request){
        .principal = &w->principal,
        .action = text(json, "action"),
        .resource = text(json, "resource"),
        .context = {kms_policy_pairs_find, &w->pairs},
    };
    w->in.key_account = text(json, "key_account");
    w->retire = json_is_true(json_object_get(json, "retire"));
    read_documents(w, json);
    read_grants(w, json_object_get(json, "grants"));
}

void world_close(struct world *w)
{
    kms_policy_unref(w->in.key_policy);
    kms_policy_unref(w->boundary.policy);
    for (size_t i = 0; i < POLICIES_MAX; i++) {
        kms_policy_unref(w->identity[i].policy);
        kms_policy_unref(w->session[i].policy);
    }
    json_decref(w->refused);
    kms_arena_free(w->arena);
}
