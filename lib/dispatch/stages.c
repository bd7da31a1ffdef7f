#include <string.h>

#include "base/clock.h"
#include "dispatch/authorize.h"
#include "key/state.h"
#include "ops/grant.h"
#include "ops/ops.gen.h"
#include "ops/recipient.h"
#include "ops/request.h"
#include "ops/resolve.h"
#include "wire/decode.h"

bool kms_request_is_json(const struct kms_request *req)
{
    static const char json_1_1[] = "application/x-amz-json-1.1";
    struct kms_str type = kms_request_header(req, "content-type");

    return kms_str_starts(type, json_1_1) &&
           (type.n == sizeof json_1_1 - 1 || type.p[sizeof json_1_1 - 1] == ';' ||
            type.p[sizeof json_1_1 - 1] == ' ');
}

/* Dev credentials of the directory, then access keys. */
static enum kms_rc find_access(void *arg, struct kms_str id, struct kms_access *out)
{
    struct kms_exchange *x = arg;

    if (x->service->opts.dev) {
        struct kms_str principal = kms_directory_credential(x->directory, id);

        if (principal.p != NULL) {
            *out = (struct kms_access){.principal = principal};
            return KMS_OK;
        }
    }
    KMS_TRY(kms_access_get(x->service->access, id, &x->access));
    *out = x->access->access;
    return KMS_OK;
}

static enum kms_rc authenticate(struct kms_exchange *x)
{
    const struct kms_access_source access = {find_access, x};
    const struct kms_service_opts *o = &x->service->opts;
    struct kms_proofs proofs = {.request = x->req,
                                .wanted = o->proof,
                                .now_ms = x->call.now_ms,
                                .partition = o->realm.partition,
                                .default_account = o->realm.default_account,
                                .default_region = o->realm.default_region,
                                .access = &access,
                                .dev = o->dev};
    struct kms_proven proven;

    x->directory = kms_service_directory(x->service);
    proofs.rules = kms_directory_rules(x->directory, &proofs.n_rules);
    KMS_TRY(kms_authenticate(&proofs, x->arena, &proven));
    x->call.caller = proven.caller;
    KMS_TRY(kms_identify(x, &proven));
    x->authenticated = true;
    return KMS_OK;
}

/* X-Amz-Target picks the row. No JSON yet. */
static enum kms_rc read_envelope(struct kms_exchange *x)
{
    static const char prefix[] = "TrentService.";
    struct kms_str target = kms_request_header(x->req, "x-amz-target");

    if (!kms_str_starts(target, prefix)) {
        x->name = target;
        return KMS_E_UNKNOWN_OPERATION;
    }
    x->name = kms_str_skip(target, sizeof prefix - 1);
    if (!kms_request_is_json(x->req))
        return KMS_E_UNKNOWN_OPERATION;
    x->call.op = kms_op_find(x->name);
    if (x->call.op == NULL || kms_op_code(x->call.op) == NULL) {
        x->call.op = NULL;
        return KMS_E_UNKNOWN_OPERATION;
    }
    return KMS_OK;
}

static enum kms_rc decode_body(struct kms_exchange *x)
{
    return kms_decode(x->call.op->in, x->req->body, x->arena, &x->in);
}

/* What the service refuses before it looks for a key. */
static enum kms_rc check_request(struct kms_exchange *x)
{
    return kms_request_check(&x->call, x->in);
}

/* A wait lies between two checks: what the first one found does not count any more. */
static enum kms_rc forget(struct kms_exchange *x)
{
    kms_key_unref(x->call.key);
    kms_key_unref(x->call.key2);
    x->call.key = x->call.key2 = NULL;
    x->call.grant = NULL;
    x->call.veiled = false;
    x->call.alias = (struct kms_str){NULL, 0};
    x->decision = (struct kms_str){NULL, 0};
    return KMS_OK;
}

/* The other half of a rule: an identifier, or the ciphertext that names the key. */
static enum kms_rc resolve_one(struct kms_exchange *x, const struct kms_key_rule *rule,
                               const struct kms_key **out)
{
    struct kms_str ident = kms_member_str(rule->from, x->in);

    if (ident.p != NULL)
        KMS_TRY(kms_resolve_key(&x->call, rule, ident, out));
    if (rule->ciphertext != NULL)
        KMS_TRY(kms_resolve_ciphertext(&x->call, rule, x->in, out));
    return KMS_OK;
}

/* That a ciphertext is another key's is told to who may use the key that was named. */
static enum kms_rc resolve_first(struct kms_exchange *x)
{
    const struct kms_key_rule *rule = &x->call.op->keys[0];
    enum kms_rc rc = resolve_one(x, rule, &x->call.key);

