#include "dispatch/authorize.h"
#include "key/ident.h"
#include "ops/alias.h"
#include "store/keys.h"

enum kms_rc kms_identify(struct kms_exchange *x, const struct kms_proven *proven)
{
    const struct kms_caller *c = &x->call.caller;
    const struct kms_actor_session session = {
        .issued_ms = proven->issued_ms,
        .policy = proven->signed_by_key ? x->access->policy : NULL};

    return kms_actor_of(kms_directory_identities(x->directory), c->principal_arn,
                        &session, x->arena, &x->actor);
}

static struct kms_authz_request request_of(const struct kms_exchange *x)
{
    return (struct kms_authz_request){
        .op = x->call.op,
        .in = x->in,
        .caller = &x->call.caller,
        .actor = &x->actor,
        .peer = x->req->peer,
        .user_agent = kms_request_header(x->req, "user-agent"),
        .referer = kms_request_header(x->req, "referer"),
        .partition = x->call.realm->partition,
        .now_ms = x->call.now_ms,
        .tx = x->call.tx,
        .epoch = x->epoch,
        .arena = x->arena,
        .key = x->call.key,
        .key2 = x->call.key2,
        .attested = x->call.attested,
    };
}

/* One more thing that decided. */
static enum kms_rc note(struct kms_exchange *x, struct kms_str basis)
{
    if (x->decision.n == 0) {
        x->decision = basis;
        return KMS_OK;
    }
    if (basis.n == 0 || kms_str_eq(x->decision, basis))
        return KMS_OK;
    return kms_arena_fmt(x->arena, &x->decision, "%.*s; %.*s", KMS_FMT(x->decision),
                         KMS_FMT(basis));
}

static enum kms_rc ask(struct kms_exchange *x, const struct kms_authz_ask *question)
{
    const struct kms_authz_request r = request_of(x);
    struct kms_str basis = {NULL, 0};
    enum kms_rc rc = kms_authz_check(x->service->authz, &r, question, &basis);

    if (rc != KMS_OK)
        x->decision = basis; /* what refused, alone */
    return rc == KMS_OK ? note(x, basis) : rc;
}

/* What IAM alone decides, about one resource or (absent) none in particular. */
static enum kms_rc ask_iam(struct kms_exchange *x, const char *action,
                           struct kms_str resource)
{
    return ask(x, &(struct kms_authz_ask){.action = action, .resource = resource});
}

/*
 * Who belongs to another account, or names a key by a ciphertext only, does not learn
 * from a refusal whether there is such a key.
 */
static struct kms_str veil(const struct kms_exchange *x, const struct kms_key_rule *rule,
                           const struct kms_key *key)
{
    bool named = rule->from != NULL && kms_member_str(rule->from, x->in).p != NULL;

    if (!named && rule->ciphertext != NULL)
        return KMS_LIT(" on the resource associated with this ciphertext");
    if (!kms_str_eq(key->account, x->call.caller.account))
        return KMS_LIT(" on this resource");
    return (struct kms_str){NULL, 0};
}

static enum kms_rc ask_key(struct kms_exchange *x, const struct kms_key_rule *rule,
                           const struct kms_key *key)
{
    struct kms_authz_ask question = {.action = rule->action, .rule = rule, .key = key};
    enum kms_rc rc;

    if (key != NULL)
        question.veiled = veil(x, rule, key);
    rc = ask(x, &question);
    x->call.veiled = rc == KMS_E_ACCESS_DENIED && question.veiled.p != NULL;
    return rc;
}

/* The grant says who; a key policy can only deny. */
static enum kms_rc ask_retire(struct kms_exchange *x)
{
    const struct kms_authz_request r = request_of(x);
    struct kms_authz_ask question = {.action = x->call.op->action, .key = x->call.key};
    enum kms_rc rc;

    if (!kms_str_eq(x->call.key->account, x->call.caller.account))
        question.veiled = KMS_LIT(" on this resource");
    rc = kms_authz_retire(x->service->authz, &r, &question, x->call.grant, &x->decision);
    x->call.veiled = rc == KMS_E_ACCESS_DENIED && question.veiled.p != NULL;
    return rc;
}

/* Aliases are resources of their own, which no key policy speaks of. */
static enum kms_rc ask_alias(struct kms_exchange *x, struct kms_str name)
{
    struct kms_str arn;

    KMS_TRY(kms_alias_arn(&x->call, name, &arn));
    return ask_iam(x, x->call.op->action, arn);
}

/* The replica that is to be promoted, when it is there: the operation says if not. */
static enum kms_rc ask_promoted(struct kms_exchange *x, struct kms_str region)
{
    const struct kms_key *primary = x->call.key;
    KMS_AUTO_KEY replica = NULL;
    enum kms_rc rc;

