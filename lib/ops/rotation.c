#include "key/spec.h"
#include "key/state.h"
#include "ops/rotation.h"

enum kms_rc kms_rotation_supported(const struct kms_key *key)
{
    return kms_spec_symmetric(key->spec) ? KMS_OK : KMS_E_UNSUPPORTED_OPERATION;
}

enum kms_rc kms_rotation_primary_gate(const struct kms_call *call)
{
    if (!kms_state_is_replica(call->key))
        return KMS_OK;
    return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                   "%.*s is a multi-region replica key which is not valid for %s.",
                   KMS_FMT(call->key->arn), call->op->name);
}
