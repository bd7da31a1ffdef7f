#include "policy/request.h"

void kms_policy_pairs_find(void *arg, const struct kms_ckey *key,
                           struct kms_policy_values *out)
{
    const struct kms_policy_pairs *pairs = arg;

    for (size_t i = 0; i < pairs->n; i++) {
        if (kms_ckey_same(key->name, pairs->v[i].name)) {
            out->v = pairs->v[i].v;
            out->n = pairs->v[i].n;
        }
    }
}
