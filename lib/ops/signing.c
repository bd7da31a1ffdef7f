#include "key/spec.h"
#include "ops/signing.h"

enum kms_rc kms_signing_check(const struct kms_key *key, const struct kms_signing *what)
{
    KMS_TRY(kms_spec_signs(key->spec, what->alg));
    KMS_TRY(kms_spec_message_type(key->spec, what->type));
    return kms_spec_message(what->alg, what->type, what->message.n);
}
