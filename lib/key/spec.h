/*
 * spec.h - what each key spec can do: usages, algorithms, sizes. One table.
 *
 * Source: AWS KMS Developer Guide, "Key spec reference"; FIPS 186-5, SP 800-56A.
 */
#ifndef KMS_KEY_SPEC_H
#define KMS_KEY_SPEC_H

#include "key/key.h"

/* True when usage is one of the spec's usages. */
bool kms_spec_allows(enum kms_key_spec spec, enum kms_key_usage_type usage);
/* True for SYMMETRIC_DEFAULT. */
bool kms_spec_symmetric(enum kms_key_spec spec);

#endif
