/*
 * sigv4.h - AWS Signature Version 4 (AWS4-HMAC-SHA256) verified over the bytes received,
 * in header and in presigned query form.
 *
 * Source: AWS General Reference, "Signature Version 4 signing process", "Add the
 * signature to the request"; texts of refusals as the service's.
 */
#ifndef KMS_AUTHN_SIGV4_H
#define KMS_AUTHN_SIGV4_H

#include "authn/canonical.h"
#include "authn/signer.h"

/* How far a request's time may be from the daemon's. */
enum { KMS_SIGV4_SKEW_MS = 15 * 60 * 1000, KMS_SIGV4_EXPIRES_MAX_S = 7 * 24 * 3600 };

/* A signature that a request carries, before it is known to be any good. */
struct kms_signature {
    struct kms_credential credential;
    struct kms_str time;          /* X-Amz-Date, else Date, as sent; absent: neither */
    struct kms_str session_token; /* or absent */
    bool presigned;
    int32_t expires_s; /* of a presigned request */
};

/* Whether the request carries any: an Authorization header or an X-Amz-Algorithm. */
bool kms_signature_there(const struct kms_request *req);

/*
 * Take the signature apart. KMS_E_INCOMPLETE_SIGNATURE and KMS_E_SIGV4_SIGNATURE in the
 * service's words for what is malformed, two signatures included.
 */
KMS_RC kms_signature_parse(const struct kms_request *req, struct kms_arena *a,
                           struct kms_signature *out);

/*
 * The signature is of this request, by who has the signer's secret, and now.
 * KMS_E_SIGV4_SIGNATURE in the service's words otherwise: a header that has to be signed
 * and is not (host and every x-amz- one), a date that does not fit the scope, a time
 * outside the window, another signature.
 */
KMS_RC kms_signature_verify(const struct kms_signature *s, const struct kms_request *req,
                            struct kms_signer *signer, int64_t now_ms,
                            struct kms_arena *a);

/* The string to sign: algorithm, time, scope and the canonical request's hash. */
KMS_RC kms_signature_string(struct kms_str time, struct kms_str scope,
                            struct kms_bytes canonical, struct kms_buf *out);

#endif
