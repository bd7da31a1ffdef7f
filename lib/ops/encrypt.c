#include "key/context.h"
#include "key/spec.h"
#include "ops/ops.gen.h"
#include "ops/ops.h"

enum kms_rc kms_op_encrypt(struct kms_call *call, const struct kms_encrypt_in *in,
                           struct kms_encrypt_out *out)
{
    const struct kms_key *key = call->key;
    struct kms_bytes context;

    KMS_TRY(kms_spec_encrypts(key->spec, in->encryption_algorithm));
    KMS_TRY(kms_context_canon(call->arena, &in->encryption_context, &context));
    KMS_TRY(kms_keyring_encrypt(call->keyring, key, context, in->plaintext, call->arena,
                                &out->ciphertext_blob));
    out->key_id = key->arn;
    out->encryption_algorithm = in->encryption_algorithm;
    return KMS_OK;
}
