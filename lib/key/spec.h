/*
 * spec.h - what each key spec can do: usages and algorithms. One table.
 *
 * Source: AWS KMS Developer Guide, "Key spec reference".
 */
#ifndef KMS_KEY_SPEC_H
#define KMS_KEY_SPEC_H

#include "key/key.h"

/* True when usage is one of the spec's usages. */
bool kms_spec_allows(enum kms_key_spec spec, enum kms_key_usage_type usage);
/* True for SYMMETRIC_DEFAULT. */
bool kms_spec_symmetric(enum kms_key_spec spec);

/* The algorithms an ENCRYPT_DECRYPT key of this spec lists, in the service's order. */
struct kms_encryption_algorithm_spec_list kms_spec_encryption(enum kms_key_spec spec);
/*
 * KMS_E_INVALID_KEY_USAGE "Algorithm A is incompatible with key spec S." unless alg is
 * one of them.
 */
KMS_RC kms_spec_encrypts(enum kms_key_spec spec, enum kms_encryption_algorithm_spec alg);

#endif
