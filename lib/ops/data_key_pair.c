#include "key/context.h"
#include "ops/data_key.h"
#include "ops/data_key_pair.h"
#include "ops/spec_here.h"

enum kms_rc kms_data_key_pair_make(struct kms_call *call,
                                   const struct kms_data_key_pair_request *r,
                                   struct kms_data_key_pair *out)
{
    struct kms_data_key_pair made;
    struct kms_bytes context;

    KMS_TRY(kms_data_key_gate(call->key, "data key pair"));
    KMS_TRY(kms_spec_here(call, r->spec));
    KMS_TRY(kms_context_canon(call->arena, &r->context, &context));
    if (r->dry_run)
        return KMS_OK;
    KMS_TRY(kms_keyring_make_pair(r->spec, call->arena, &made.pair));
    KMS_TRY(kms_keyring_encrypt(call->keyring, call->key, context, made.pair.pkcs8,
                                call->arena, &made.blob));
    KMS_TRY(kms_kmid_text(call->arena, kms_key_current(call->key)->kmid, &made.kmid));
    *out = made;
    return KMS_OK;
}
