#include "ops/crypt.h"
#include "ops/ops.gen.h"

enum kms_rc kms_op_encrypt(struct kms_call *call, const struct kms_encrypt_in *in,
                           struct kms_encrypt_out *out)
{
    const struct kms_crypt side = {call->key, in->encryption_algorithm,
                                   in->encryption_context};

    KMS_TRY(kms_crypt_check(&side));
    KMS_TRY(kms_crypt_seal(call, &side, in->plaintext, &out->ciphertext_blob));
    out->key_id = call->key->arn;
    out->encryption_algorithm = in->encryption_algorithm;
    return KMS_OK;
}
