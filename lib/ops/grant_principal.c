#include <string.h>

#include "ops/grant.h"
#include "policy/who.h"

static bool is_arn(struct kms_str text)
{
    return kms_str_starts(text, "arn:");
}

/* "arn:aws:iam::" begins an ARN of partition aws. */
static bool of_partition(struct kms_str arn, struct kms_str partition)
{
    struct kms_str rest = kms_str_skip(arn, strlen("arn:"));

    return rest.n > partition.n && rest.p[partition.n] == ':' &&
           memcmp(rest.p, partition.p, partition.n) == 0;
}

enum kms_rc kms_grant_principal(struct kms_call *call, struct kms_str text,
                                const char *otherwise, struct kms_str *out)
{
    const struct kms_str partition = call->realm->partition;
    struct kms_who who;

    if (!kms_who_parse(text, &who) || who.form == KMS_WHO_EVERYBODY) {
        if (is_arn(text))
            return kms_err(KMS_E_INVALID_ARN, "ARN is not valid: %.*s", KMS_FMT(text));
        return kms_err(KMS_E_INVALID_ARN, "%s", otherwise);
    }
    if (who.form == KMS_WHO_ACCOUNT)
        return kms_arena_fmt(call->arena, out, "arn:%.*s:iam::%.*s:root",
                             KMS_FMT(partition), KMS_FMT(who.text));
    /* Nobody of another partition can ever call here. */
    if (is_arn(text) && !of_partition(text, partition))
        return kms_err(KMS_E_INVALID_ARN, "ARN does not refer to a valid principal: %.*s",
                       KMS_FMT(text));
    *out = text;
    return KMS_OK;
}

enum kms_rc kms_grant_no_service(const char *member, struct kms_str text)
{
    if (text.p == NULL)
        return KMS_OK;
    return kms_err(KMS_E_VALIDATION,
                   "kmsd does not support %s: no service calls it on its own behalf.",
                   member);
}
