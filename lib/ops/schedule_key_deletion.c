#include "key/state.h"
#include "ops/family.h"
#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "ops/request.h"
#include "store/keys.h"

enum { WINDOW_MIN_DAYS = 7, WINDOW_MAX_DAYS = 30 };

enum kms_rc kms_check_schedule_key_deletion(const void *request)
{
    const struct kms_schedule_key_deletion_in *in = request;

    if (in->pending_window_in_days < WINDOW_MIN_DAYS ||
        in->pending_window_in_days > WINDOW_MAX_DAYS)
        return kms_err(KMS_E_VALIDATION, "PendingWindowInDays must be between %d and %d",
                       WINDOW_MIN_DAYS, WINDOW_MAX_DAYS);
    return KMS_OK;
}

/* A primary waits for its replicas; its own window begins when the last one is gone. */
static KMS_RC mark(struct kms_call *call, int32_t days, struct kms_key *k)
{
    bool waits = false;

    if (!kms_state_is_replica(k))
        KMS_TRY(kms_family_any(call->tx, k, &waits));
    k->state =
        waits ? KMS_KEY_STATE_PENDING_REPLICA_DELETION : KMS_KEY_STATE_PENDING_DELETION;
    k->pending_window_days = days;
    k->deletion_ms = waits ? 0 : call->now_ms + (int64_t)days * KMS_DAY_MS;
    return KMS_OK;
}

enum kms_rc kms_op_schedule_key_deletion(struct kms_call *call,
                                         const struct kms_schedule_key_deletion_in *in,
                                         struct kms_schedule_key_deletion_out *out)
{
    KMS_AUTO(key) k = NULL;

    KMS_TRY(kms_key_copy(call->key, &k));
    KMS_TRY(mark(call, in->pending_window_in_days, k));
    KMS_TRY(kms_keys_update(call->tx, k));
    kms_keyring_forget(call->keyring, k->uuid);

    out->key_id = call->key->arn;
    out->deletion_date_ms = k->deletion_ms;
    out->has_deletion_date = k->deletion_ms != 0;
    out->key_state = k->state;
    out->pending_window_in_days = k->pending_window_days;
    out->has_pending_window_in_days = true;
    return KMS_OK;
}
