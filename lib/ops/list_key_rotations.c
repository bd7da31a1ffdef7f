#include "key/spec.h"
#include "key/state.h"
#include "ops/family.h"
#include "ops/ops.gen.h"

enum { LIMIT_MAX = 1000, LIMIT_DEFAULT = 100 };

/* ROTATIONS_ONLY leaves out the first material: no rotation made it. */
static bool listed(const struct kms_list_key_rotations_in *in,
                   const struct kms_key_version *v)
{
    return in->include_key_material == KMS_INCLUDE_KEY_MATERIAL_ALL_KEY_MATERIAL ||
           v->rotation_type != KMS_ROTATION_TYPE_NONE;
}

/* Imported material that waits can be rotated in once every replica has it as well. */
static KMS_RC pending_state(struct kms_call *call, const struct kms_key_version *v,
                            enum kms_key_material_state *out)
{
    bool everywhere = false;

    KMS_TRY(kms_family_has(call->tx, call->key, v->kmid, &everywhere));
    if (kms_state_is_replica(call->key) && v->sealed.p == NULL)
        everywhere = false;
    *out = everywhere ? KMS_KEY_MATERIAL_STATE_PENDING_ROTATION
                      : KMS_KEY_MATERIAL_STATE_PENDING_MULTI_REGION_IMPORT_AND_ROTATION;
    return KMS_OK;
}

static KMS_RC state_of(struct kms_call *call, const struct kms_key_version *v,
                       enum kms_key_material_state *out)
{
    if (v->number > call->key->current_version)
        return pending_state(call, v, out);
    *out = v->number == call->key->current_version ? KMS_KEY_MATERIAL_STATE_CURRENT
                                                   : KMS_KEY_MATERIAL_STATE_NON_CURRENT;
    return KMS_OK;
}

/* What only imported material has. */
static void show_import(const struct kms_key_version *v,
                        struct kms_rotations_list_entry *out)
{
    out->key_material_description = v->description;
    out->import_state =
        v->sealed.p != NULL ? KMS_IMPORT_STATE_IMPORTED : KMS_IMPORT_STATE_PENDING_IMPORT;
    out->expiration_model = v->expiration;
    out->valid_to_ms = v->expires_ms;
    out->has_valid_to = v->expires_ms != 0;
}

static KMS_RC entry(struct kms_call *call, const struct kms_key_version *v,
                    struct kms_rotations_list_entry *out)
{
    *out = (struct kms_rotations_list_entry){
        .key_id = call->key->arn,
        .rotation_date_ms = v->rotated_ms,
        .has_rotation_date = v->rotation_type != KMS_ROTATION_TYPE_NONE,
        .rotation_type = v->rotation_type,
    };
    KMS_TRY(state_of(call, v, &out->key_material_state));
    if (call->key->origin == KMS_ORIGIN_TYPE_EXTERNAL)
        show_import(v, out);
    return kms_kmid_text(call->arena, v->kmid, &out->key_material_id);
}

/* Markers hold the number of the last version shown: versions ascend. */
static uint32_t number_of(struct kms_str text)
{
    uint32_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n = n * 10 + (uint32_t)(text.p[i] - '0');
    return n;
}

/* One page, as many entries as fit; *last is the number to go on after, 0 at the end. */
static KMS_RC fill(struct kms_call *call, const struct kms_list_key_rotations_in *in,
                   const struct kms_page *page, struct kms_rotations_list_entry_list *out,
                   uint32_t *last)
{
    const struct kms_key *key = call->key;
    const uint32_t after = number_of(page->after);
    struct kms_rotations_list_entry *v =
        kms_arena_alloc(call->arena, key->n_versions * sizeof *v);
    size_t n = 0;

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    for (size_t i = 0; i < key->n_versions; i++) {
        const struct kms_key_version *version = &key->versions[i];

        if (version->number <= after || !listed(in, version))
            continue;
        if (n == page->limit) {
            *out = (struct kms_rotations_list_entry_list){v, n, true};
            return KMS_OK;
        }
        KMS_TRY(entry(call, version, &v[n++]));
        *last = version->number;
    }
    *last = 0;
    *out = (struct kms_rotations_list_entry_list){v, n, true};
    return KMS_OK;
}

enum kms_rc kms_op_list_key_rotations(struct kms_call *call,
                                      const struct kms_list_key_rotations_in *in,
                                      struct kms_list_key_rotations_out *out)
{
    struct kms_page page;
    struct kms_str filter, number;
    uint32_t last = 0;

    /* Only what can be rotated has more than one material to list. */
    if (in->include_key_material == KMS_INCLUDE_KEY_MATERIAL_ALL_KEY_MATERIAL &&
        !kms_spec_symmetric(call->key->spec))
        return KMS_E_UNSUPPORTED_OPERATION;
    KMS_TRY(kms_arena_fmt(call->arena, &filter, "%.*s/%s", KMS_FMT(call->key->id),
                          kms_include_key_material_name(in->include_key_material)));
    KMS_TRY(kms_page_open(call, in->has_limit, in->limit, LIMIT_MAX, LIMIT_DEFAULT,
                          in->marker, filter, &page));
    KMS_TRY(fill(call, in, &page, &out->rotations, &last));
    if (last != 0) {
        KMS_TRY(kms_arena_fmt(call->arena, &number, "%u", last));
        KMS_TRY(kms_page_marker(call, filter, number, &out->next_marker));
    }
    out->truncated = last != 0;
    out->has_truncated = true;
    return KMS_OK;
}
