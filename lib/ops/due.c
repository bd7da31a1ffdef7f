#include "keyring/keyring.h"
#include "ops/due.h"
#include "ops/family.h"
#include "ops/imported.h"
#include "store/keys.h"

/* One act under way. */
struct act {
    struct kms_tx *tx;
    struct kms_keyring *keyring;
    const struct kms_key *key;
    int64_t at_ms;
    struct kms_arena *arena;
    struct kms_due_done *done;
};

/* The last step of ReplicateKey or UpdatePrimaryRegion; the keys of the latter were
 * Enabled.
 */
static KMS_RC settle(const struct act *a)
{
    KMS_AUTO(key) k = NULL;

    KMS_TRY(kms_key_copy(a->key, &k));
    k->state = kms_state_at_rest(k);
    a->done->event = kms_family_synchronized;
    return kms_keys_update(a->tx, k);
}

/* Fresh material becomes current. */
static KMS_RC add_made(const struct act *a, struct kms_key *k,
                       enum kms_rotation_type type)
{
    struct kms_key_version v = {0};
    uint32_t number = k->n_versions > 0 ? k->versions[k->n_versions - 1].number + 1 : 1;

    KMS_TRY(kms_keyring_make(a->keyring, k, number, a->at_ms, a->arena, &v));
    v.rotated_ms = a->at_ms;
    v.rotation_type = type;
    return kms_key_add_version(k, &v);
}

/*
 * Imported material that waits becomes current, also when it is not there any more: then
 * the key waits for it. When all that waited was taken back the request lapses.
 */
static KMS_RC take_pending(const struct act *a, struct kms_key *k)
{
    const struct kms_key_version *pending = kms_key_pending(k);
    struct kms_key_version *v;

    if (pending == NULL) {
        k->on_demand_count--;
        return KMS_OK;
    }
    v = kms_imported_versions(k);
    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a key record");
    v += k->n_versions - 1;
    v->rotated_ms = a->at_ms;
    v->rotation_type = KMS_ROTATION_TYPE_ON_DEMAND;
    k->current_version = v->number;
    kms_state_after_loss(k);
    a->done->event = "RotateKey";
    return KMS_OK;
}

static KMS_RC rotate_on_demand(const struct act *a)
{
    KMS_AUTO(key) k = NULL;

    KMS_TRY(kms_key_copy(a->key, &k));
    if (k->origin == KMS_ORIGIN_TYPE_EXTERNAL) {
        KMS_TRY(take_pending(a, k));
    } else {
        KMS_TRY(add_made(a, k, KMS_ROTATION_TYPE_ON_DEMAND));
        a->done->event = "RotateKey";
    }
    k->on_demand_started_ms = 0;
    return kms_family_update(a->tx, k, a->arena, &a->done->echoes);
}

static KMS_RC rotate_by_schedule(const struct act *a)
{
    KMS_AUTO(key) k = NULL;

    KMS_TRY(kms_key_copy(a->key, &k));
    KMS_TRY(add_made(a, k, KMS_ROTATION_TYPE_AUTOMATIC));
    k->next_rotation_ms = a->at_ms + (int64_t)k->rotation_period_days * KMS_DAY_MS;
    a->done->event = "RotateKey";
    return kms_family_update(a->tx, k, a->arena, &a->done->echoes);
}

/* Material that waits for a rotation expires too, but goes on waiting. */
static KMS_RC expire(const struct act *a)
{
    KMS_AUTO(key) k = NULL;
    struct kms_key_version *v;

    KMS_TRY(kms_key_copy(a->key, &k));
    v = kms_imported_versions(k);
    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a key record");
    for (size_t i = 0; i < k->n_versions; i++) {
        if (v[i].expires_ms != 0 && v[i].expires_ms <= a->at_ms)
            kms_imported_destroy(&v[i]);
    }
    kms_state_after_loss(k);
    a->done->event = "DeleteExpiredKeyMaterial";
    a->done->destroyed = true;
    KMS_TRY(kms_keys_update(a->tx, k));
    kms_keyring_forget(a->keyring, k->uuid);
    return KMS_OK;
}

/* The window of a primary that waited for its replicas begins when the last is gone. */
static enum kms_rc begin_window(void *arg, const struct kms_key *other)
{
    const struct act *a = arg;
    KMS_AUTO(key) k = NULL;
    bool others = false;

    if (other->state != KMS_KEY_STATE_PENDING_REPLICA_DELETION)
        return KMS_OK;
    KMS_TRY(kms_family_any(a->tx, other, &others));
    if (others)
        return KMS_OK;
    KMS_TRY(kms_key_copy(other, &k));
    k->state = KMS_KEY_STATE_PENDING_DELETION;
    k->deletion_ms = a->at_ms + (int64_t)k->pending_window_days * KMS_DAY_MS;
    KMS_TRY(kms_keys_update(a->tx, k));
    return kms_family_echo(kms_family_synchronized, k, a->arena, &a->done->echoes);
}

static KMS_RC remove_key(struct act *a)
{
    KMS_TRY(kms_keys_delete(a->tx, a->key));
    kms_keyring_forget(a->keyring, a->key->uuid);
    a->done->event = "DeleteKey";
    a->done->destroyed = true;
    return kms_family_others(a->tx, a->key, begin_window, a);
}

enum kms_rc kms_due_act(struct kms_tx *tx, struct kms_keyring *kr,
                        const struct kms_key *k, const struct kms_due *due,
                        struct kms_arena *a, struct kms_due_done *out)
{
    struct kms_due_done done = {0};
    struct act act = {tx, kr, k, due->at_ms, a, &done};

    switch (due->kind) {
    case KMS_DUE_SETTLE:
        KMS_TRY(settle(&act));
        break;
    case KMS_DUE_ON_DEMAND:
        KMS_TRY(rotate_on_demand(&act));
        break;
    case KMS_DUE_ROTATION:
        KMS_TRY(rotate_by_schedule(&act));
        break;
    case KMS_DUE_EXPIRY:
        KMS_TRY(expire(&act));
        break;
    case KMS_DUE_DELETION:
        KMS_TRY(remove_key(&act));
        break;
    case KMS_DUE_NONE:
        return kms_err(KMS_E_STORE, "a key is listed as due with nothing to do");
    }
    *out = done;
    return KMS_OK;
}
