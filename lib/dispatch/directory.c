#include <stdatomic.h>
#include <stdlib.h>

#include "dispatch/directory.h"

struct kms_directory {
    atomic_int refs;
    struct kms_arena *arena;
    struct kms_identities *identities;
    const struct kms_identity_rule *rules;
    size_t n_rules;
    const struct kms_dev_credential *credentials;
    size_t n_credentials;
    struct kms_str digest;
};

void kms_directory_free(struct kms_directory *d)
{
    if (d == NULL || atomic_fetch_sub(&d->refs, 1) > 1)
        return;
    kms_identities_free(d->identities);
    kms_arena_free(d->arena);
    free(d);
}

struct kms_directory *kms_directory_ref(struct kms_directory *d)
{
    atomic_fetch_add(&d->refs, 1);
    return d;
}

static enum kms_rc copy_rules(struct kms_directory *d,
                              const struct kms_directory_opts *opts)
{
    struct kms_identity_rule *rules =
        kms_arena_alloc(d->arena, opts->n_rules * sizeof *rules);

    if (rules == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identity rules");
    for (size_t i = 0; i < opts->n_rules; i++)
        KMS_TRY(kms_identity_rule_copy(&opts->rules[i], d->arena, &rules[i]));
    d->rules = rules;
    d->n_rules = opts->n_rules;
    return kms_arena_str(d->arena, opts->digest, &d->digest);
}

static enum kms_rc copy_credentials(struct kms_directory *d,
                                    const struct kms_directory_opts *opts)
{
    struct kms_dev_credential *v =
        kms_arena_alloc(d->arena, opts->n_credentials * sizeof *v);

    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for credentials");
    for (size_t i = 0; i < opts->n_credentials; i++) {
        KMS_TRY(kms_arena_str(d->arena, opts->credentials[i].id, &v[i].id));
        KMS_TRY(kms_arena_str(d->arena, opts->credentials[i].principal, &v[i].principal));
    }
    d->credentials = v;
    d->n_credentials = opts->n_credentials;
    return KMS_OK;
}

enum kms_rc kms_directory_new(const struct kms_directory_opts *opts,
                              struct kms_directory **out)
{
    KMS_AUTO(identities) identities = opts->identities;
    KMS_AUTO(directory) d = calloc(1, sizeof *d);

    if (d == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    atomic_init(&d->refs, 1);
    KMS_TRY(kms_arena_new(&d->arena));
    KMS_TRY(copy_rules(d, opts));
    KMS_TRY(copy_credentials(d, opts));
    d->identities = KMS_TAKE(identities);
    *out = KMS_TAKE(d);
    return KMS_OK;
}

const struct kms_identities *kms_directory_identities(const struct kms_directory *d)
{
    return d->identities;
}

const struct kms_identity_rule *kms_directory_rules(const struct kms_directory *d,
                                                    size_t *n)
{
    *n = d->n_rules;
    return d->rules;
}

struct kms_str kms_directory_credential(const struct kms_directory *d, struct kms_str id)
{
    for (size_t i = 0; i < d->n_credentials; i++)
        if (kms_str_eq(d->credentials[i].id, id))
            return d->credentials[i].principal;
    return (struct kms_str){NULL, 0};
}

struct kms_str kms_directory_digest(const struct kms_directory *d)
{
    return d->digest;
}
