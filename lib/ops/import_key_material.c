#include <string.h>

#include "base/clock.h"
#include "key/spec.h"
#include "key/state.h"
#include "keyring/import.h"
#include "ops/family.h"
#include "ops/imported.h"
#include "ops/lane.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
#include "store/keys.h"

enum { VALID_DAYS_MAX = 365 };

static bool expires(const struct kms_import_key_material_in *in)
{
    return in->expiration_model == KMS_EXPIRATION_MODEL_TYPE_KEY_MATERIAL_EXPIRES;
}

static KMS_RC id_with_new(void)
{
    return kms_err(KMS_E_VALIDATION, "Input parameter keyMaterialId cannot be used with "
                                     "NEW_KEY_MATERIAL importType.");
}

enum kms_rc kms_check_import_key_material(const void *request)
{
    const struct kms_import_key_material_in *in = request;
    const int64_t ahead_ms = in->valid_to_ms - kms_clock_now_ms();

    if (expires(in) && !in->has_valid_to)
        return kms_err(KMS_E_VALIDATION, "A validTo date must be set if the "
                                         "ExpirationModel is KEY_MATERIAL_EXPIRES");
    if (!expires(in) && in->has_valid_to)
        return kms_err(KMS_E_VALIDATION,
                       "A validTo date cannot be set if the ExpirationModel is "
                       "KEY_MATERIAL_DOES_NOT_EXPIRE");
    if (in->has_valid_to && ahead_ms <= 0)
        return kms_err(KMS_E_VALIDATION, "ValidTo must be in the future");
    if (in->has_valid_to && ahead_ms > (int64_t)VALID_DAYS_MAX * KMS_DAY_MS)
        return kms_err(KMS_E_VALIDATION,
                       "ValidTo must be less than %d days in the future", VALID_DAYS_MAX);
    if (in->import_type == KMS_IMPORT_TYPE_NEW_KEY_MATERIAL &&
        in->key_material_id.p != NULL)
        return id_with_new();
    return KMS_OK;
}

enum kms_lane kms_lane_import_key_material(const struct kms_call *call, const void *in)
{
    (void)call;
    (void)in;
    return KMS_LANE_CRYPTO;
}

/* Unwraps: call->prepared is a struct kms_import. */
enum kms_rc kms_prepare_import_key_material(struct kms_call *call, const void *request)
{
    const struct kms_import_key_material_in *in = request;
    const struct kms_import_parcel parcel = {
        .token = in->import_token,
        .wrapped = in->encrypted_key_material,
        .now_ms = call->now_ms,
    };
    struct kms_import *import = kms_arena_alloc(call->arena, sizeof *import);

    if (import == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    KMS_TRY(kms_import_open(call->keyring, call->key, &parcel, call->arena, import));
    call->prepared = import;
    return KMS_OK;
}

/* What only a key with several materials has a use for. */
static KMS_RC check_parameters(const struct kms_key *key,
                               const struct kms_import_key_material_in *in)
{
    const char *name = NULL;

    if (in->import_type != KMS_IMPORT_TYPE_NONE)
        name = "importType";
    else if (in->key_material_id.p != NULL)
        name = "keyMaterialId";
    else if (in->key_material_description.p != NULL)
        name = "keyMaterialDescription";
    if (name != NULL && !kms_spec_symmetric(key->spec))
        return kms_err(KMS_E_VALIDATION,
                       "Input parameter %s can only be used with symmetric encryption "
                       "keys.",
                       name);
    if (in->key_material_description.p != NULL && kms_state_is_replica(key))
        return kms_err(KMS_E_VALIDATION,
                       "Input parameter keyMaterialDescription cannot be used with a "
                       "multi-region replica key.");
    return KMS_OK;
}

/* The first import ever brings new material; a replica takes what its primary has. */
static enum kms_import_type type_of(const struct kms_key *key,
                                    const struct kms_import_key_material_in *in)
{
    if (in->import_type != KMS_IMPORT_TYPE_NONE)
        return in->import_type;
    return key->current_version == 0 && !kms_state_is_replica(key)
               ? KMS_IMPORT_TYPE_NEW_KEY_MATERIAL
               : KMS_IMPORT_TYPE_EXISTING_KEY_MATERIAL;
}

static KMS_RC check_new(struct kms_call *call,
                        const struct kms_import_key_material_in *in,
                        const struct kms_import *import, struct kms_str id)
{
    const struct kms_key *key = call->key;
    const struct kms_key_version *pending = kms_key_pending(key);
    struct kms_str other;

    if (in->key_material_id.p != NULL)
        return id_with_new();
    if (kms_state_is_replica(key))
        return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                       "%.*s is a multi-region replica key which is not valid for "
                       "ImportKeyMaterial with NEW_KEY_MATERIAL.",
                       KMS_FMT(key->arn));
    if (kms_key_version_of(key, import->kmid) != NULL)
        return kms_err(KMS_E_INCORRECT_KEY_MATERIAL,
                       "Key material (id: %.*s) being imported as NEW_KEY_MATERIAL is "
                       "already associated with KMS key %.*s.",
                       KMS_FMT(id), KMS_FMT(key->arn));
    if (pending == NULL)
        return KMS_OK;
    KMS_TRY(kms_kmid_text(call->arena, pending->kmid, &other));
    return kms_err(KMS_E_INVALID_STATE,
                   "New key material (id: %.*s) cannot be imported into KMS key %.*s, "
                   "because another key material (id: %.*s) is pending rotation.",
                   KMS_FMT(id), KMS_FMT(key->arn), KMS_FMT(other));
}

