/* due.h - background acts on a key whose time has come, inside a job of the writer. */
#ifndef KMS_OPS_DUE_H
#define KMS_OPS_DUE_H

#include "key/state.h"
#include "ops/ops.h"

struct kms_due {
    enum kms_due_kind kind;
    int64_t at_ms; /* when it was due: acts are dated by this, not by when they ran */
};

/* What an act left behind. */
struct kms_due_done {
    const char *event; /* what its record is called; NULL when there is nothing to tell */
    struct kms_echo *echoes; /* of other keys; in the arena */
    bool destroyed;          /* key material was */
};

/*
 * Do what is due for k and write it, to its whole family where they share it. A rotation
 * on demand leaves the automatic schedule. KMS_E_STORE for nothing at all.
 */
KMS_RC kms_due_act(struct kms_tx *tx, struct kms_keyring *kr, const struct kms_key *k,
                   const struct kms_due *due, struct kms_arena *a,
                   struct kms_due_done *out);

#endif
