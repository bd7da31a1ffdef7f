#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

static const char *const names[KMS_FAULT_COUNT] = {
    [KMS_FAULT_AUDIT_APPEND] = "audit_append",
    [KMS_FAULT_STORE_COMMIT] = "store_commit",
    [KMS_FAULT_TOKEN_SEAL] = "token_seal",
    [KMS_FAULT_TOKEN_UNSEAL] = "token_unseal",
};

static atomic_uint armed[KMS_FAULT_COUNT];

void kms_fault_arm(enum kms_fault point, unsigned nth)
{
    atomic_store(&armed[point], nth);
}

bool kms_fault_hit(enum kms_fault point)
{
    unsigned left = atomic_load_explicit(&armed[point], memory_order_relaxed);

    while (left != 0)
        if (atomic_compare_exchange_weak(&armed[point], &left, left - 1))
            return left == 1;
    return false;
}

bool kms_fault_parse(const char *spec)
{
    while (*spec != '\0') {
        size_t n = strcspn(spec, "=");
        char *end;
        unsigned long nth;
        int point = -1;

        for (int i = 0; i < KMS_FAULT_COUNT; i++)
            if (strlen(names[i]) == n && strncmp(spec, names[i], n) == 0)
                point = i;
        if (point < 0 || spec[n] != '=')
            return false;
        nth = strtoul(spec + n + 1, &end, 10);
        if (end == spec + n + 1 || (*end != ',' && *end != '\0') || nth > 1000000000)
            return false;
        kms_fault_arm((enum kms_fault)point, (unsigned)nth);
        spec = *end == ',' ? end + 1 : end;
    }
    return true;
}
