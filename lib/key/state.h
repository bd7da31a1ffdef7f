/*
 * state.h - the key state machine: a pure function of record and clock.
 *
 * Source: AWS KMS Developer Guide, "Key states of AWS KMS keys"; SP 800-57 part 1,
 * section 7 for the mapping.
 */
#ifndef KMS_KEY_STATE_H
#define KMS_KEY_STATE_H

#include "key/key.h"

enum { KMS_DAY_MS = 24 * 60 * 60 * 1000 };

/*
 * KMS_OK when state is in the mask of allowed states (1u << state), else the refusal
 * with the service's text: KMS_E_DISABLED "<ARN> is disabled.", or KMS_E_INVALID_STATE
 * "<ARN> is pending deletion." and so on. A mask of the deletion states alone refuses
 * every other state with "<ARN> is not pending deletion."
 */
KMS_RC kms_state_gate(const struct kms_key *k, uint32_t allowed);

/*
 * KMS_OK when the key has this usage, or none is asked for (NONE); else
 * KMS_E_INVALID_KEY_USAGE "<ARN> key usage is X which is not valid for <operation>."
 */
KMS_RC kms_usage_gate(const struct kms_key *k, enum kms_key_usage_type usage,
                      const char *operation);
/*
 * KMS_OK when the key's origin is in the mask (1u << origin; 0: any), else
 * KMS_E_UNSUPPORTED_OPERATION "<ARN> origin is X which is not valid for this operation."
 */
KMS_RC kms_origin_gate(const struct kms_key *k, uint32_t allowed);

/* True for a multi-Region key whose primary is in another Region. */
bool kms_state_is_replica(const struct kms_key *k);
/*
 * True when the material of every version up to the current one is there. Versions behind
 * the current one wait for a rotation and are not bound to the key yet.
 */
bool kms_state_complete(const struct kms_key *k);
/*
 * The state of a key in which nothing is under way: Enabled, or PendingImport while
 * material that is bound to it is missing.
 */
enum kms_key_state kms_state_at_rest(const struct kms_key *k);
/*
 * Material of this private record was destroyed or brought back: PendingImport or Enabled
 * accordingly, whatever of the two or Disabled it was. States that are on the way to
 * another (deletions, Creating, Updating) stay.
 */
void kms_state_after_import(struct kms_key *k);
void kms_state_after_loss(struct kms_key *k);

/* What falls due for a key, in the order of the enum at the same moment. */
enum kms_due_kind {
    KMS_DUE_NONE,
    KMS_DUE_SETTLE,    /* Creating or Updating comes to its end */
    KMS_DUE_ON_DEMAND, /* an on-demand rotation */
    KMS_DUE_ROTATION,  /* an automatic rotation */
    KMS_DUE_EXPIRY,    /* of imported material */
    KMS_DUE_DELETION
};

/*
 * The next thing due for this key and when; KMS_DUE_NONE and *at_ms untouched when
 * nothing is scheduled. Rotation is due only while the key is Enabled (a disabled key's
 * rotation is skipped, a pending deletion suspends it). An on-demand rotation completes
 * in every state. Replicas never rotate: what the primary does is written to them. What
 * only has to settle is due at once, at 0.
 */
enum kms_due_kind kms_state_due(const struct kms_key *k, int64_t *at_ms);

#endif
