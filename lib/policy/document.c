#include "policy/document.h"
#include "policy/policy.h"

enum kms_rc kms_policy_check(struct kms_str text)
{
    KMS_AUTO_POLICY policy = NULL;

    if (text.n > KMS_POLICY_MAX)
        return kms_err(KMS_E_LIMIT_EXCEEDED,
                       "Key policy size quota is %d bytes, the given policy has %zu.",
                       KMS_POLICY_MAX, text.n);
    return kms_policy_compile(text, KMS_POLICY_KEY, &policy);
}
