#include "ops/data_key.h"
#include "ops/ops.gen.h"
#include "ops/request.h"

static struct kms_data_key_request
asked(const struct kms_generate_data_key_without_plaintext_in *in)
{
    return (struct kms_data_key_request){in->key_spec, in->number_of_bytes,
                                         in->has_number_of_bytes, in->encryption_context};
}

enum kms_rc kms_check_generate_data_key_without_plaintext(const void *request)
{
    const struct kms_data_key_request r = asked(request);

    return kms_data_key_check(&r);
}

enum kms_rc kms_op_generate_data_key_without_plaintext(
    struct kms_call *call, const struct kms_generate_data_key_without_plaintext_in *in,
    struct kms_generate_data_key_without_plaintext_out *out)
{
    const struct kms_data_key_request r = asked(in);
    struct kms_data_key made;

    KMS_TRY(kms_data_key_make(call, &r, &made));
    out->ciphertext_blob = made.blob;
    out->key_id = call->key->arn;
    out->key_material_id = made.kmid;
    return KMS_OK;
}
