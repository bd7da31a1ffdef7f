#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "store/uses.h"

static KMS_RC last_use(struct kms_call *call, struct kms_key_last_usage_data *out)
{
    struct kms_use use;
    enum kms_rc rc = kms_uses_get(call->tx, call->key->row, call->arena, &use);

    if (rc == KMS_E_NOT_FOUND)
        return KMS_OK; /* never: an empty structure */
    KMS_TRY(rc);
    if (!kms_key_last_usage_tracking_operation_parse(use.operation, &out->operation))
        return kms_err(KMS_E_STORE, "table uses, row %lld: no such operation",
                       (long long)use.key_row);
    out->timestamp_ms = use.at_ms;
    out->has_timestamp = true;
    out->cloud_trail_event_id = use.request_id;
    out->kms_request_id = use.request_id;
    return KMS_OK;
}

enum kms_rc kms_op_get_key_last_usage(struct kms_call *call,
                                      const struct kms_get_key_last_usage_in *in,
                                      struct kms_get_key_last_usage_out *out)
{
    struct kms_key_last_usage_data *use = kms_arena_alloc(call->arena, sizeof *use);

    (void)in;
    if (use == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    KMS_TRY(last_use(call, use));
    out->key_id = call->key->arn;
    out->key_last_usage = use;
    /* Every use since a key was made is noted. */
    out->tracking_start_date_ms = call->key->created_ms;
    out->has_tracking_start_date = true;
    out->key_creation_date_ms = call->key->created_ms;
    out->has_key_creation_date = true;
    return KMS_OK;
}
