/*
 * scope.h - the credential of an AWS Signature Version 4 Authorization header.
 *
 * Source: AWS General Reference, "Signature Version 4": the header names an access key
 * id and a scope <date>/<region>/<service>/aws4_request.
 */
#ifndef KMS_AUTHN_SCOPE_H
#define KMS_AUTHN_SCOPE_H

#include "base/bytes.h"
#include "base/err.h"

/* Parts of the header, borrowed from it. */
struct kms_credential {
    struct kms_str access_key_id, date, region, service;
    struct kms_str signed_headers; /* "content-type;host;x-amz-date" */
    struct kms_str signature;      /* 64 lower-case hex digits */
};

/*
 * Split the header's value. KMS_E_INCOMPLETE_SIGNATURE when a part is missing or
 * malformed, KMS_E_SIGV4_SIGNATURE when the scope is for another service.
 */
KMS_RC kms_credential_parse(struct kms_str authorization, struct kms_credential *out);

#endif
