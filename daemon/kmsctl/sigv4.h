/*
 * sigv4.h - signs a request to kmsd. Source: AWS General Reference, "Signature Version 4
 * signing process" (AWS4-HMAC-SHA256, header form).
 *
 * Even where a client certificate says who calls, the credential scope says which Region
 * is meant, so every request carries one.
 */
#ifndef KMSD_KMSCTL_SIGV4_H
#define KMSD_KMSCTL_SIGV4_H

#include "base/buf.h"

enum { KMS_SIGV4_TIME = 17 }; /* "20261124T025155Z" with its NUL */

struct kms_sigv4 {
    const char *access_key_id, *secret, *session_token; /* token: NULL for none */
    const char *region;
    const char *host;   /* the Host header as it is sent */
    const char *target; /* "TrentService.Encrypt" */
    const char *time;   /* X-Amz-Date as it is sent */
    struct kms_bytes body;
};

/*
 * The value of the Authorization header of a POST to "/", signing content-type
 * (application/x-amz-json-1.1), host, x-amz-date, x-amz-target and, with a token,
 * x-amz-security-token. KMS_E_CRYPTO when the library refuses.
 */
KMS_RC kms_sigv4_authorization(const struct kms_sigv4 *s, struct kms_buf *out);

#endif
