/*
 * verify.h - hold a stream of records against the rules of the chain.
 *
 * Needs nothing but the records: works on an export as on the database.
 */
#ifndef KMS_AUDIT_VERIFY_H
#define KMS_AUDIT_VERIFY_H

#include "base/bytes.h"
#include "base/err.h"

enum { KMS_AUDIT_HASH_LEN = 32 };

/* {0} starts before the first record. */
struct kms_audit_verifier {
    uint64_t seq;                          /* of the last record that was good */
    uint8_t head[KMS_AUDIT_HASH_LEN];      /* SHA-256 of that record; zeros before it */
    char first[32], last[32];              /* eventTime of the first and last record */
};

/*
 * The next record, stored under row number seq. KMS_E_TAMPERED with words that name the
 * record when it is not the successor of the one before: missing, out of order, altered
 * (its own bytes or those before it), or not a JSON object.
 */
KMS_RC kms_audit_verify_next(struct kms_audit_verifier *v, uint64_t seq,
                             struct kms_bytes record);

#endif
