/*
 * canonical.h - the canonical request of AWS Signature Version 4, from the bytes
 * received.
 *
 * Source: AWS General Reference, "Create a canonical request". Pure; the public test
 * suite runs against it.
 */
#ifndef KMS_AUTHN_CANONICAL_H
#define KMS_AUTHN_CANONICAL_H

#include "authn/http.h"
#include "base/arena.h"
#include "base/buf.h"

/*
 * The path without dot segments and double slashes, each byte but unreserved ones and "/"
 * as %XX. raw: leave segments as they are.
 */
void kms_canonical_path(struct kms_str path, bool raw, struct kms_buf *out);

/*
 * The parameters of a query, decoded and encoded again the one way, in order; without
 * X-Amz-Signature. KMS_E_NOMEM.
 */
KMS_RC kms_canonical_query(struct kms_str query, struct kms_arena *a,
                           struct kms_buf *out);

/* "name:value\n" of each header that signed_headers ("a;b;c") names, in its order. */
void kms_canonical_headers(const struct kms_request *req, struct kms_str signed_headers,
                           struct kms_buf *out);

/* The whole: method, path, query, headers, their names, the payload's hash in hex. */
KMS_RC kms_canonical_request(const struct kms_request *req, struct kms_str signed_headers,
                             const char *payload_hash, struct kms_arena *a,
                             struct kms_buf *out);

/* The decoded value of a query parameter, in the arena; absent when it is not there. */
KMS_RC kms_query_value(struct kms_str query, const char *name, struct kms_arena *a,
                       struct kms_str *out);

#endif
