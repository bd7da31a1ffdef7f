#include "keyring/recipient.h"
#include "ops/ops.gen.h"
#include "ops/recipient.h"

const struct kms_recipient_info *kms_recipient_of(const struct kms_op *op, const void *in)
{
    switch (op->index) {
    case KMS_OP_DECRYPT:
        return ((const struct kms_decrypt_in *)in)->recipient;
    case KMS_OP_DERIVE_SHARED_SECRET:
        return ((const struct kms_derive_shared_secret_in *)in)->recipient;
    case KMS_OP_GENERATE_DATA_KEY:
        return ((const struct kms_generate_data_key_in *)in)->recipient;
    case KMS_OP_GENERATE_DATA_KEY_PAIR:
        return ((const struct kms_generate_data_key_pair_in *)in)->recipient;
    case KMS_OP_GENERATE_RANDOM:
        return ((const struct kms_generate_random_in *)in)->recipient;
    default:
        return NULL;
    }
}

enum kms_rc kms_recipient_attest(struct kms_call *call, const void *in)
{
    const struct kms_recipient_info *recipient = kms_recipient_of(call->op, in);

    if (recipient == NULL)
        return KMS_OK;
    if (call->realm->attestation_roots == NULL)
        return kms_err(KMS_E_VALIDATION,
                       "No attestation document can be verified: this kmsd has no "
                       "attestation root (attestation_roots in its configuration).");
    return kms_keyring_attest(call->realm->attestation_roots,
                              recipient->attestation_document, call->now_ms, call->arena,
                              &call->attested);
}

/* plain is encrypted and taken away; in a dry run there may be none. */
static KMS_RC seal(struct kms_call *call, struct kms_bytes *plain,
                   struct kms_bytes *for_recipient)
{
    struct kms_bytes cms;

    if (plain->p == NULL)
        return KMS_OK;
    KMS_TRY(kms_keyring_envelop(call->attested, *plain, call->arena, &cms));
    *plain = (struct kms_bytes){NULL, 0};
    *for_recipient = cms;
    return KMS_OK;
}

enum kms_rc kms_recipient_seal(struct kms_call *call, void *out)
{
    struct kms_decrypt_out *decrypt = out;
    struct kms_derive_shared_secret_out *derive = out;
    struct kms_generate_data_key_out *data_key = out;
    struct kms_generate_data_key_pair_out *pair = out;
    struct kms_generate_random_out *random = out;

    if (call->attested == NULL)
        return KMS_OK;
    switch (call->op->index) {
    case KMS_OP_DECRYPT:
        decrypt->key_material_id = (struct kms_str){NULL, 0};
        return seal(call, &decrypt->plaintext, &decrypt->ciphertext_for_recipient);
    case KMS_OP_DERIVE_SHARED_SECRET:
        return seal(call, &derive->shared_secret, &derive->ciphertext_for_recipient);
    case KMS_OP_GENERATE_DATA_KEY:
        data_key->key_material_id = (struct kms_str){NULL, 0};
        return seal(call, &data_key->plaintext, &data_key->ciphertext_for_recipient);
    case KMS_OP_GENERATE_DATA_KEY_PAIR:
        return seal(call, &pair->private_key_plaintext, &pair->ciphertext_for_recipient);
    case KMS_OP_GENERATE_RANDOM:
        return seal(call, &random->plaintext, &random->ciphertext_for_recipient);
    default:
        return kms_err(KMS_E_CRYPTO, "%s takes no recipient", call->op->name);
    }
}
