/*
 * records.h - rows of the audit log: the exact bytes of each record.
 *
 * Append only: the schema refuses UPDATE and DELETE by triggers.
 */
#ifndef KMS_STORE_RECORDS_H
#define KMS_STORE_RECORDS_H

#include "store/store.h"

/*
 * change marks the record of a change, so that the last one is found by an index.
 * KMS_FAULT_AUDIT_APPEND stands before the insert.
 */
KMS_RC kms_records_append(struct kms_tx *tx, uint64_t seq, struct kms_bytes record,
                          bool change);
/* The newest record; KMS_E_NOT_FOUND in an empty log. Bytes in the arena. */
KMS_RC kms_records_last(struct kms_tx *tx, struct kms_arena *a, uint64_t *seq,
                        struct kms_bytes *record);
/* The same for the newest record of a change. */
KMS_RC kms_records_last_change(struct kms_tx *tx, struct kms_arena *a, uint64_t *seq,
                               struct kms_bytes *record);
/*
 * Calls each for every record from seq on, in order, until it returns something else
 * than KMS_OK (handed back). record is borrowed for the call.
 */
KMS_RC kms_records_each(struct kms_tx *tx, uint64_t from_seq,
                        KMS_RC (*each)(void *arg, uint64_t seq, struct kms_bytes record),
                        void *arg);

/*
 * For kmsctl, without a running store: open the database file read-only and walk its
 * records. Works beside a running daemon.
 */
KMS_RC kms_records_walk_file(const char *path, uint64_t from_seq,
                             KMS_RC (*each)(void *arg, uint64_t seq,
                                            struct kms_bytes record),
                             void *arg);

#endif
