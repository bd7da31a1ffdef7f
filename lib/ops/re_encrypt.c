#include "key/context.h"
#include "key/spec.h"
#include "ops/ops.gen.h"
#include "ops/request.h"

enum kms_rc kms_check_re_encrypt(const void *request)
{
    const struct kms_re_encrypt_in *in = request;

    return kms_check_ciphertext(
        &(struct kms_ciphertext_request){.blob = in->ciphertext_blob,
                                         .key_id = in->source_key_id,
                                         .key_path = "sourceKeyId",
                                         .dry_run = in->dry_run,
                                         .modifiers = in->dry_run_modifiers});
}

/* The plaintext lives in the request's arena only, and goes with it. */
static KMS_RC translate(struct kms_call *call, const struct kms_re_encrypt_in *in,
                        struct kms_re_encrypt_out *out)
{
    const struct kms_key_version *from, *to = kms_key_current(call->key2);
    struct kms_bytes context, plain;

    KMS_TRY(kms_context_canon(call->arena, &in->source_encryption_context, &context));
    KMS_TRY(kms_keyring_decrypt(call->keyring, call->key, context, in->ciphertext_blob,
                                call->arena, &plain, &from));
    KMS_TRY(
        kms_context_canon(call->arena, &in->destination_encryption_context, &context));
    KMS_TRY(kms_keyring_encrypt(call->keyring, call->key2, context, plain, call->arena,
                                &out->ciphertext_blob));
    KMS_TRY(kms_kmid_text(call->arena, from->kmid, &out->source_key_material_id));
    return kms_kmid_text(call->arena, to->kmid, &out->destination_key_material_id);
}

enum kms_rc kms_op_re_encrypt(struct kms_call *call, const struct kms_re_encrypt_in *in,
                              struct kms_re_encrypt_out *out)
{
    KMS_TRY(kms_spec_encrypts(call->key->spec, in->source_encryption_algorithm));
    KMS_TRY(kms_spec_encrypts(call->key2->spec, in->destination_encryption_algorithm));
    if (kms_ignores_ciphertext(in->dry_run_modifiers))
        return KMS_OK;
    KMS_TRY(translate(call, in, out));
    out->source_key_id = call->key->arn;
    out->key_id = call->key2->arn;
    out->source_encryption_algorithm = in->source_encryption_algorithm;
    out->destination_encryption_algorithm = in->destination_encryption_algorithm;
    return KMS_OK;
}
