#include <string.h>

#include "authz/context.h"
#include "store/aliases.h"
#include "store/tags.h"
#include "wire/timestamp.h"

/* More than a key may have of either. */
enum { ALIASES_MAX = 256, TAGS_MAX = 256 };

static void one(struct kms_policy_values *out, struct kms_str value)
{
    kms_policy_values_one(out, value);
}

static void word(struct kms_policy_values *out, const char *value)
{
    one(out, kms_str_of(value));
}

static void truth(struct kms_policy_values *out, bool value)
{
    word(out, value ? "true" : "false");
}

struct kms_str *kms_authz_values(struct kms_authz_context *c, size_t n,
                                 struct kms_policy_values *out)
{
    struct kms_str *v = kms_arena_alloc(c->r->arena, (n + 1) * sizeof *v);

    if (v == NULL) {
        c->rc = kms_err(KMS_E_NOMEM, "out of memory for a condition");
        return NULL;
    }
    out->v = v;
    out->n = n;
    return v;
}

static void text_of_time(struct kms_authz_context *c, int64_t ms,
                         struct kms_policy_values *out)
{
    char text[KMS_TIME_ISO_SIZE];
    struct kms_str value = {NULL, 0};

    kms_time_iso(ms, text);
    if (kms_arena_str(c->r->arena, kms_str_of(text), &value) != KMS_OK)
        c->rc = KMS_E_NOMEM;
    one(out, value);
}

static void number(struct kms_authz_context *c, int64_t n, struct kms_policy_values *out)
{
    struct kms_str value = {NULL, 0};

    if (kms_arena_fmt(c->r->arena, &value, "%lld", (long long)n) != KMS_OK)
        c->rc = KMS_E_NOMEM;
    one(out, value);
}

static const char *principal_type(const struct kms_principal *p)
{
    switch (p->kind) {
    case KMS_PRINCIPAL_USER:
        return "User";
    case KMS_PRINCIPAL_ROLE:
        return "AssumedRole";
    case KMS_PRINCIPAL_FEDERATED:
        return "FederatedUser";
    case KMS_PRINCIPAL_ROOT:
        return "Account";
    case KMS_PRINCIPAL_SERVICE:
        break;
    }
    return NULL;
}

/* Of a user its unique id, of a session "<role's id>:<session>"; else as it is recorded.
 */
static void user_id(struct kms_authz_context *c, struct kms_policy_values *out)
{
    const struct kms_actor *a = c->r->actor;
    struct kms_str value = c->r->caller->principal_id;

    if (a->principal.kind == KMS_PRINCIPAL_ROOT)
        value = a->principal.account;
    else if (a->principal.unique_id.p != NULL && a->session.p == NULL)
        value = a->principal.unique_id;
    else if (a->principal.unique_id.p != NULL &&
             kms_arena_fmt(c->r->arena, &value, "%.*s:%.*s",
                           KMS_FMT(a->principal.unique_id),
                           KMS_FMT(a->session)) != KMS_OK)
        c->rc = KMS_E_NOMEM;
    one(out, value);
}

static void find_principal_tag(const struct kms_actor *a, const struct kms_ckey *key,
                               struct kms_policy_values *out)
{
    for (size_t i = 0; i < a->n_tags; i++)
        if (kms_ckey_same(key->suffix, a->tags[i].key)) {
            one(out, a->tags[i].value);
            return;
        }
}

/* About the caller. */
static bool find_caller(struct kms_authz_context *c, const struct kms_ckey *key,
                        struct kms_policy_values *out)
{
    const struct kms_actor *a = c->r->actor;
    const struct kms_principal *p = &a->principal;

