/*
 * imported.h - what the operations on imported key material share.
 *
 * Source: AWS KMS Developer Guide, "Importing key material"; API Reference,
 * "ImportKeyMaterial".
 */
#ifndef KMS_OPS_IMPORTED_H
#define KMS_OPS_IMPORTED_H

#include "ops/ops.h"

/* The versions of a private record, to be edited in place; NULL when memory ran out. */
struct kms_key_version *kms_imported_versions(struct kms_key *k);
/* Take the material from a version, and with it when that would have expired. */
void kms_imported_destroy(struct kms_key_version *v);

#endif
