/*
 * aliascache.h - which key an alias names, in memory.
 *
 * What a snapshot showed is kept with the epoch of that snapshot, and every change of
 * whatever row leads to another epoch: nothing has to be told of an alias that moves, and
 * nothing can be forgotten. That an alias is not there is not kept.
 */
#ifndef KMS_STORE_ALIASCACHE_H
#define KMS_STORE_ALIASCACHE_H

#include "base/own.h"
#include "key/key.h"

struct kms_alias_name {
    struct kms_str account, region, name;
};

struct kms_aliascache;
KMS_OWNED(aliascache); /* NULL is fine */

/* A fixed number of places; an alias has one, and whoever comes next takes it. */
KMS_RC kms_aliascache_new(struct kms_aliascache **out);

/* The id of its key in a snapshot of the epochs least to most; false: not known. */
bool kms_aliascache_get(struct kms_aliascache *c, const struct kms_alias_name *alias,
                        uint64_t least, uint64_t most, char id[KMS_KEY_ID_MAX + 1]);
/* Put in what a snapshot of epoch showed, unless there is later or memory is short. */
void kms_aliascache_put(struct kms_aliascache *c, const struct kms_alias_name *alias,
                        uint64_t epoch, struct kms_str id);

#endif
