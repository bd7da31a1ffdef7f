#include "ops/data_key_pair.h"
#include "ops/ops.gen.h"
#include "ops/request.h"

enum kms_rc kms_check_generate_data_key_pair(const void *request)
{
    const struct kms_generate_data_key_pair_in *in = request;

    return kms_check_recipient(in->recipient);
}

enum kms_rc kms_op_generate_data_key_pair(struct kms_call *call,
                                          const struct kms_generate_data_key_pair_in *in,
                                          struct kms_generate_data_key_pair_out *out)
{
    const struct kms_data_key_pair_request r = {in->key_pair_spec, in->encryption_context,
                                                in->dry_run};
    struct kms_data_key_pair made = {0};

    KMS_TRY(kms_data_key_pair_make(call, &r, &made));
    out->private_key_ciphertext_blob = made.blob;
    out->private_key_plaintext = made.pair.pkcs8;
    out->public_key = made.pair.spki;
    out->key_id = call->key->arn;
    out->key_pair_spec = in->key_pair_spec;
    out->key_material_id = made.kmid;
    return KMS_OK;
}
