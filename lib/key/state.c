#include "key/state.h"

enum {
    DELETION_STATES = 1u << KMS_KEY_STATE_PENDING_DELETION |
                      1u << KMS_KEY_STATE_PENDING_REPLICA_DELETION
};

/* What the service says of a key in this state: "<ARN> is <words>." */
static const char *const words[KMS_KEY_STATE_COUNT] = {
    [KMS_KEY_STATE_CREATING] = "creating",
    [KMS_KEY_STATE_ENABLED] = "enabled",
    [KMS_KEY_STATE_DISABLED] = "disabled",
    [KMS_KEY_STATE_PENDING_DELETION] = "pending deletion",
    [KMS_KEY_STATE_PENDING_IMPORT] = "pending import",
    [KMS_KEY_STATE_PENDING_REPLICA_DELETION] = "pending replica deletion",
    [KMS_KEY_STATE_UNAVAILABLE] = "unavailable",
    [KMS_KEY_STATE_UPDATING] = "updating",
};

enum kms_rc kms_state_gate(const struct kms_key *k, uint32_t allowed)
{
    if ((allowed & 1u << k->state) != 0)
        return KMS_OK;
    if ((allowed & ~(uint32_t)DELETION_STATES) == 0)
        return kms_err(KMS_E_INVALID_STATE, "%.*s is not pending deletion.",
                       KMS_FMT(k->arn));
    return kms_err(k->state == KMS_KEY_STATE_DISABLED ? KMS_E_DISABLED
                                                      : KMS_E_INVALID_STATE,
                   "%.*s is %s.", KMS_FMT(k->arn), words[k->state]);
}

enum kms_rc kms_usage_gate(const struct kms_key *k, enum kms_key_usage_type usage,
                           const char *operation)
{
    if (usage == KMS_KEY_USAGE_TYPE_NONE || usage == k->usage)
        return KMS_OK;
    return kms_err(KMS_E_INVALID_KEY_USAGE,
                   "%.*s key usage is %s which is not valid for %s.", KMS_FMT(k->arn),
                   kms_key_usage_type_name(k->usage), operation);
}

enum kms_rc kms_origin_gate(const struct kms_key *k, uint32_t allowed)
{
    if (allowed == 0 || (allowed & 1u << k->origin) != 0)
        return KMS_OK;
    return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                   "%.*s origin is %s which is not valid for this operation.",
                   KMS_FMT(k->arn), kms_origin_type_name(k->origin));
}

bool kms_state_is_replica(const struct kms_key *k)
{
    return k->multi_region && !kms_str_eq(k->primary_region, k->region);
}

bool kms_state_complete(const struct kms_key *k)
{
    for (size_t i = 0; i < k->n_versions; i++) {
        if (k->versions[i].number <= k->current_version &&
            k->versions[i].sealed.p == NULL)
            return false;
    }
    return k->current_version != 0;
}

enum kms_key_state kms_state_at_rest(const struct kms_key *k)
{
    return kms_state_complete(k) ? KMS_KEY_STATE_ENABLED : KMS_KEY_STATE_PENDING_IMPORT;
}

static bool at_rest(const struct kms_key *k)
{
    return k->state == KMS_KEY_STATE_ENABLED || k->state == KMS_KEY_STATE_DISABLED ||
           k->state == KMS_KEY_STATE_PENDING_IMPORT;
}

void kms_state_after_import(struct kms_key *k)
{
    if (at_rest(k))
        k->state = kms_state_at_rest(k);
}

void kms_state_after_loss(struct kms_key *k)
{
    if (at_rest(k) && !kms_state_complete(k))
        k->state = KMS_KEY_STATE_PENDING_IMPORT;
}

/* Takes a candidate when it comes before what was found so far. */
static void earlier(enum kms_due_kind kind, int64_t at_ms, enum kms_due_kind *best,
                    int64_t *best_ms)
{
    if (*best == KMS_DUE_NONE || at_ms < *best_ms) {
        *best = kind;
        *best_ms = at_ms;
    }
}

static bool under_way(const struct kms_key *k)
{
    return k->state == KMS_KEY_STATE_CREATING || k->state == KMS_KEY_STATE_UPDATING;
}

enum kms_due_kind kms_state_due(const struct kms_key *k, int64_t *at_ms)
{
    const bool rotates = !kms_state_is_replica(k);
    enum kms_due_kind kind = KMS_DUE_NONE;
    int64_t when_ms = 0;

    /* In the order of the enum: at the same moment the first candidate stays. */
    if (under_way(k))
        earlier(KMS_DUE_SETTLE, 0, &kind, &when_ms);
    if (k->on_demand_started_ms != 0 && rotates)
        earlier(KMS_DUE_ON_DEMAND, k->on_demand_started_ms, &kind, &when_ms);
    if (k->rotation_period_days != 0 && k->state == KMS_KEY_STATE_ENABLED && rotates)
        earlier(KMS_DUE_ROTATION, k->next_rotation_ms, &kind, &when_ms);
    for (size_t i = 0; i < k->n_versions; i++) {
        if (k->versions[i].expires_ms != 0 && k->versions[i].sealed.p != NULL)
            earlier(KMS_DUE_EXPIRY, k->versions[i].expires_ms, &kind, &when_ms);
    }
    if (k->state == KMS_KEY_STATE_PENDING_DELETION)
        earlier(KMS_DUE_DELETION, k->deletion_ms, &kind, &when_ms);
    if (kind != KMS_DUE_NONE)
        *at_ms = when_ms;
    return kind;
}
