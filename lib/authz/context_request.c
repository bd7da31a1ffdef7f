#include <string.h>

#include "authz/context.h"
#include "key/ident.h"

static bool is_op(const struct kms_authz_context *c, enum kms_op_id id)
{
    return c->r->op != NULL && c->r->op->index == (unsigned)id && c->r->in != NULL;
}

struct kms_str_map kms_authz_encryption_context(const struct kms_authz_request *r,
                                                const struct kms_authz_ask *ask)
{
    struct kms_str_map none = {0};

    if (ask->rule == NULL || ask->rule->context == NULL)
        return none;
    if (r->in == NULL)
        return r->context;
    return kms_member_map(ask->rule->context, r->in);
}

/* CreateGrant speaks of the context that its grant will demand. */
static struct kms_str_map context_of(const struct kms_authz_context *c)
{
    const struct kms_create_grant_in *in = c->r->in;
    struct kms_str_map none = {0};

    if (!is_op(c, KMS_OP_CREATE_GRANT))
        return kms_authz_encryption_context(c->r, c->ask);
    if (in->constraints == NULL)
        return none;
    return in->constraints->encryption_context_equals.present
               ? in->constraints->encryption_context_equals
               : in->constraints->encryption_context_subset;
}

/* Keys of a context are case-sensitive, condition keys are not: see tags. */
static void find_context(struct kms_authz_context *c, const struct kms_ckey *key,
                         struct kms_policy_values *out)
{
    struct kms_str_map map = context_of(c);
    struct kms_str *v = kms_authz_values(c, map.n, out);
    size_t n = 0;

    for (size_t i = 0; v != NULL && i < map.n; i++)
        if (kms_ckey_same(key->suffix, map.v[i].key))
            v[n++] = map.v[i].value;
    out->n = n;
}

static void find_context_keys(struct kms_authz_context *c, struct kms_policy_values *out)
{
    struct kms_str_map map = context_of(c);
    struct kms_str *v = kms_authz_values(c, map.n, out);

    for (size_t i = 0; v != NULL && i < map.n; i++)
        v[i] = map.v[i].key;
}

static struct kms_tag_list tags_of(const struct kms_authz_context *c)
{
    struct kms_tag_list none = {0};

    if (is_op(c, KMS_OP_CREATE_KEY))
        return ((const struct kms_create_key_in *)c->r->in)->tags;
    if (is_op(c, KMS_OP_REPLICATE_KEY))
        return ((const struct kms_replicate_key_in *)c->r->in)->tags;
    if (is_op(c, KMS_OP_TAG_RESOURCE))
        return ((const struct kms_tag_resource_in *)c->r->in)->tags;
    return none;
}

static void find_request_tag(struct kms_authz_context *c, const struct kms_ckey *key,
                             struct kms_policy_values *out)
{
    struct kms_tag_list tags = tags_of(c);
    struct kms_str *v = kms_authz_values(c, tags.n, out);
    size_t n = 0;

    for (size_t i = 0; v != NULL && i < tags.n; i++)
        if (kms_ckey_same(key->suffix, tags.v[i].tag_key))
            v[n++] = tags.v[i].tag_value;
    out->n = n;
}

static void find_tag_keys(struct kms_authz_context *c, struct kms_policy_values *out)
{
    struct kms_tag_list tags = tags_of(c);
    struct kms_str *v;

    if (is_op(c, KMS_OP_UNTAG_RESOURCE)) {
        const struct kms_str_list *keys =
            &((const struct kms_untag_resource_in *)c->r->in)->tag_keys;

        out->v = keys->v;
        out->n = keys->n;
        return;
    }
    v = kms_authz_values(c, tags.n, out);
    for (size_t i = 0; v != NULL && i < tags.n; i++)
        v[i] = tags.v[i].tag_key;
}

static void find_grant_operations(struct kms_authz_context *c,
                                  struct kms_policy_values *out)
{
    const struct kms_create_grant_in *in = c->r->in;
    struct kms_str *v;