/* Material the key has had; what was expected is what the request or the key names. */
static KMS_RC check_existing(struct kms_call *call,
                             const struct kms_import_key_material_in *in,
                             const struct kms_import *import, struct kms_str id)
{
    const struct kms_key_version *current = kms_key_current(call->key);
    struct kms_str expected = in->key_material_id;

    if ((expected.p == NULL || kms_str_eq(expected, id)) &&
        kms_key_version_of(call->key, import->kmid) != NULL)
        return KMS_OK;
    if (current == NULL)
        return kms_err(KMS_E_INCORRECT_KEY_MATERIAL,
                       "Key material (id: %.*s) being imported as EXISTING_KEY_MATERIAL "
                       "is not associated with KMS key %.*s.",
                       KMS_FMT(id), KMS_FMT(call->key->arn));
    if (expected.p == NULL || kms_str_eq(expected, id))
        KMS_TRY(kms_kmid_text(call->arena, current->kmid, &expected));
    return kms_err(KMS_E_INCORRECT_KEY_MATERIAL,
                   "Imported key material does not have the expected identifier (%.*s).",
                   KMS_FMT(expected));
}

/* What the request says about a version, besides its material. */
static KMS_RC set_terms(const struct kms_import_key_material_in *in, struct kms_key *k,
                        struct kms_key_version *v)
{
    v->expiration = in->expiration_model;
    v->expires_ms = expires(in) ? in->valid_to_ms : 0;
    if (in->key_material_description.p == NULL)
        return KMS_OK;
    return kms_key_set_text(k, &v->description, in->key_material_description);
}

/* New material is current at once when it is the first, and waits otherwise. */
static KMS_RC add_new(struct kms_call *call, const struct kms_import_key_material_in *in,
                      const struct kms_import *import, struct kms_key *k)
{
    const uint32_t current = k->current_version;
    const uint32_t number = current + 1;
    struct kms_key_version v = {0};

    KMS_TRY(
        kms_import_seal(call->keyring, k, number, call->now_ms, import, call->arena, &v));
    KMS_TRY(set_terms(in, k, &v));
    KMS_TRY(kms_key_add_version(k, &v));
    if (current != 0)
        k->current_version = current;
    else
        kms_state_after_import(k);
    return kms_family_update(call->tx, k, call->arena, &call->echoes);
}

/* The same bytes again: they come back, or only expire at another time. */
static KMS_RC bring_back(struct kms_call *call,
                         const struct kms_import_key_material_in *in,
                         const struct kms_import *import, struct kms_key *k)
{
    struct kms_key_version *v = kms_imported_versions(k);
    struct kms_key_version sealed;

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a key record");
    while (memcmp(v->kmid, import->kmid, KMS_KMID_LEN) != 0)
        v++;
    KMS_TRY(kms_import_seal(call->keyring, k, v->number, v->created_ms, import,
                            call->arena, &sealed));
    v->sealed = sealed.sealed;
    memcpy(v->kek, sealed.kek, sizeof v->kek);
    KMS_TRY(set_terms(in, k, v));
    if (v->number <= k->current_version)
        kms_state_after_import(k);
    /* Its words are the family's, the rest is this member's own. */
    if (in->key_material_description.p == NULL)
        return kms_keys_update(call->tx, k);
    return kms_family_update(call->tx, k, call->arena, &call->echoes);
}

enum kms_rc kms_op_import_key_material(struct kms_call *call,
                                       const struct kms_import_key_material_in *in,
                                       struct kms_import_key_material_out *out)
{
    const struct kms_import *import = call->prepared;
    KMS_AUTO(key) k = NULL;
    struct kms_str id;

    KMS_TRY(check_parameters(call->key, in));
    KMS_TRY(kms_kmid_text(call->arena, import->kmid, &id));
    KMS_TRY(kms_key_copy(call->key, &k));
    if (type_of(call->key, in) == KMS_IMPORT_TYPE_NEW_KEY_MATERIAL) {
        KMS_TRY(check_new(call, in, import, id));
        KMS_TRY(add_new(call, in, import, k));
    } else {
        KMS_TRY(check_existing(call, in, import, id));
        KMS_TRY(bring_back(call, in, import, k));
    }
    out->key_id = call->key->arn;
    if (kms_spec_symmetric(k->spec))
        out->key_material_id = id;
    return KMS_OK;
}
