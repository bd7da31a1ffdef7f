#include <string.h>

#include "wire/op.h"
#include "wire/ops.gen.h"

const struct kms_op *kms_op_find(struct kms_str name)
{
    size_t low = 0;
    size_t high = KMS_OP_COUNT;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = kms_str_cmp(name, kms_str_of(kms_ops[middle].name));

        if (order == 0)
            return &kms_ops[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct kms_op *kms_op_at(size_t i)
{
    return i < KMS_OP_COUNT ? &kms_ops[i] : NULL;
}

size_t kms_op_count(void)
{
    return KMS_OP_COUNT;
}

bool kms_op_is_dry_run(const struct kms_op *op, const void *in)
{
    bool dry_run = false;

    return op->dry_run != NULL && kms_member_bool(op->dry_run, in, &dry_run) && dry_run;
}

struct kms_str_list kms_op_grant_tokens(const struct kms_op *op, const void *in)
{
    if (op->grant_tokens == NULL)
        return (struct kms_str_list){0};
    return kms_member_list(op->grant_tokens, in);
}
