/* http.h - a request as the front hands it over: bytes that nobody has believed yet. */
#ifndef KMS_AUTHN_HTTP_H
#define KMS_AUTHN_HTTP_H

#include "policy/caller.h"

struct kms_header {
    struct kms_str name, value;
};

/* Everything is borrowed until the exchange is freed. */
struct kms_request {
    struct kms_str method, path, query; /* query without its "?"; empty for none */
    const struct kms_header *headers;
    size_t n_headers;
    struct kms_bytes body;
    const struct kms_peer *peer;
};

/* The value of a header by its name in lower case; absent when it was not sent. */
struct kms_str kms_request_header(const struct kms_request *req, const char *name);

#endif
