#include "ops/default_policy.h"

enum kms_rc kms_default_policy(struct kms_call *call, struct kms_str *out)
{
    return kms_arena_fmt(call->arena, out,
                         "{\n"
                         "  \"Version\" : \"2012-10-17\",\n"
                         "  \"Id\" : \"key-default-1\",\n"
                         "  \"Statement\" : [ {\n"
                         "    \"Sid\" : \"Enable IAM User Permissions\",\n"
                         "    \"Effect\" : \"Allow\",\n"
                         "    \"Principal\" : {\n"
                         "      \"AWS\" : \"arn:%.*s:iam::%.*s:root\"\n"
                         "    },\n"
                         "    \"Action\" : \"kms:*\",\n"
                         "    \"Resource\" : \"*\"\n"
                         "  } ]\n"
                         "}",
                         KMS_FMT(call->realm->partition), KMS_FMT(call->caller.account));
}
