#include "ops/family.h"
#include "ops/ops.gen.h"
#include "ops/rotation.h"

enum { ON_DEMAND_MAX = 25, CONFLICT_MS = 20 * 60 * 1000 };

/* The automatic schedule would rotate the key at about the same time. */
static bool conflicts(const struct kms_key *k, int64_t now_ms)
{
    return k->rotation_period_days != 0 && k->next_rotation_ms - now_ms <= CONFLICT_MS;
}

/*
 * Of a key whose material is imported, the next material has to be there: in the primary
 * and, as the service has it, in every replica.
 */
static KMS_RC check_pending(struct kms_call *call)
{
    const struct kms_key_version *pending = kms_key_pending(call->key);
    bool everywhere = false;

    if (call->key->origin != KMS_ORIGIN_TYPE_EXTERNAL)
        return KMS_OK;
    if (pending != NULL)
        KMS_TRY(kms_family_has(call->tx, call->key, pending->kmid, &everywhere));
    if (everywhere)
        return KMS_OK;
    return kms_err(KMS_E_INVALID_STATE,
                   "No available key material pending rotation for the key: %.*s.",
                   KMS_FMT(call->key->arn));
}

static KMS_RC start(struct kms_call *call)
{
    KMS_AUTO(key) k = NULL;

    KMS_TRY(check_pending(call));
    if (conflicts(call->key, call->now_ms))
        return kms_err(KMS_E_CONFLICT,
                       "An automatic rotation of this key is currently in progress or "
                       "scheduled to begin within the next 20 minutes.");
    if (call->key->on_demand_count >= ON_DEMAND_MAX)
        return kms_err(
            KMS_E_LIMIT_EXCEEDED,
            "The on-demand rotations limit has been reached for the given keyId. "
            "No more on-demand rotations can be performed for this key: %.*s",
            KMS_FMT(call->key->arn));
    KMS_TRY(kms_key_copy(call->key, &k));
    k->on_demand_started_ms = call->now_ms;
    k->on_demand_count++;
    return kms_family_update(call->tx, k, call->arena, &call->echoes);
}

/*
 * Only marks the rotation as started, and a running one stays as it is. The schedule's
 * engine completes it: at once, and also when the key is disabled or scheduled for
 * deletion meanwhile.
 */
enum kms_rc kms_op_rotate_key_on_demand(struct kms_call *call,
                                        const struct kms_rotate_key_on_demand_in *in,
                                        struct kms_rotate_key_on_demand_out *out)
{
    (void)in;
    KMS_TRY(kms_rotation_supported(call->key));
    KMS_TRY(kms_rotation_primary_gate(call));
    if (call->key->on_demand_started_ms == 0)
        KMS_TRY(start(call));
    out->key_id = call->key->arn;
    return KMS_OK;
}