    switch (key->id) {
    case KMS_CKEY_AWS_PRINCIPAL_ARN:
        one(out, p->kind == KMS_PRINCIPAL_ROLE ? p->parent_arn : p->arn);
        return true;
    case KMS_CKEY_AWS_PRINCIPAL_ACCOUNT:
    case KMS_CKEY_CALLER_ACCOUNT:
        one(out, p->account);
        return true;
    case KMS_CKEY_AWS_PRINCIPAL_TYPE:
        word(out, principal_type(p));
        return true;
    case KMS_CKEY_AWS_PRINCIPAL_IS_SERVICE:
    case KMS_CKEY_AWS_VIA_SERVICE:
        truth(out, false);
        return true;
    case KMS_CKEY_AWS_USER_NAME:
        if (p->kind == KMS_PRINCIPAL_USER)
            one(out, a->name);
        return true;
    case KMS_CKEY_AWS_USER_ID:
        user_id(c, out);
        return true;
    case KMS_CKEY_AWS_TOKEN_ISSUE_TIME:
        if (a->issued_ms != 0)
            text_of_time(c, a->issued_ms, out);
        return true;
    case KMS_CKEY_AWS_MFA_PRESENT:
        if (a->issued_ms != 0)
            truth(out, false);
        return true;
    case KMS_CKEY_AWS_PRINCIPAL_TAG:
        find_principal_tag(a, key, out);
        return true;
    default:
        return false;
    }
}

/* "ImageSha384" and "PCR<n>" of an enclave, "NitroTPMPCR<n>" of a TPM; in lower case. */
static void find_attested(struct kms_authz_context *c, const struct kms_ckey *key,
                          struct kms_policy_values *out)
{
    const struct kms_attested *a = c->r->attested;
    struct kms_str name = key->suffix;
    const char *prefix = a != NULL && a->tpm ? "nitrotpmpcr" : "pcr";
    unsigned n = 0;
    char *hex;

    if (a == NULL)
        return;
    if (kms_str_is(name, "imagesha384") && !a->tpm) {
        name = KMS_LIT("");
    } else if (kms_str_starts(name, prefix) && name.n > strlen(prefix)) {
        for (name = kms_str_skip(name, strlen(prefix)); name.n != 0;
             name = kms_str_skip(name, 1)) {
            if (name.p[0] < '0' || name.p[0] > '9' || n >= KMS_ATTESTED_PCRS)
                return;
            n = n * 10 + (unsigned)(name.p[0] - '0');
        }
    } else {
        return;
    }
    if (n >= KMS_ATTESTED_PCRS || a->pcrs[n].p == NULL)
        return;
    hex = kms_arena_alloc(c->r->arena, 2 * a->pcrs[n].n + 1);
    if (hex == NULL) {
        c->rc = kms_err(KMS_E_NOMEM, "out of memory for a condition");
        return;
    }
    kms_hex_encode(a->pcrs[n].p, a->pcrs[n].n, hex);
    one(out, (struct kms_str){hex, 2 * a->pcrs[n].n});
}

/* About the connection and the moment. */
static bool find_circumstance(struct kms_authz_context *c, const struct kms_ckey *key,
                              struct kms_policy_values *out)
{
    const struct kms_peer *peer = c->r->peer;

    switch (key->id) {
    case KMS_CKEY_AWS_CURRENT_TIME:
        text_of_time(c, c->r->now_ms, out);
        return true;
    case KMS_CKEY_AWS_EPOCH_TIME:
        number(c, c->r->now_ms / 1000, out);
        return true;
    case KMS_CKEY_AWS_REQUESTED_REGION:
        one(out, c->r->caller->region);
        return true;
    case KMS_CKEY_AWS_SECURE_TRANSPORT:
        truth(out, peer != NULL && peer->tls_version.p != NULL);
        return true;
    case KMS_CKEY_AWS_SOURCE_IP:
        if (peer != NULL)
            one(out, peer->source_ip);
        return true;
    case KMS_CKEY_AWS_USER_AGENT:
        one(out, c->r->user_agent);
        return true;
    case KMS_CKEY_AWS_REFERER:
        one(out, c->r->referer);
        return true;
    case KMS_CKEY_RECIPIENT_ATTESTATION:
        find_attested(c, key, out);
        return true;
    default:
        return false;
    }
}

