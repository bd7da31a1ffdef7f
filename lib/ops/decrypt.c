#include "ops/crypt.h"
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
                                         .alg = in->encryption_algorithm,
                                         .dry_run = in->dry_run,
                                         .modifiers = in->dry_run_modifiers});
}

enum kms_rc kms_op_decrypt(struct kms_call *call, const struct kms_decrypt_in *in,
                           struct kms_decrypt_out *out)
{
    const struct kms_crypt side = {call->key, in->encryption_algorithm,
                                   in->encryption_context};

    if (kms_ignores_ciphertext(in->dry_run_modifiers))
        return kms_crypt_check(&side);
    KMS_TRY(kms_crypt_check_open(&side));
    KMS_TRY(kms_crypt_open(call, &side, in->ciphertext_blob, &out->plaintext,
                           &out->key_material_id));
    out->key_id = call->key->arn;
    out->encryption_algorithm = in->encryption_algorithm;
    return KMS_OK;
}
