#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/access.h"
#include "store/access_keys.h"

/* An id has one place; whoever comes next with it throws it out. */
enum { PLACES = 4096, BLOCK = 512, ID_MAX = 128 };

struct held {
    struct kms_access_held is; /* first */
    atomic_int refs;
    struct kms_arena *arena;
    struct kms_str id;
    struct kms_bytes sealed;
    struct kms_signer *signer;
    uint64_t epoch;
    bool there; /* false: there is no such key */
};

struct kms_access_cache {
    struct kms_store *store;
    struct kms_keyring *keyring;
    pthread_mutex_t lock; /* of places */
    struct held *places[PLACES];
};

void kms_access_held_free(struct kms_access_held *is)
{
    struct held *h = (struct held *)is;

    if (h == NULL || atomic_fetch_sub(&h->refs, 1) > 1)
        return;
    kms_policy_unref(h->is.policy);
    kms_signer_free(h->signer);
    kms_arena_free(h->arena);
    free(h);
}

void kms_access_cache_free(struct kms_access_cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++)
        if (c->places[i] != NULL)
            kms_access_held_free(&c->places[i]->is);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

enum kms_rc kms_access_cache_new(struct kms_store *store, struct kms_keyring *keyring,
                                 struct kms_access_cache **out)
{
    struct kms_access_cache *c = calloc(1, sizeof *c);

    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for access keys");
    c->store = store;
    c->keyring = keyring;
    pthread_mutex_init(&c->lock, NULL);
    *out = c;
    return KMS_OK;
}

static struct held **place_of(struct kms_access_cache *c, struct kms_str id)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (unsigned char)id.p[i]) * UINT64_C(0x100000001b3);
    return &c->places[(h ^ h >> 32) % PLACES];
}

/* One more reference to what is kept of id, as of whatever epoch; NULL for nothing. */
static struct held *lookup(struct kms_access_cache *c, struct kms_str id)
{
    struct held *h;

    pthread_mutex_lock(&c->lock);
    h = *place_of(c, id);
    if (h != NULL && kms_str_eq(h->id, id))
        atomic_fetch_add(&h->refs, 1);
    else
        h = NULL;
    pthread_mutex_unlock(&c->lock);
    return h;
}

static void keep(struct kms_access_cache *c, struct held *h)
{
    struct held **place, *old;

    atomic_fetch_add(&h->refs, 1);
    pthread_mutex_lock(&c->lock);
    place = place_of(c, h->id);
    old = *place;
    if (old != NULL && kms_str_eq(old->id, h->id) && old->epoch > h->epoch) {
        old = h; /* somebody has seen a later state */
    } else {
        *place = h;
    }
    pthread_mutex_unlock(&c->lock);
    if (old != NULL)
        kms_access_held_free(&old->is);
}

/* The secret of the row: the one that is known, if the row still has the same. */
static enum kms_rc take_secret(struct kms_access_cache *c, struct held *h,
                               const struct kms_access_key *row,
                               const struct held *before)
{
    KMS_AUTO(secret) secret = NULL;

    if (before != NULL && before->there && kms_bytes_eq(before->sealed, row->sealed))
        return kms_signer_copy(before->signer, &h->signer);
    KMS_TRY(
        kms_keyring_unseal_access(c->keyring, row->id, row->sealed, row->kek, &secret));
    return kms_signer_new(secret, &h->signer);
}

static enum kms_rc fill(struct kms_access_cache *c, struct held *h,
                        const struct kms_access_key *row, const struct held *before)
{
    struct kms_access *a = &h->is.access;

    KMS_TRY(take_secret(c, h, row, before));
    if (row->policy.p != NULL &&
        kms_policy_compile(row->policy, KMS_POLICY_SESSION, &h->is.policy) != KMS_OK)
        return kms_err(KMS_E_STORE, "access key %.*s: its session policy is none",
                       KMS_FMT(row->id));
    h->sealed = row->sealed;
    a->principal = row->principal;
    a->signer = h->signer;
    a->token_sha256 = row->token_sha256;
    a->issued_ms = row->expires_ms != 0 ? row->created_ms : 0;
    a->expires_ms = row->expires_ms;
    h->there = true;
    return KMS_OK;
}

static enum kms_rc load(struct kms_access_cache *c, struct kms_str id, uint64_t epoch,
                        const struct held *before, struct held **out)
{
    KMS_AUTO(tx) tx = NULL;
    struct held *h = calloc(1, sizeof *h);
    struct kms_access_key row;
    enum kms_rc rc;

    if (h == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for an access key");
    atomic_init(&h->refs, 1);
    h->epoch = epoch;
    rc = kms_arena_new_of(BLOCK, &h->arena);
    if (rc == KMS_OK)
        rc = kms_arena_str(h->arena, id, &h->id);
    if (rc == KMS_OK)
        rc = kms_store_read(c->store, &tx);
    if (rc == KMS_OK) {
        rc = kms_access_keys_get(tx, id, h->arena, &row);
        if (rc == KMS_OK)
            rc = fill(c, h, &row, before);
        else if (rc == KMS_E_NOT_FOUND)
            rc = KMS_OK;
    }
    if (rc != KMS_OK) {
        kms_access_held_free(&h->is);
        return rc;
    }
    *out = h;
    return KMS_OK;
}

enum kms_rc kms_access_get(struct kms_access_cache *c, struct kms_str id,
                           struct kms_access_held **out)
{
    struct held *h, *fresh = NULL;
    uint8_t root[32];
    uint64_t epoch;
    enum kms_rc rc;

    if (id.n > ID_MAX)
        return KMS_E_NOT_FOUND;
    kms_store_root(c->store, &epoch, root);
    h = lookup(c, id);
    if (h == NULL || h->epoch < epoch) {
        rc = load(c, id, epoch, h, &fresh);
        if (h != NULL)
            kms_access_held_free(&h->is);
        KMS_TRY(rc);
        assert(fresh != NULL);
        h = fresh;
        keep(c, h);
    }
    if (h->there) {
        *out = &h->is;
        return KMS_OK;
    }
    kms_access_held_free(&h->is);
    return KMS_E_NOT_FOUND;
}
