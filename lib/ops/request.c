#include <ctype.h>

#include "ops/grant.h"
#include "ops/request.h"

static kms_check_fn *const checks[KMS_OP_COUNT] = {
    [KMS_OP_CREATE_ALIAS] = kms_check_create_alias,
    [KMS_OP_CREATE_GRANT] = kms_check_create_grant,
    [KMS_OP_CREATE_KEY] = kms_check_create_key,
    [KMS_OP_DECRYPT] = kms_check_decrypt,
    [KMS_OP_DELETE_ALIAS] = kms_check_delete_alias,
    [KMS_OP_DERIVE_SHARED_SECRET] = kms_check_derive_shared_secret,
    [KMS_OP_GENERATE_DATA_KEY] = kms_check_generate_data_key,
    [KMS_OP_GENERATE_DATA_KEY_PAIR] = kms_check_generate_data_key_pair,
    [KMS_OP_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT] =
        kms_check_generate_data_key_without_plaintext,
    [KMS_OP_GENERATE_RANDOM] = kms_check_generate_random,
    [KMS_OP_IMPORT_KEY_MATERIAL] = kms_check_import_key_material,
    [KMS_OP_LIST_GRANTS] = kms_check_list_grants,
    [KMS_OP_LIST_RETIRABLE_GRANTS] = kms_check_list_retirable_grants,
    [KMS_OP_PUT_KEY_POLICY] = kms_check_put_key_policy,
    [KMS_OP_RE_ENCRYPT] = kms_check_re_encrypt,
    [KMS_OP_REPLICATE_KEY] = kms_check_replicate_key,
    [KMS_OP_RETIRE_GRANT] = kms_check_retire_grant,
    [KMS_OP_SCHEDULE_KEY_DELETION] = kms_check_schedule_key_deletion,
    [KMS_OP_TAG_RESOURCE] = kms_check_tag_resource,
    [KMS_OP_UPDATE_ALIAS] = kms_check_update_alias,
};

enum kms_rc kms_request_check(struct kms_call *call, const void *in)
{
    kms_check_fn *check = checks[call->op->index];

    KMS_TRY(kms_grant_tokens_check(call, in));
    return check != NULL ? check(in) : KMS_OK;
}

bool kms_ignores_ciphertext(struct kms_dry_run_modifier_type_list modifiers)
{
    for (size_t i = 0; i < modifiers.n; i++) {
        if (modifiers.v[i] == KMS_DRY_RUN_MODIFIER_TYPE_IGNORE_CIPHERTEXT)
            return true;
    }
    return false;
}

bool kms_request_ignores_ciphertext(const struct kms_op *op, const void *in)
{
    switch (op->index) {
    case KMS_OP_DECRYPT:
        return kms_ignores_ciphertext(
            ((const struct kms_decrypt_in *)in)->dry_run_modifiers);
    case KMS_OP_RE_ENCRYPT:
        return kms_ignores_ciphertext(
            ((const struct kms_re_encrypt_in *)in)->dry_run_modifiers);
    default:
        return false;
    }
}

static KMS_RC missing(const char *path)
{
    return kms_err(KMS_E_VALIDATION,
                   "1 validation error detected: Value null at '%s' failed to satisfy "
                   "constraint: Member must not be null",
                   path);
}

static bool is_asymmetric(enum kms_encryption_algorithm_spec alg)
{
    return alg != KMS_ENCRYPTION_ALGORITHM_SPEC_NONE &&
           alg != KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT;
}

enum kms_rc kms_check_ciphertext(const struct kms_ciphertext_request *r)
{
    if (r->modifiers.n != 0 && !r->dry_run)
        return kms_err(KMS_E_VALIDATION,
                       "DryRunModifiers can only be used when DryRun is true.");
    if (kms_ignores_ciphertext(r->modifiers))
        return r->key_id.p != NULL ? KMS_OK : missing(r->key_path);
    if (r->blob.p == NULL)
        return missing("ciphertextBlob");
    if (is_asymmetric(r->alg) && r->key_id.p == NULL)
        return kms_err(KMS_E_VALIDATION, "%c%s must not be null",
                       toupper((unsigned char)r->key_path[0]), r->key_path + 1);
    return KMS_OK;
}

enum kms_rc kms_check_recipient(const struct kms_recipient_info *recipient)
{
    if (recipient == NULL)
        return KMS_OK;
    if (recipient->key_encryption_algorithm == KMS_KEY_ENCRYPTION_MECHANISM_NONE)
        return missing("recipient.keyEncryptionAlgorithm");
    return recipient->attestation_document.p != NULL
               ? KMS_OK
               : missing("recipient.attestationDocument");
}
