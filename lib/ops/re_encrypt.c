#include "key/spec.h"
#include "ops/crypt.h"
#include "ops/ops.gen.h"
#include "ops/request.h"

enum kms_rc kms_check_re_encrypt(const void *request)
{
    const struct kms_re_encrypt_in *in = request;

    return kms_check_ciphertext(
        &(struct kms_ciphertext_request){.blob = in->ciphertext_blob,
                                         .key_id = in->source_key_id,
                                         .key_path = "sourceKeyId",
                                         .alg = in->source_encryption_algorithm,
                                         .dry_run = in->dry_run,
                                         .modifiers = in->dry_run_modifiers});
}

/* The plaintext lives in the request's arena only, and goes with it. */
static KMS_RC translate(struct kms_call *call, const struct kms_crypt *from,
                        const struct kms_crypt *to, struct kms_bytes blob,
                        struct kms_re_encrypt_out *out)
{
    struct kms_bytes plain;

    KMS_TRY(kms_crypt_open(call, from, blob, &plain, &out->source_key_material_id));
    KMS_TRY(kms_crypt_seal(call, to, plain, &out->ciphertext_blob));
    if (!kms_spec_symmetric(to->key->spec))
        return KMS_OK;
    return kms_kmid_text(call->arena, kms_key_current(to->key)->kmid,
                         &out->destination_key_material_id);
}

enum kms_rc kms_op_re_encrypt(struct kms_call *call, const struct kms_re_encrypt_in *in,
                              struct kms_re_encrypt_out *out)
{
    const struct kms_crypt from = {call->key, in->source_encryption_algorithm,
                                   in->source_encryption_context};
    const struct kms_crypt to = {call->key2, in->destination_encryption_algorithm,
                                 in->destination_encryption_context};
    const bool ignores = kms_ignores_ciphertext(in->dry_run_modifiers);

    KMS_TRY(ignores ? kms_crypt_check(&from) : kms_crypt_check_open(&from));
    KMS_TRY(kms_crypt_check(&to));
    if (ignores)
        return KMS_OK;
    KMS_TRY(translate(call, &from, &to, in->ciphertext_blob, out));
    out->source_key_id = call->key->arn;
    out->key_id = call->key2->arn;
    out->source_encryption_algorithm = in->source_encryption_algorithm;
    out->destination_encryption_algorithm = in->destination_encryption_algorithm;
    return KMS_OK;
}
