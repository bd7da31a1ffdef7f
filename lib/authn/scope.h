/*
 * scope.h - the credential of an AWS Signature Version 4 request: an access key id and a
 * scope <date>/<region>/<service>/aws4_request.
 *
 * Source: AWS General Reference, "Signature Version 4"; the service's texts.
 */
#ifndef KMS_AUTHN_SCOPE_H
#define KMS_AUTHN_SCOPE_H

#include "base/bytes.h"
#include "base/err.h"

/* Borrowed from the request. */
struct kms_credential {
    struct kms_str access_key_id, date, region, service;
    struct kms_str scope;          /* all but the access key id */
    struct kms_str signed_headers; /* "content-type;host;x-amz-date" */
    struct kms_str signature;      /* 64 lower-case hex digits */
};

/*
 * Split the Authorization header's value. KMS_E_INCOMPLETE_SIGNATURE when a part is
 * missing, there twice or malformed, KMS_E_SIGV4_SIGNATURE when the scope is for another
 * service.
 */
KMS_RC kms_credential_parse(struct kms_str authorization, struct kms_credential *out);

/* <access key id>/<scope>; errors as above. */
KMS_RC kms_credential_scope(struct kms_str text, struct kms_credential *out);

#endif
