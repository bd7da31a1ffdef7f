/*
 * family.h - the members of a multi-Region key, one a Region, and what they share.
 *
 * Shared are the key material with its history, the settings and the count of rotations,
 * and which Region is primary: whoever changes one of them writes it to every member in
 * the same transaction. Whether imported material is there and when it expires is each
 * member's own, and so is everything else. Source: AWS KMS Developer Guide, "Multi-Region
 * keys", "Shared properties".
 */
#ifndef KMS_OPS_FAMILY_H
#define KMS_OPS_FAMILY_H

#include "ops/ops.h"

/* each is called for the members of k's family but k, Region by Region, until it fails.
 */
KMS_RC kms_family_others(struct kms_tx *tx, const struct kms_key *k,
                         KMS_RC (*each)(void *arg, const struct kms_key *other),
                         void *arg);
/* True when k has relatives in other Regions: replicas of a primary. */
KMS_RC kms_family_any(struct kms_tx *tx, const struct kms_key *k, bool *out);
/*
 * True when the material with this id is there in every member but k. Of a key in one
 * Region that is so.
 */
KMS_RC kms_family_has(struct kms_tx *tx, const struct kms_key *k,
                      const uint8_t kmid[KMS_KMID_LEN], bool *out);

/*
 * Write k and, to the other members, what they share with it; one echo each, in the
 * arena. A version that k no longer has goes from them too.
 */
KMS_RC kms_family_update(struct kms_tx *tx, const struct kms_key *k, struct kms_arena *a,
                         struct kms_echo **echoes);
/*
 * Give a new member its copy of the versions of a relative. Material that was imported
 * does not come along: each member imports it for itself.
 */
KMS_RC kms_family_versions(const struct kms_key *from, struct kms_key *to);

/* Add one echo in the arena, about k. */
KMS_RC kms_family_echo(const char *event, const struct kms_key *k, struct kms_arena *a,
                       struct kms_echo **echoes);

/* "SynchronizeMultiRegionKey" */
extern const char kms_family_synchronized[];

/* KMS_E_UNSUPPORTED_OPERATION "<ARN> is not a multi-region primary key." */
KMS_RC kms_family_primary_gate(const struct kms_key *k);

#endif
