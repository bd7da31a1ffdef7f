#include "ops/partition.h"

static const struct {
    const char *partition, *region;
} regions[] = {
    {"aws", "af-south-1"},
    {"aws", "ap-east-1"},
    {"aws", "ap-east-2"},
    {"aws", "ap-northeast-1"},
    {"aws", "ap-northeast-2"},
    {"aws", "ap-northeast-3"},
    {"aws", "ap-south-1"},
    {"aws", "ap-south-2"},
    {"aws", "ap-southeast-1"},
    {"aws", "ap-southeast-2"},
    {"aws", "ap-southeast-3"},
    {"aws", "ap-southeast-4"},
    {"aws", "ap-southeast-5"},
    {"aws", "ap-southeast-6"},
    {"aws", "ap-southeast-7"},
    {"aws", "ca-central-1"},
    {"aws", "ca-west-1"},
    {"aws", "eu-central-1"},
    {"aws", "eu-central-2"},
    {"aws", "eu-north-1"},
    {"aws", "eu-south-1"},
    {"aws", "eu-south-2"},
    {"aws", "eu-west-1"},
    {"aws", "eu-west-2"},
    {"aws", "eu-west-3"},
    {"aws", "il-central-1"},
    {"aws", "me-central-1"},
    {"aws", "me-south-1"},
    {"aws", "mx-central-1"},
    {"aws", "sa-east-1"},
    {"aws", "us-east-1"},
    {"aws", "us-east-2"},
    {"aws", "us-west-1"},
    {"aws", "us-west-2"},
    {"aws-cn", "cn-north-1"},
    {"aws-cn", "cn-northwest-1"},
    {"aws-us-gov", "us-gov-east-1"},
    {"aws-us-gov", "us-gov-west-1"},
    {"aws-iso", "us-iso-east-1"},
    {"aws-iso", "us-iso-west-1"},
    {"aws-iso-b", "us-isob-east-1"},
    {"aws-iso-b", "us-isob-west-1"},
    {"aws-iso-e", "eu-isoe-west-1"},
    {"aws-iso-f", "us-isof-east-1"},
    {"aws-iso-f", "us-isof-south-1"},
    {"aws-eusc", "eusc-de-east-1"},
};

enum kms_rc kms_partition_check(struct kms_str partition, struct kms_str region)
{
    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        if (!kms_str_is(region, regions[i].region))
            continue;
        if (kms_str_is(partition, regions[i].partition))
            return KMS_OK;
        return kms_err(KMS_E_VALIDATION, "The replica key Region must be in the same AWS "
                                         "partition as the primary key Region.");
    }
    return kms_err(KMS_E_VALIDATION,
                   "Region %.*s is not a valid Region or multi-Region keys are not "
                   "supported in Region %.*s.",
                   KMS_FMT(region), KMS_FMT(region));
}
