#include <string.h>

#include "key/ident.h"
#include "key/spec.h"
#include "ops/default_policy.h"
#include "ops/lane.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
#include "ops/spec_here.h"
#include "ops/tags_check.h"
#include "policy/document.h"
#include "store/keys.h"

/* CustomerMasterKeySpec is KeySpec's old name. */
static enum kms_key_spec spec_of(const struct kms_create_key_in *in)
{
    if (in->key_spec != KMS_KEY_SPEC_NONE)
        return in->key_spec;
    if (in->customer_master_key_spec != KMS_KEY_SPEC_NONE)
        return in->customer_master_key_spec;
    return KMS_KEY_SPEC_SYMMETRIC_DEFAULT;
}

/* What the service itself accepts. */
static KMS_RC check_spec(const struct kms_create_key_in *in)
{
    const enum kms_key_spec spec = spec_of(in);

    if (in->key_spec != KMS_KEY_SPEC_NONE &&
        in->customer_master_key_spec != KMS_KEY_SPEC_NONE)
        return kms_err(KMS_E_VALIDATION,
                       "You cannot specify KeySpec and CustomerMasterKeySpec in the same "
                       "request. CustomerMasterKeySpec is deprecated.");
    if (in->key_usage == KMS_KEY_USAGE_TYPE_NONE && !kms_spec_symmetric(spec))
        return kms_err(KMS_E_VALIDATION,
                       "You must specify a KeyUsage value for all KMS keys "
                       "except for symmetric encryption keys.");
    if (in->key_usage != KMS_KEY_USAGE_TYPE_NONE && !kms_spec_allows(spec, in->key_usage))
        return kms_err(KMS_E_VALIDATION, "KeyUsage %s is not compatible with KeySpec %s",
                       kms_key_usage_type_name(in->key_usage), kms_key_spec_name(spec));
    return KMS_OK;
}

/* What kmsd can make, wherever it runs. */
static KMS_RC check_support(const struct kms_create_key_in *in)
{
    const enum kms_key_spec spec = spec_of(in);

    if (in->custom_key_store_id.p != NULL || in->xks_key_id.p != NULL)
        return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                       "kmsd does not support custom key stores yet.");
    if (in->origin != KMS_ORIGIN_TYPE_AWS_KMS && in->origin != KMS_ORIGIN_TYPE_EXTERNAL)
        return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                       "kmsd does not support keys with origin %s yet.",
                       kms_origin_type_name(in->origin));
    if (in->origin == KMS_ORIGIN_TYPE_EXTERNAL &&
        kms_spec_family(spec) == KMS_FAMILY_ML_DSA)
        return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                       "Key material of KeySpec %s cannot be imported.",
                       kms_key_spec_name(spec));
    return KMS_OK;
}

enum kms_rc kms_check_create_key(const void *request)
{
    const struct kms_create_key_in *in = request;

    KMS_TRY(check_spec(in));
    KMS_TRY(kms_tags_check(&in->tags));
    if (in->policy.p != NULL)
        KMS_TRY(kms_policy_check(in->policy));
    return check_support(in);
}

/* What the key is, from the request alone; its uuid is still to be drawn. */
static KMS_RC begin(struct kms_call *call, const struct kms_create_key_in *in,
                    struct kms_key **out)
{
    KMS_AUTO(key) k = NULL;

    KMS_TRY(kms_spec_here(call, spec_of(in)));
    KMS_TRY(kms_key_new(&k));
    k->multi_region = in->multi_region;
    k->spec = spec_of(in);
    k->usage = in->key_usage != KMS_KEY_USAGE_TYPE_NONE
                   ? in->key_usage
                   : KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT;
    k->origin = in->origin;
    *out = KMS_TAKE(k);
    return KMS_OK;
}

/*
 * What of a key is made first: its uuid, and its first material, sealed for that uuid.
 * Key pairs take too long for the writer's thread; this is then done on a lane.
 */
