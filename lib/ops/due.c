/* due.c - background acts on a key whose time has come. */
#include "key/state.h"
#include "ops/ops.h"
#include "store/keys.h"

enum kms_rc kms_due_rotate(struct kms_tx *tx, struct kms_keyring *kr,
                           const struct kms_key *k, enum kms_rotation_type type,
                           int64_t due_ms, struct kms_arena *a,
                           const struct kms_key **out)
{
    KMS_AUTO(key) after = NULL;
    struct kms_key_version v = {0};
    uint32_t number = k->n_versions > 0 ? k->versions[k->n_versions - 1].number + 1 : 1;

    KMS_TRY(kms_key_copy(k, &after));
    KMS_TRY(kms_keyring_make(kr, after, number, due_ms, a, &v));
    v.rotated_ms = due_ms;
    v.rotation_type = type;
    KMS_TRY(kms_key_add_version(after, &v));
    if (type == KMS_ROTATION_TYPE_AUTOMATIC)
        after->next_rotation_ms =
            due_ms + (int64_t)after->rotation_period_days * KMS_DAY_MS;
    else
        after->on_demand_started_ms = 0;
    KMS_TRY(kms_keys_update(tx, after));
    *out = KMS_TAKE(after);
    return KMS_OK;
}

enum kms_rc kms_due_delete(struct kms_tx *tx, struct kms_keyring *kr,
                           const struct kms_key *k)
{
    KMS_TRY(kms_keys_delete(tx, k));
    kms_keyring_forget(kr, k->uuid);
    return KMS_OK;
}