    if (!is_op(c, KMS_OP_CREATE_GRANT))
        return;
    v = kms_authz_values(c, in->operations.n, out);
    for (size_t i = 0; v != NULL && i < in->operations.n; i++)
        v[i] = kms_str_of(kms_grant_operation_name(in->operations.v[i]));
}

static void find_constraint_type(struct kms_authz_context *c,
                                 struct kms_policy_values *out)
{
    const struct kms_create_grant_in *in = c->r->in;

    if (!is_op(c, KMS_OP_CREATE_GRANT) || in->constraints == NULL)
        return;
    if (in->constraints->encryption_context_equals.present)
        kms_policy_values_one(out, KMS_LIT("EncryptionContextEquals"));
    else if (in->constraints->encryption_context_subset.present)
        kms_policy_values_one(out, KMS_LIT("EncryptionContextSubset"));
}

/* The alias that named the key, by name or ARN: only where the request used one. */
static void find_request_alias(struct kms_authz_context *c, struct kms_policy_values *out)
{
    const struct kms_key_rule *rule = c->ask->rule;
    struct kms_ident id;
    struct kms_str text;

    if (rule == NULL || rule->from == NULL || rule->forms != KMS_FORMS_ANY ||
        c->r->in == NULL)
        return;
    text = kms_member_str(rule->from, c->r->in);
    if (text.p != NULL && kms_ident_parse(text, &id) == KMS_OK &&
        (id.kind == KMS_IDENT_ALIAS_NAME || id.kind == KMS_IDENT_ALIAS_ARN))
        kms_policy_values_one(out, id.name);
}

/* Symmetric keys have one algorithm, whether or not the operation can say so. */
static void find_algorithm(struct kms_authz_context *c, struct kms_policy_values *out)
{
    const struct kms_key_rule *rule = c->ask->rule;
    struct kms_str word = {NULL, 0};

    if (rule == NULL || rule->context == NULL)
        return;
    if (rule->algorithm != NULL && c->r->in != NULL)
        word = kms_member_word(rule->algorithm, c->r->in);
    kms_policy_values_one(out, word.n != 0 ? word : KMS_LIT("SYMMETRIC_DEFAULT"));
}

/* CreateKey: what the key will be, defaults counted. */
static bool find_new_key(struct kms_authz_context *c, enum kms_ckey_id id,
                         struct kms_policy_values *out)
{
    const struct kms_create_key_in *in = c->r->in;
    enum kms_key_spec spec;
    const char *word;

    if (!is_op(c, KMS_OP_CREATE_KEY))
        return false;
    spec =
        in->key_spec != KMS_KEY_SPEC_NONE ? in->key_spec : in->customer_master_key_spec;
    if (id == KMS_CKEY_KEY_SPEC || id == KMS_CKEY_CUSTOMER_MASTER_KEY_SPEC)
        word = spec != KMS_KEY_SPEC_NONE ? kms_key_spec_name(spec) : "SYMMETRIC_DEFAULT";
    else if (id == KMS_CKEY_KEY_USAGE || id == KMS_CKEY_CUSTOMER_MASTER_KEY_USAGE)
        word = in->key_usage != KMS_KEY_USAGE_TYPE_NONE
                   ? kms_key_usage_type_name(in->key_usage)
                   : "ENCRYPT_DECRYPT";
    else if (id == KMS_CKEY_MULTI_REGION_KEY_TYPE && in->multi_region)
        word = "PRIMARY";
    else
        return false;
    kms_policy_values_one(out, kms_str_of(word));
    return true;
}

static void find_period(struct kms_authz_context *c, struct kms_policy_values *out)
{
    const struct kms_enable_key_rotation_in *in = c->r->in;

    if (is_op(c, KMS_OP_ENABLE_KEY_ROTATION) && !in->has_rotation_period_in_days)
        kms_policy_values_one(out, KMS_LIT("365"));
}

