#include "key/context.h"
#include "key/spec.h"
#include "ops/data_key.h"

enum kms_rc kms_data_key_gate(const struct kms_key *key, const char *what)
{
    if (kms_spec_symmetric(key->spec))
        return KMS_OK;
    return kms_err(KMS_E_INVALID_KEY_USAGE,
                   "You cannot generate a %s with an asymmetric CMK", what);
}

enum kms_rc kms_data_key_check(const struct kms_data_key_request *r)
{
    if (r->has_number_of_bytes == (r->spec != KMS_DATA_KEY_SPEC_NONE))
        return kms_err(KMS_E_VALIDATION,
                       "Please specify either number of bytes or key spec.");
    return KMS_OK;
}

static size_t length_of(const struct kms_data_key_request *r)
{
    switch (r->spec) {
    case KMS_DATA_KEY_SPEC_AES_128:
        return 16;
    case KMS_DATA_KEY_SPEC_AES_256:
        return 32;
    case KMS_DATA_KEY_SPEC_NONE:
        break;
    }
    return (size_t)r->number_of_bytes;
}

enum kms_rc kms_data_key_make(struct kms_call *call, const struct kms_data_key_request *r,
                              struct kms_data_key *out)
{
    const struct kms_key *key = call->key;
    struct kms_data_key made;
    struct kms_bytes context;

    KMS_TRY(kms_data_key_gate(key, "data key"));
    KMS_TRY(kms_context_canon(call->arena, &r->context, &context));
    KMS_TRY(kms_keyring_random(call->arena, length_of(r), &made.plain));
    KMS_TRY(kms_keyring_encrypt(call->keyring, key, context, made.plain, call->arena,
                                &made.blob));
    KMS_TRY(kms_kmid_text(call->arena, kms_key_current(key)->kmid, &made.kmid));
    *out = made;
    return KMS_OK;
}