    if (kms_str_eq(region, primary->region))
        return KMS_OK;
    rc = kms_keys_get(x->call.tx, primary->account, region, primary->id, &replica);
    if (rc == KMS_E_NOT_FOUND)
        return KMS_OK;
    KMS_TRY(rc);
    return ask(x, &(struct kms_authz_ask){.action = x->call.op->action, .key = replica});
}

static enum kms_rc ask_tags(struct kms_exchange *x, const struct kms_tag_list *tags)
{
    return tags->n != 0 ? ask_iam(x, "kms:TagResource", (struct kms_str){NULL, 0})
                        : KMS_OK;
}

/* What some operations need besides the permission on their keys. */
static enum kms_rc ask_more(struct kms_exchange *x)
{
    const void *in = x->in;

    switch (x->call.op->index) {
    case KMS_OP_CREATE_ALIAS:
        return ask_alias(x, ((const struct kms_create_alias_in *)in)->alias_name);
    case KMS_OP_UPDATE_ALIAS:
        return ask_alias(x, ((const struct kms_update_alias_in *)in)->alias_name);
    case KMS_OP_DELETE_ALIAS:
        return ask_alias(x, ((const struct kms_delete_alias_in *)in)->alias_name);
    case KMS_OP_CREATE_KEY:
        return ask_tags(x, &((const struct kms_create_key_in *)in)->tags);
    case KMS_OP_REPLICATE_KEY:
        KMS_TRY(ask_iam(x, "kms:CreateKey", (struct kms_str){NULL, 0}));
        return ask_tags(x, &((const struct kms_replicate_key_in *)in)->tags);
    case KMS_OP_UPDATE_PRIMARY_REGION:
        return ask_promoted(
            x, ((const struct kms_update_primary_region_in *)in)->primary_region);
    default:
        return KMS_OK;
    }
}

/* The policy that the request wants to be a key's, and whether it may lock out. */
static struct kms_str proposed_policy(const struct kms_exchange *x)
{
    const struct kms_create_key_in *create = x->in;
    const struct kms_put_key_policy_in *put = x->in;
    const struct kms_replicate_key_in *replicate = x->in;
    struct kms_str policy = {NULL, 0};
    bool bypass = true;

    if (x->call.op->index == KMS_OP_CREATE_KEY) {
        policy = create->policy;
        bypass = create->bypass_policy_lockout_safety_check;
    } else if (x->call.op->index == KMS_OP_PUT_KEY_POLICY) {
        policy = put->policy;
        bypass = put->bypass_policy_lockout_safety_check;
    } else if (x->call.op->index == KMS_OP_REPLICATE_KEY) {
        policy = replicate->policy;
        bypass = replicate->bypass_policy_lockout_safety_check;
    }
    return bypass ? (struct kms_str){NULL, 0} : policy;
}

static enum kms_rc check_lockout(struct kms_exchange *x)
{
    /* A key that is not made yet has an ARN nobody knows. */
    static const char unknown[] = "00000000-0000-0000-0000-000000000000";
    const struct kms_authz_request r = request_of(x);
    struct kms_str policy = proposed_policy(x), arn;

    if (policy.p == NULL)
        return KMS_OK;
    if (x->call.key != NULL)
        arn = x->call.key->arn;
    else
        KMS_TRY(kms_ident_arn(x->arena, x->call.realm->partition, x->call.caller.region,
                              x->call.caller.account, "key/", kms_str_of(unknown), &arn));
    return kms_authz_lockout(x->service->authz, &r, arn, policy);
}

static const struct kms_key *key_of(const struct kms_exchange *x, size_t rule)
{
    return rule == 0 ? x->call.key : x->call.key2;
}

enum kms_rc kms_authorize_first(struct kms_exchange *x)
{
    x->decision = (struct kms_str){NULL, 0};
    if (x->service->opts.no_authz)
        return KMS_OK;
    KMS_TRY(ask_key(x, &x->call.op->keys[0], x->call.key));
    x->decision = (struct kms_str){NULL, 0};
    return KMS_OK;
}

enum kms_rc kms_authorize(struct kms_exchange *x)
{
    const struct kms_op *op = x->call.op;

    x->decision = (struct kms_str){NULL, 0};
    if (x->service->opts.no_authz) {
        x->decision = KMS_LIT("not asked: --no-authz");
        return KMS_OK;
    }
    if (op->scope == KMS_SCOPE_GRANT)
        return ask_retire(x);
    if (op->scope == KMS_SCOPE_ACCOUNT || op->n_keys == 0)
        KMS_TRY(ask_iam(x, op->action, (struct kms_str){NULL, 0}));
    for (size_t i = 0; op->scope != KMS_SCOPE_ACCOUNT && i < op->n_keys; i++)
        KMS_TRY(ask_key(x, &op->keys[i], key_of(x, i)));
    KMS_TRY(ask_more(x));
    return check_lockout(x);
}