    if (rc != KMS_E_INCORRECT_KEY || x->call.key == NULL)
        return rc;
    KMS_TRY(kms_authorize_first(x));
    return kms_resolve_ciphertext(&x->call, rule, x->in, &x->call.key);
}

/* Not there is no earlier than not allowed: the first key's refusal comes first. */
static enum kms_rc resolve_second(struct kms_exchange *x)
{
    const struct kms_key_rule *rule = &x->call.op->keys[1];
    enum kms_rc rc = resolve_one(x, rule, &x->call.key2);

    if (rc != KMS_E_ACCESS_DENIED || x->call.key == NULL)
        return rc;
    KMS_TRY(kms_authorize_first(x));
    return kms_resolve_denied(&x->call, rule);
}

static enum kms_rc resolve_keys(struct kms_exchange *x)
{
    const struct kms_op *op = x->call.op;

    if (op->scope == KMS_SCOPE_GRANT)
        return kms_resolve_grant(&x->call, x->in);
    if (op->n_keys > 0)
        KMS_TRY(resolve_first(x));
    if (op->n_keys > 1)
        return resolve_second(x);
    return KMS_OK;
}

/* Tokens of grants that have ended since they were given out. */
static enum kms_rc check_tokens(struct kms_exchange *x)
{
    return kms_grant_tokens_find(&x->call, x->in);
}

static const struct kms_key *key_of(const struct kms_exchange *x, size_t rule)
{
    return rule == 0 ? x->call.key : x->call.key2;
}

/* Origin, then state, then usage: the order of refusals the service shows. */
static enum kms_rc check_gate(struct kms_exchange *x)
{
    const struct kms_op *op = x->call.op;

    for (size_t i = 0; i < op->n_keys; i++) {
        const struct kms_key_rule *rule = &op->keys[i];
        const struct kms_key *key = key_of(x, i);

        if (key == NULL)
            continue;
        if (rule->origins != 0)
            KMS_TRY(kms_origin_gate(key, rule->origins));
        KMS_TRY(kms_state_gate(key, rule->states));
        if (rule->usage != KMS_KEY_USAGE_TYPE_NONE)
            KMS_TRY(kms_usage_gate(key, rule->usage, op->name));
    }
    return KMS_OK;
}

static enum kms_rc run_op(struct kms_exchange *x)
{
    const struct kms_op *op = x->call.op;

    x->out = kms_arena_alloc(x->arena, op->out_size);
    if (x->out == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    KMS_TRY(kms_op_code(op)(&x->call, x->in, x->out));
    KMS_TRY(kms_recipient_seal(&x->call, x->out));
    /* The last of all checks: a wrong ciphertext fails as itself even in a dry run. */
    if (kms_op_is_dry_run(op, x->in))
        return kms_err(KMS_E_DRY_RUN_OPERATION,
                       "The request would have succeeded, but the "
                       "DryRun option is set.");
    return KMS_OK;
}

typedef enum kms_rc stage_fn(struct kms_exchange *x);

static enum kms_rc run_stages(struct kms_exchange *x, stage_fn *const *stages, size_t n)
{
    for (size_t i = 0; i < n; i++)
        KMS_TRY(stages[i](x));
    return KMS_OK;
}

enum kms_rc kms_stages_open(struct kms_exchange *x)
{
    static stage_fn *const stages[] = {authenticate, read_envelope, decode_body,
                                       check_request};

    return run_stages(x, stages, sizeof stages / sizeof stages[0]);
}

static enum kms_rc choose_lane(struct kms_exchange *x)
{
    x->lane = kms_lane_of(&x->call, x->in);
    return KMS_OK;
}

enum kms_rc kms_stages_check(struct kms_exchange *x)
{
    static stage_fn *const stages[] = {forget,       resolve_keys, kms_authorize,
                                       check_tokens, check_gate,   choose_lane};

    return run_stages(x, stages, sizeof stages / sizeof stages[0]);
}

enum kms_rc kms_stages_work(struct kms_exchange *x)
{
    return run_op(x);
}

enum kms_rc kms_stages_run(struct kms_exchange *x)
{
    KMS_TRY(kms_stages_check(x));
    return run_op(x);
}

enum kms_rc kms_stages_begin(struct kms_exchange *x)
{
    KMS_TRY(kms_stages_check(x));
    return x->lane == KMS_LANE_INLINE ? run_op(x) : KMS_OK;
}

bool kms_stages_attests(const struct kms_exchange *x)
{
    return x->call.attested == NULL && kms_recipient_of(x->call.op, x->in) != NULL;
}

enum kms_rc kms_stages_attest(struct kms_exchange *x)
{
    return kms_recipient_attest(&x->call, x->in);
}

enum kms_rc kms_stages_prepare(struct kms_exchange *x)
{
    return kms_lane_prepare(&x->call, x->in);
}
