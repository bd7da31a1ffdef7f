#include "key/spec.h"
#include "keyring/use.h"
#include "ops/ops.gen.h"
#include "ops/ops.h"

/* Without words for a key that has no public half, as the service has it. */
enum kms_rc kms_op_get_public_key(struct kms_call *call,
                                  const struct kms_get_public_key_in *in,
                                  struct kms_get_public_key_out *out)
{
    const struct kms_key *k = call->key;

    (void)in;
    if (!kms_spec_asymmetric(k->spec))
        return KMS_E_UNSUPPORTED_OPERATION;
    KMS_TRY(kms_keyring_public_key(call->keyring, k, call->arena, &out->public_key));
    out->key_id = k->arn;
    out->customer_master_key_spec = k->spec;
    out->key_spec = k->spec;
    out->key_usage = k->usage;
    if (k->usage == KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT)
        out->encryption_algorithms = kms_spec_encryption(k->spec);
    if (k->usage == KMS_KEY_USAGE_TYPE_SIGN_VERIFY)
        out->signing_algorithms = kms_spec_signing(k->spec);
    if (k->usage == KMS_KEY_USAGE_TYPE_KEY_AGREEMENT)
        out->key_agreement_algorithms = kms_spec_agreement(k->spec);
    return KMS_OK;
}
