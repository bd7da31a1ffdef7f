#include "key/context.h"
#include "key/spec.h"
#include "ops/ops.gen.h"
#include "ops/request.h"

enum kms_rc kms_check_decrypt(const void *request)
{
    const struct kms_decrypt_in *in = request;

    KMS_TRY(kms_check_recipient(in->recipient));
    return kms_check_ciphertext(
        &(struct kms_ciphertext_request){.blob = in->ciphertext_blob,
                                         .key_id = in->key_id,
                                         .key_path = "keyId",
                                         .dry_run = in->dry_run,
                                         .modifiers = in->dry_run_modifiers});
}

enum kms_rc kms_op_decrypt(struct kms_call *call, const struct kms_decrypt_in *in,
                           struct kms_decrypt_out *out)
{
    const struct kms_key *key = call->key;
    const struct kms_key_version *version;
    struct kms_bytes context;

    KMS_TRY(kms_spec_encrypts(key->spec, in->encryption_algorithm));
    if (kms_ignores_ciphertext(in->dry_run_modifiers))
        return KMS_OK;
    KMS_TRY(kms_context_canon(call->arena, &in->encryption_context, &context));
    KMS_TRY(kms_keyring_decrypt(call->keyring, key, context, in->ciphertext_blob,
                                call->arena, &out->plaintext, &version));
    KMS_TRY(kms_kmid_text(call->arena, version->kmid, &out->key_material_id));
    out->key_id = key->arn;
    out->encryption_algorithm = in->encryption_algorithm;
    return KMS_OK;
}