static void read_tags(struct kms_authz_context *c)
{
    bool more;

    if (c->read_tags)
        return;
    c->read_tags = true;
    c->rc = kms_tags_list(c->r->tx, c->ask->key->row, (struct kms_str){NULL, 0}, TAGS_MAX,
                          c->r->arena, &c->tags, &c->n_tags, &more);
}

/* Tag keys are case-sensitive, condition keys are not: two that differ in case are many.
 */
static void find_resource_tag(struct kms_authz_context *c, const struct kms_ckey *key,
                              struct kms_policy_values *out)
{
    struct kms_str *v;
    size_t n = 0;

    read_tags(c);
    if (c->rc != KMS_OK || (v = kms_authz_values(c, c->n_tags, out)) == NULL)
        return;
    for (size_t i = 0; i < c->n_tags; i++)
        if (kms_ckey_same(key->suffix, c->tags[i].key))
            v[n++] = c->tags[i].value;
    out->n = n;
}

static void find_aliases(struct kms_authz_context *c, struct kms_policy_values *out)
{
    const struct kms_key *k = c->ask->key;
    const struct kms_alias *rows;
    struct kms_str *v;
    size_t n;
    bool more;

    if (!c->read_aliases) {
        c->read_aliases = true;
        c->rc = kms_aliases_list(c->r->tx, k->account, k->region, k->row,
                                 (struct kms_str){NULL, 0}, ALIASES_MAX, c->r->arena,
                                 &rows, &n, &more);
        if (c->rc != KMS_OK || (v = kms_authz_values(c, n, out)) == NULL)
            return;
        for (size_t i = 0; i < n; i++)
            v[i] = rows[i].name;
        c->aliases = v;
        c->n_aliases = n;
    }
    out->v = c->aliases;
    out->n = c->n_aliases;
}

/* About the key. */
static bool find_key(struct kms_authz_context *c, const struct kms_ckey *key,
                     struct kms_policy_values *out)
{
    const struct kms_key *k = c->ask->key;

    if (k == NULL)
        return false;
    switch (key->id) {
    case KMS_CKEY_KEY_SPEC:
    case KMS_CKEY_CUSTOMER_MASTER_KEY_SPEC:
        word(out, kms_key_spec_name(k->spec));
        return true;
    case KMS_CKEY_KEY_USAGE:
    case KMS_CKEY_CUSTOMER_MASTER_KEY_USAGE:
        word(out, kms_key_usage_type_name(k->usage));
        return true;
    case KMS_CKEY_KEY_ORIGIN:
        word(out, kms_origin_type_name(k->origin));
        return true;
    case KMS_CKEY_MULTI_REGION:
        truth(out, k->multi_region);
        return true;
    case KMS_CKEY_MULTI_REGION_KEY_TYPE:
        if (k->multi_region)
            word(out, kms_str_eq(k->primary_region, k->region) ? "PRIMARY" : "REPLICA");
        return true;
    case KMS_CKEY_AWS_RESOURCE_ACCOUNT:
        one(out, k->account);
        return true;
    case KMS_CKEY_AWS_RESOURCE_TAG:
        find_resource_tag(c, key, out);
        return true;
    case KMS_CKEY_RESOURCE_ALIASES:
        find_aliases(c, out);
        return true;
    default:
        return false;
    }
}

void kms_authz_find(void *arg, const struct kms_ckey *key, struct kms_policy_values *out)
{
    struct kms_authz_context *c = arg;

    if (c->r->given != NULL) {
        kms_policy_pairs_find((void *)(uintptr_t)c->r->given, key, out);
        if (out->n != 0)
            return;
    }
    if (!find_caller(c, key, out) && !find_circumstance(c, key, out) &&
        !find_key(c, key, out))
        (void)kms_authz_find_member(c, key, out);
    if (c->rc != KMS_OK)
        out->n = 0;
}
