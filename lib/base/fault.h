/*
 * fault.h - named points where a test makes the daemon fail.
 *
 * Each point stands before an act that can fail in life. Unarmed, a point costs one
 * relaxed load. Points are armed by unit tests, and in the dev profile by the
 * environment at start: KMSD_FAULTS="store_commit=3,audit_append=1" (fail the Nth time).
 */
#ifndef KMS_BASE_FAULT_H
#define KMS_BASE_FAULT_H

#include <stdbool.h>

enum kms_fault {
    KMS_FAULT_AUDIT_APPEND, /* before a record is inserted */
    KMS_FAULT_STORE_COMMIT, /* before COMMIT */
    KMS_FAULT_TOKEN_SEAL,   /* before C_Encrypt */
    KMS_FAULT_TOKEN_UNSEAL, /* before C_Decrypt */
    KMS_FAULT_COUNT
};

/* The nth pass (1 = the next) fails, once; 0 disarms. */
void kms_fault_arm(enum kms_fault point, unsigned nth);
/* True when this pass has to fail. */
bool kms_fault_hit(enum kms_fault point);
/* Arms from "name=N,name=N"; false when a name or number is not understood. */
bool kms_fault_parse(const char *spec);

#endif