struct start {
    uint8_t uuid[KMS_UUID_LEN];
    bool has_version; /* a key with origin EXTERNAL gets its material later */
    struct kms_key_version version;
};

static KMS_RC start(struct kms_call *call, struct kms_key *k, struct start *out)
{
    KMS_TRY(kms_keyring_uuid(k->uuid));
    memcpy(out->uuid, k->uuid, sizeof out->uuid);
    out->has_version = k->origin == KMS_ORIGIN_TYPE_AWS_KMS;
    if (!out->has_version)
        return KMS_OK;
    return kms_keyring_make(call->keyring, k, 1, call->now_ms, call->arena,
                            &out->version);
}

enum kms_lane kms_lane_create_key(const struct kms_call *call, const void *request)
{
    const struct kms_create_key_in *in = request;

    (void)call;
    return in->origin == KMS_ORIGIN_TYPE_AWS_KMS ? kms_lane_generate(spec_of(in))
                                                 : KMS_LANE_INLINE;
}

enum kms_rc kms_prepare_create_key(struct kms_call *call, const void *request)
{
    struct start *made = kms_arena_alloc(call->arena, sizeof *made);
    KMS_AUTO(key) k = NULL;

    if (made == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    KMS_TRY(begin(call, request, &k));
    KMS_TRY(start(call, k, made));
    call->prepared = made;
    return KMS_OK;
}

static KMS_RC name(struct kms_call *call, struct kms_key *k)
{
    char id[KMS_KEY_ID_MAX + 1];

    kms_ident_format(k->uuid, k->multi_region, id);
    KMS_TRY(kms_key_set_text(k, &k->id, kms_str_of(id)));
    KMS_TRY(kms_key_set_text(k, &k->account, call->caller.account));
    KMS_TRY(kms_key_set_text(k, &k->region, call->caller.region));
    if (k->multi_region)
        KMS_TRY(kms_key_set_text(k, &k->primary_region, k->region));
    return kms_ident_arn(k->arena, call->realm->partition, k->region, k->account, "key/",
                         k->id, &k->arn);
}

static KMS_RC build(struct kms_call *call, const struct kms_create_key_in *in,
                    struct kms_key **out)
{
    KMS_AUTO(key) k = NULL;
    struct kms_str policy = in->policy;
    struct start first = {0};

    if (policy.p == NULL)
        KMS_TRY(kms_default_policy(call, &policy));
    KMS_TRY(begin(call, in, &k));
    if (call->prepared != NULL)
        memcpy(&first, call->prepared, sizeof first);
    else
        KMS_TRY(start(call, k, &first));
    memcpy(k->uuid, first.uuid, sizeof first.uuid);
    k->state = first.has_version ? KMS_KEY_STATE_ENABLED : KMS_KEY_STATE_PENDING_IMPORT;
    k->created_ms = call->now_ms;
    KMS_TRY(name(call, k));
    KMS_TRY(kms_key_set_text(k, &k->policy, policy));
    if (in->description.p != NULL)
        KMS_TRY(kms_key_set_text(k, &k->description, in->description));
    if (first.has_version)
        KMS_TRY(kms_key_add_version(k, &first.version));
    *out = KMS_TAKE(k);
    return KMS_OK;
}

enum kms_rc kms_op_create_key(struct kms_call *call, const struct kms_create_key_in *in,
                              struct kms_create_key_out *out)
{
    KMS_AUTO(key) k = NULL;
    struct kms_str arn;

    KMS_TRY(build(call, in, &k));
    KMS_TRY(kms_keys_insert(call->tx, k));
    KMS_TRY(kms_tags_write(call, k, &in->tags));
    KMS_TRY(kms_arena_str(call->arena, k->arn, &arn));
    KMS_TRY(kms_key_metadata_of(call, k, &out->key_metadata));
    call->new_key_arn = arn;
    return KMS_OK;
}
