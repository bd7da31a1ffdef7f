#include <string.h>

#include "base/clock.h"
#include "dispatch/admin.h"
#include "ops/resolve.h"
#include "wire/op.h"

/* A permission and the operation that asks for it of a key. */
struct found {
    const struct kms_op *op;
    const struct kms_key_rule *rule; /* NULL: an act without a key */
};

static bool is_action(struct kms_str wanted, const char *action)
{
    return action != NULL && kms_str_is(wanted, action);
}

static enum kms_rc find(struct kms_str action, struct found *out)
{
    for (size_t i = 0; i < kms_op_count(); i++) {
        const struct kms_op *op = kms_op_at(i);

        for (size_t k = 0; k < op->n_keys && op->scope == KMS_SCOPE_KEY; k++)
            if (is_action(action, op->keys[k].action)) {
                *out = (struct found){op, &op->keys[k]};
                return KMS_OK;
            }
        if (op->scope == KMS_SCOPE_ACCOUNT && is_action(action, op->action)) {
            *out = (struct found){op, NULL};
            return KMS_OK;
        }
    }
    return kms_err(KMS_E_VALIDATION,
                   "%.*s is no permission that is asked of a key or an account, like "
                   "kms:Decrypt",
                   KMS_FMT(action));
}

static void add_line(void *arg, unsigned depth, const char *text)
{
    kms_buf_fmt(arg, "%*s%s\n", (int)depth * 2, "", text);
}

/* "kms:EncryptionContext:k" and the like, so that conditions see what was given. */
static enum kms_rc pairs_of(const struct kms_question *q, struct kms_arena *a,
                            struct kms_policy_pairs *out)
{
    struct kms_policy_pair *v = kms_arena_alloc(a, q->conditions.n * sizeof *v);

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    for (size_t i = 0; i < q->conditions.n; i++)
        v[i] = (struct kms_policy_pair){q->conditions.v[i].key, &q->conditions.v[i].value,
                                        1};
    *out = (struct kms_policy_pairs){v, q->conditions.n};
    return KMS_OK;
}

struct explanation {
    struct kms_service *service;
    const struct kms_question *question;
    struct kms_arena *arena;
    struct kms_directory *directory;
    struct kms_actor actor;
    struct kms_caller caller;
    struct kms_peer peer;
    struct found found;
    const struct kms_key *key;
};

static enum kms_rc name_caller(struct explanation *e)
{
    const struct kms_question *q = e->question;
    const struct kms_actor_session session = {0};

    KMS_TRY(kms_actor_of(kms_directory_identities(e->directory), q->principal, &session,
                         e->arena, &e->actor));
    e->caller = (struct kms_caller){
        .account = e->actor.principal.account,
        .region = q->region.p != NULL ? q->region : e->service->opts.realm.default_region,
        .principal_arn = q->principal,
        .principal_id = e->actor.principal.unique_id};
    e->peer =
        (struct kms_peer){.tls_version = KMS_LIT("TLSv1.3"), .source_ip = q->source_ip};
    return KMS_OK;
}

static enum kms_rc find_key(struct explanation *e, struct kms_tx *tx)
{
    struct kms_call call = {.arena = e->arena,
                            .now_ms = kms_clock_now_ms(),
                            .realm = &e->service->opts.realm,
                            .tx = tx,
                            .caller = e->caller,
                            .op = e->found.op};
    struct kms_key_rule rule;

    if (e->found.rule == NULL)
        return KMS_OK;
    if (e->question->key.p == NULL)
        return kms_err(KMS_E_VALIDATION, "%.*s is asked of a key: which?",
                       KMS_FMT(e->question->action));
    rule = *e->found.rule;
    rule.forms = KMS_FORMS_ANY;
    return kms_resolve_key(&call, &rule, e->question->key, &e->key);
}

static enum kms_rc decide(struct explanation *e, struct kms_tx *tx, uint64_t epoch,
                          struct kms_buf *text, bool *allowed)
{
    const struct kms_policy_trace trace = {add_line, text};
    struct kms_policy_pairs pairs;
    struct kms_authz_request r = {
        .op = e->found.op,
        .caller = &e->caller,
        .actor = &e->actor,
        .peer = &e->peer,
        .partition = e->service->opts.realm.partition,
        .now_ms = kms_clock_now_ms(),
        .tx = tx,
        .epoch = epoch,
        .arena = e->arena,
        .key = e->key,
        .given = &pairs,
        .context = e->question->context,
        .trace = &trace,
    };
    const struct kms_authz_ask ask = {
        .action = e->found.rule != NULL ? e->found.rule->action : e->found.op->action,
        .rule = e->found.rule,
        .key = e->key};
    struct kms_str basis;
    enum kms_rc rc;

    KMS_TRY(pairs_of(e->question, e->arena, &pairs));
    rc = kms_authz_check(e->service->authz, &r, &ask, &basis);
    *allowed = rc == KMS_OK;
    return rc == KMS_E_ACCESS_DENIED ? KMS_OK : rc;
}

static void describe_caller(const struct explanation *e, struct kms_buf *text)
{
    const struct kms_actor *a = &e->actor;

    kms_buf_fmt(text, "caller %.*s", KMS_FMT(a->principal.arn));
    if (a->principal.parent_arn.p != NULL)
        kms_buf_fmt(text, ", a session of %.*s", KMS_FMT(a->principal.parent_arn));
    if (!a->listed)
        kms_buf_z(text, a->identity.n != 0
                            ? ": no entry, and in the dev profile that means "
                              "every identity permission"
                            : ": no entry among the identities");
    kms_buf_byte(text, '\n');
}

enum kms_rc kms_service_explain(struct kms_service *s, const struct kms_question *q,
                                struct kms_buf *text, bool *allowed)
{
    KMS_AUTO(arena) a = NULL;
    KMS_AUTO(directory) d = kms_service_directory(s);
    KMS_AUTO(tx) tx = NULL;
    struct explanation e = {.service = s, .question = q, .directory = d};
    uint8_t root[32];
    uint64_t epoch;
    enum kms_rc rc;

    KMS_TRY(kms_arena_new(&a));
    e.arena = a;
    KMS_TRY(find(q->action, &e.found));
    KMS_TRY(name_caller(&e));
    kms_store_root(s->opts.store, &epoch, root);
    KMS_TRY(kms_store_read(s->opts.store, &tx));
    rc = find_key(&e, tx);
    if (rc == KMS_OK) {
        describe_caller(&e, text);
        rc = decide(&e, tx, epoch, text, allowed);
    }
    kms_key_unref(e.key);
    KMS_TRY(rc);
    return kms_buf_ok(text);
}
