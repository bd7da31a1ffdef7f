/* digest.h - SHA-256 (FIPS 180-4), in one piece or bit by bit. */
#ifndef KMS_CRYPTO_DIGEST_H
#define KMS_CRYPTO_DIGEST_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"

enum { KMS_SHA256_LEN = 32 };

/* The digest of data. Thread-safe; KMS_E_CRYPTO when the library refuses. */
KMS_RC kms_sha256(struct kms_bytes data, uint8_t out[KMS_SHA256_LEN]);
/* The digest of n parts one after the other. */
KMS_RC kms_sha256_parts(const struct kms_bytes *parts, size_t n,
                        uint8_t out[KMS_SHA256_LEN]);

/* A digest under way, for what comes in pieces. Belongs to one thread at a time. */
struct kms_digest;
KMS_OWNED(digest);

KMS_RC kms_digest_new(struct kms_digest **out);
KMS_RC kms_digest_add(struct kms_digest *d, struct kms_bytes data);
/* The digest of everything added; d then starts afresh. */
KMS_RC kms_digest_end(struct kms_digest *d, uint8_t out[KMS_SHA256_LEN]);

#endif
