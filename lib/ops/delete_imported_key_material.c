#include "key/spec.h"
#include "key/state.h"
#include "ops/family.h"
#include "ops/imported.h"
#include "ops/ops.gen.h"
#include "store/keys.h"
#include "store/versions.h"

/* The version that the request names, or the current one; NULL when there is none. */
static KMS_RC find(struct kms_call *call,
                   const struct kms_delete_imported_key_material_in *in,
                   const struct kms_key_version **out)
{
    uint8_t kmid[KMS_KMID_LEN];

    if (in->key_material_id.p == NULL) {
        *out = kms_key_current(call->key);
        return KMS_OK;
    }
    *out = kms_hex_decode(in->key_material_id, kmid, sizeof kmid)
               ? kms_key_version_of(call->key, kmid)
               : NULL;
    if (*out != NULL)
        return KMS_OK;
    return kms_err(KMS_E_NOT_FOUND,
                   "Key material (id: %.*s) is not associated with KMS key %.*s.",
                   KMS_FMT(in->key_material_id), KMS_FMT(call->key->arn));
}

/* Material that waits for a rotation is not bound: it is forgotten, by all members. */
static KMS_RC forget(struct kms_call *call, const struct kms_key_version *v)
{
    KMS_AUTO(key) k = NULL;

    KMS_TRY(kms_key_copy(call->key, &k));
    k->n_versions--;
    KMS_TRY(kms_versions_drop(call->tx, k->row, v->number));
    return kms_family_update(call->tx, k, call->arena, &call->echoes);
}

static KMS_RC destroy(struct kms_call *call, const struct kms_key_version *v)
{
    KMS_AUTO(key) k = NULL;
    struct kms_key_version *edit;

    KMS_TRY(kms_key_copy(call->key, &k));
    edit = kms_imported_versions(k);
    if (edit == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a key record");
    kms_imported_destroy(&edit[v - call->key->versions]);
    kms_state_after_loss(k);
    return kms_keys_update(call->tx, k);
}

/* Taking away what is not there is fine. A scheduled deletion goes on. */
enum kms_rc
kms_op_delete_imported_key_material(struct kms_call *call,
                                    const struct kms_delete_imported_key_material_in *in,
                                    struct kms_delete_imported_key_material_out *out)
{
    const struct kms_key *key = call->key;
    const struct kms_key_version *v = NULL;
    bool pending;

    KMS_TRY(find(call, in, &v));
    out->key_id = key->arn;
    if (v == NULL)
        return KMS_OK;
    pending = v->number > key->current_version && !kms_state_is_replica(key);
    if (pending)
        KMS_TRY(forget(call, v));
    else if (v->sealed.p != NULL)
        KMS_TRY(destroy(call, v));
    kms_keyring_forget(call->keyring, key->uuid);
    call->destroyed = pending || v->sealed.p != NULL;
    if (kms_spec_symmetric(key->spec) &&
        (v->sealed.p != NULL || pending || in->key_material_id.p != NULL))
        return kms_kmid_text(call->arena, v->kmid, &out->key_material_id);
    return KMS_OK;
}
