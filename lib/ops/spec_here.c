#include "key/spec.h"
#include "keyring/use.h"
#include "ops/spec_here.h"

enum kms_rc kms_spec_here(const struct kms_call *call, enum kms_key_spec spec)
{
    if (kms_spec_family(spec) == KMS_FAMILY_SM2 &&
        !kms_str_is(call->realm->partition, "aws-cn"))
        return kms_err(KMS_E_UNSUPPORTED_OPERATION,
                       "Key spec %s is available in China Regions (partition aws-cn) "
                       "only.",
                       kms_key_spec_name(spec));
    return kms_keyring_supports(spec);
}
