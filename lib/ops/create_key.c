#include "key/ident.h"
#include "key/spec.h"
#include "ops/ops.gen.h"
#include "ops/request.h"
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

/* What kmsd can make. */
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
    if (!kms_spec_symmetric(spec))
        return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                       "kmsd does not support keys with KeySpec %s yet.",
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

/* As the service lays it out, to the last space. */
static KMS_RC default_policy(struct kms_call *call, struct kms_str *out)
{
    return kms_arena_fmt(call->arena, out,
                         "{\n"
                         "  \"Version\" : \"2012-10-17\",\n"
                         "  \"Id\" : \"key-default-1\",\n"
                         "  \"Statement\" : [ {\n"
                         "    \"Sid\" : \"Enable IAM User Permissions\",\n"
                         "    \"Effect\" : \"Allow\",\n"
                         "    \"Principal\" : {\n"
                         "      \"AWS\" : \"arn:%.*s:iam::%.*s:root\"\n"
                         "    },\n"
                         "    \"Action\" : \"kms:*\",\n"
                         "    \"Resource\" : \"*\"\n"
                         "  } ]\n"
                         "}",
                         KMS_FMT(call->realm->partition), KMS_FMT(call->caller.account));
}

static KMS_RC name(struct kms_call *call, struct kms_key *k)
{
    char id[KMS_KEY_ID_MAX + 1];

    KMS_TRY(kms_keyring_uuid(k->uuid));
    kms_ident_format(k->uuid, k->multi_region, id);
    KMS_TRY(kms_key_set_text(k, &k->id, kms_str_of(id)));
    KMS_TRY(kms_key_set_text(k, &k->account, call->caller.account));
    KMS_TRY(kms_key_set_text(k, &k->region, call->caller.region));
    if (k->multi_region)
        KMS_TRY(kms_key_set_text(k, &k->primary_region, k->region));
    return kms_ident_arn(k->arena, call->realm->partition, k->region, k->account, "key/",
                         k->id, &k->arn);
}

/* The first material; that of a key with origin EXTERNAL is imported later. */
static KMS_RC add_material(struct kms_call *call, struct kms_key *k)
{
    struct kms_key_version v = {0};

    KMS_TRY(kms_keyring_make(call->keyring, k, 1, call->now_ms, call->arena, &v));
    KMS_TRY(kms_key_add_version(k, &v));
    k->state = KMS_KEY_STATE_ENABLED;
    return KMS_OK;
}

static KMS_RC build(struct kms_call *call, const struct kms_create_key_in *in,
                    struct kms_key **out)
{
    KMS_AUTO(key) k = NULL;
    struct kms_str policy = in->policy;

    if (policy.p == NULL)
        KMS_TRY(default_policy(call, &policy));
    KMS_TRY(kms_key_new(&k));
    k->multi_region = in->multi_region;
    k->spec = spec_of(in);
    k->usage = in->key_usage != KMS_KEY_USAGE_TYPE_NONE
                   ? in->key_usage
                   : KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT;
    k->origin = in->origin;
    k->state = KMS_KEY_STATE_PENDING_IMPORT;
    k->created_ms = call->now_ms;
    KMS_TRY(name(call, k));
    KMS_TRY(kms_key_set_text(k, &k->policy, policy));
    if (in->description.p != NULL)
        KMS_TRY(kms_key_set_text(k, &k->description, in->description));
    if (k->origin == KMS_ORIGIN_TYPE_AWS_KMS)
        KMS_TRY(add_material(call, k));
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
