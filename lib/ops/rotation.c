#include "key/spec.h"
#include "ops/rotation.h"

enum kms_rc kms_rotation_supported(const struct kms_key *key)
{
    return kms_spec_symmetric(key->spec) ? KMS_OK : KMS_E_UNSUPPORTED_OPERATION;
}
