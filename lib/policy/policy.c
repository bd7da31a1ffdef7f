#include <stdlib.h>

#include "policy/model.h"

/* The count is the one part of a shared policy that changes. */
static struct kms_policy *counted(const struct kms_policy *p)
{
    return (struct kms_policy *)(uintptr_t)p;
}

const struct kms_policy *kms_policy_ref(const struct kms_policy *p)
{
    if (p != NULL)
        __atomic_add_fetch(&counted(p)->refs, 1, __ATOMIC_RELAXED);
    return p;
}

void kms_policy_unref(const struct kms_policy *p)
{
    kms_policy_free(counted(p));
}

void kms_policy_free(struct kms_policy *p)
{
    /* Release what this holder read before the last one frees it (acquire). */
    if (p != NULL && __atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL) == 0)
        free(p);
}

enum kms_policy_kind kms_policy_kind_of(const struct kms_policy *p)
{
    return p->kind;
}

size_t kms_policy_size(const struct kms_policy *p)
{
    return p->size;
}

size_t kms_policy_statements(const struct kms_policy *p)
{
    return p->n;
}

struct kms_str kms_policy_sid(const struct kms_policy *p, int statement)
{
    if (statement < 0 || (uint32_t)statement >= p->n)
        return (struct kms_str){NULL, 0};
    return p->v[statement].sid;
}

bool kms_policy_principals(const struct kms_policy *p,
                           bool (*see)(void *arg, const struct kms_who *who), void *arg)
{
    for (uint32_t i = 0; i < p->n; i++) {
        for (uint32_t j = 0; j < p->v[i].n_principals; j++) {
            const struct kms_who *who = &p->v[i].principals[j];

            if (who->form != KMS_WHO_EVERYBODY && !see(arg, who))
                return false;
        }
    }
    return true;
}

bool kms_policy_allows(const struct kms_policy_verdict *v)
{
    bool allowed = false;

    for (int g = 0; g < KMS_GRADES; g++)
        allowed = allowed || v->allow[g] >= 0;
    return allowed && v->deny < 0 && !v->unfinished;
}
