#include "key/context.h"
#include "key/spec.h"
#include "keyring/use.h"
#include "ops/crypt.h"

static bool symmetric(const struct kms_crypt *side)
{
    return kms_spec_symmetric(side->key->spec);
}

enum kms_rc kms_crypt_check(const struct kms_crypt *side)
{
    KMS_TRY(kms_spec_encrypts(side->key->spec, side->alg));
    if (!symmetric(side) && side->context.n != 0)
        return kms_err(KMS_E_VALIDATION,
                       "EncryptionContext is not supported when encrypting/decrypting "
                       "with asymmetric CMKs.");
    return KMS_OK;
}

enum kms_rc kms_crypt_check_open(const struct kms_crypt *side)
{
    if (side->alg == KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT && !symmetric(side))
        return KMS_E_INVALID_CIPHERTEXT;
    return kms_crypt_check(side);
}

enum kms_rc kms_crypt_seal(struct kms_call *call, const struct kms_crypt *side,
                           struct kms_bytes plain, struct kms_bytes *blob)
{
    struct kms_bytes context;

    if (!symmetric(side)) {
        KMS_TRY(kms_spec_plaintext(side->key->spec, side->alg, plain.n));
        return kms_keyring_encrypt_public(call->keyring, side->key, side->alg, plain,
                                          call->arena, blob);
    }
    KMS_TRY(kms_context_canon(call->arena, &side->context, &context));
    return kms_keyring_encrypt(call->keyring, side->key, context, plain, call->arena,
                               blob);
}

enum kms_rc kms_crypt_open(struct kms_call *call, const struct kms_crypt *side,
                           struct kms_bytes blob, struct kms_bytes *plain,
                           struct kms_str *kmid)
{
    const struct kms_key_version *version;
    struct kms_bytes context;

    if (!symmetric(side)) {
        KMS_TRY(kms_keyring_decrypt_private(call->keyring, side->key, side->alg, blob,
                                            call->arena, plain));
        *kmid = (struct kms_str){NULL, 0};
        return KMS_OK;
    }
    KMS_TRY(kms_context_canon(call->arena, &side->context, &context));
    KMS_TRY(kms_keyring_decrypt(call->keyring, side->key, context, blob, call->arena,
                                plain, &version));
    return kms_kmid_text(call->arena, version->kmid, kmid);
}
