#include "ops/ops.gen.h"
#include "ops/request.h"

enum kms_rc kms_check_generate_random(const void *request)
{
    const struct kms_generate_random_in *in = request;

    if (!in->has_number_of_bytes)
        return kms_err(KMS_E_VALIDATION, "NumberOfBytes is required.");
    if (in->custom_key_store_id.p != NULL)
        return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                       "kmsd does not support custom key stores yet.");
    return kms_check_recipient(in->recipient);
}

enum kms_rc kms_op_generate_random(struct kms_call *call,
                                   const struct kms_generate_random_in *in,
                                   struct kms_generate_random_out *out)
{
    return kms_keyring_random(call->arena, (size_t)in->number_of_bytes, &out->plaintext);
}
