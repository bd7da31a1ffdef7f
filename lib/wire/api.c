#include "wire/api.h"

const struct kms_api_op *kms_api_find(struct kms_str name)
{
    for (size_t i = 0; i < KMS_OP_COUNT; i++)
        if (kms_str_is(name, kms_api_ops[i].command) ||
            kms_str_is(name, kms_api_ops[i].op->name))
            return &kms_api_ops[i];
    return NULL;
}

const struct kms_api_flag *kms_api_flag(const struct kms_api_op *op, struct kms_str name)
{
    for (size_t i = 0; i < op->n_flags; i++)
        if (kms_str_is(name, op->flags[i].flag) ||
            kms_str_is(name, op->flags[i].member->name))
            return &op->flags[i];
    return NULL;
}
