/* settle.h - how an exchange ends: recorded, committed, answered. */
#ifndef KMS_DISPATCH_SETTLE_H
#define KMS_DISPATCH_SETTLE_H

#include "dispatch/exchange.h"

/* True when the operation writes: it runs inside the writer's transaction. */
bool kms_settle_is_change(const struct kms_exchange *x);
/*
 * Fill the reply of a finished read or use and describe it for the record. On failure
 * the reply is the internal error.
 */
KMS_RC kms_settle_describe(struct kms_exchange *x);
/* The writer's: one record each of what an act did to other keys. */
KMS_RC kms_settle_echoes(struct kms_service *s, struct kms_tx *tx,
                         const struct kms_echo *echoes, int64_t at_ms,
                         struct kms_arena *a);
/* Queue for the writer: the record, and for a change its stages. done follows. */
void kms_settle_submit(struct kms_exchange *x);

#endif