static bool find_special(struct kms_authz_context *c, const struct kms_ckey *key,
                         struct kms_policy_values *out)
{
    switch (key->id) {
    case KMS_CKEY_ENCRYPTION_CONTEXT:
        find_context(c, key, out);
        return true;
    case KMS_CKEY_ENCRYPTION_CONTEXT_KEYS:
        find_context_keys(c, out);
        return true;
    case KMS_CKEY_ENCRYPTION_ALGORITHM:
        find_algorithm(c, out);
        return true;
    case KMS_CKEY_RE_ENCRYPT_ON_SAME_KEY:
        if (is_op(c, KMS_OP_RE_ENCRYPT) && c->r->key != NULL && c->r->key2 != NULL)
            kms_policy_values_one(out, c->r->key->row == c->r->key2->row
                                           ? KMS_LIT("true")
                                           : KMS_LIT("false"));
        return true;
    case KMS_CKEY_REQUEST_ALIAS:
        find_request_alias(c, out);
        return true;
    case KMS_CKEY_GRANT_OPERATIONS:
        find_grant_operations(c, out);
        return true;
    case KMS_CKEY_GRANT_CONSTRAINT_TYPE:
        find_constraint_type(c, out);
        return true;
    case KMS_CKEY_GRANT_IS_FOR_AWS_RESOURCE:
        if (is_op(c, KMS_OP_CREATE_GRANT) || is_op(c, KMS_OP_LIST_GRANTS) ||
            is_op(c, KMS_OP_REVOKE_GRANT))
            kms_policy_values_one(out, KMS_LIT("false"));
        return true;
    case KMS_CKEY_AWS_REQUEST_TAG:
        find_request_tag(c, key, out);
        return true;
    case KMS_CKEY_AWS_TAG_KEYS:
        find_tag_keys(c, out);
        return true;
    default:
        return find_new_key(c, key->id, out);
    }
}

/* A number or a moment in the arena, as text. */
static void put_number(struct kms_authz_context *c, int64_t n,
                       struct kms_policy_values *out)
{
    struct kms_str text = {NULL, 0};

    if (kms_arena_fmt(c->r->arena, &text, "%lld", (long long)n) != KMS_OK)
        c->rc = KMS_E_NOMEM;
    kms_policy_values_one(out, text);
}

static void put_member(struct kms_authz_context *c, const struct kms_member *m,
                       struct kms_policy_values *out)
{
    int64_t ms;
    int32_t n;
    bool b;

    switch (m->type->kind) {
    case KMS_KIND_BOOLEAN:
        if (kms_member_bool(m, c->r->in, &b))
            kms_policy_values_one(out, b ? KMS_LIT("true") : KMS_LIT("false"));
        break;
    case KMS_KIND_INTEGER:
        if (kms_member_int(m, c->r->in, &n))
            put_number(c, n, out);
        break;
    case KMS_KIND_TIMESTAMP:
        if (kms_member_time(m, c->r->in, &ms))
            put_number(c, ms / 1000, out);
        break;
    default:
        kms_policy_values_one(out, kms_member_word(m, c->r->in));
        if (out->n == 1 && out->one.n == 0)
            out->n = 0;
    }
}

bool kms_authz_find_member(struct kms_authz_context *c, const struct kms_ckey *key,
                           struct kms_policy_values *out)
{
    const struct kms_shape *in = c->r->op != NULL ? c->r->op->in : NULL;

    if (find_special(c, key, out))
        return true;
    for (size_t i = 0; c->r->in != NULL && in != NULL && i < in->n_members; i++) {
        const struct kms_member *m = &in->members[i];

        if (m->condition == NULL || !kms_ckey_same(key->name, kms_str_of(m->condition)))
            continue;
        put_member(c, m, out);
        break;
    }
    if (out->n == 0 && key->id == KMS_CKEY_ROTATION_PERIOD_IN_DAYS)
        find_period(c, out);
    return out->n != 0;
}
