/*
 * context.h - the encryption context in canonical form, bound into ciphertexts as AAD.
 *
 * EC = "" if empty, else u16 count, then for the pairs sorted by raw key bytes
 * u16 klen | k | u16 vlen | v, all big-endian: the AWS Encryption SDK's layout.
 * Equal maps and equal bytes are the same thing; nothing is normalised.
 */
#ifndef KMS_KEY_CONTEXT_H
#define KMS_KEY_CONTEXT_H

#include "base/arena.h"
#include "wire/shapes.gen.h"

/* The whole context may not pass this many bytes in canonical form. */
enum { KMS_CONTEXT_MAX = 8192 };

/*
 * Canonical bytes in the arena; absent and empty maps give n == 0 (p not NULL).
 * KMS_E_VALIDATION when the form passes KMS_CONTEXT_MAX. Keys are unique by decoding.
 */
KMS_RC kms_context_canon(struct kms_arena *a, const struct kms_str_map *map,
                         struct kms_bytes *out);
/*
 * The pairs of a canonical form, in its order; texts are borrowed from canon.
 * KMS_E_STORE when the bytes are not one.
 */
KMS_RC kms_context_parse(struct kms_arena *a, struct kms_bytes canon,
                         struct kms_str_map *out);

#endif
