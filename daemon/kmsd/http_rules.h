/*
 * http_rules.h - which requests are looked at at all.
 *
 * The HTTP library is lenient where a key service must not be: whatever two parsers could
 * read in two ways is refused here, before anybody is believed. Pure: no I/O, no state.
 *
 * A request is POST / (a query only carries signatures) over HTTP/1.1 with exactly one Host, Content-Length and
 * Content-Type, and no Transfer-Encoding (RFC 9112 section 6). A missing or unknown
 * X-Amz-Target is answered by dispatch, as AWS does; two of them are refused here.
 */
#ifndef KMSD_HTTP_RULES_H
#define KMSD_HTTP_RULES_H

#include "dispatch/dispatch.h"

enum kms_http_fault {
    KMS_HTTP_OK,
    KMS_HTTP_VERSION,           /* not HTTP/1.1 */
    KMS_HTTP_METHOD,            /* not POST */
    KMS_HTTP_TARGET,            /* not "/", alone or with a signature in its query */
    KMS_HTTP_HEADER_COUNT,      /* more fields than anybody needs */
    KMS_HTTP_HEADER_SIZE,       /* more bytes than the limit */
    KMS_HTTP_HEADER_NAME,       /* a name that is no token: spaces, folded lines */
    KMS_HTTP_HEADER_VALUE,      /* a control character */
    KMS_HTTP_LINE_END,          /* a line that does not end in exactly CR LF */
    KMS_HTTP_DUPLICATE,         /* a field that may come once came twice */
    KMS_HTTP_TRANSFER_ENCODING, /* any at all */
    KMS_HTTP_HOST,              /* none, or not a host and port */
    KMS_HTTP_CONTENT_TYPE,      /* none */
    KMS_HTTP_CONTENT_LENGTH,    /* none, or not a number */
    KMS_HTTP_BODY_SIZE,         /* announces more than the limit */
    KMS_HTTP_BODY_SHORT,        /* ended before its announced length */
    KMS_HTTP_FAULTS
};

/* A fixed word for the log and the audit record: "request:duplicate-header". */
const char *kms_http_fault_reason(enum kms_http_fault fault);
/* The same for the one who sent it. */
const char *kms_http_fault_words(enum kms_http_fault fault);

struct kms_http_limits {
    size_t header_bytes, body_bytes;
    bool hooks; /* dev: paths under /_kmsd/ pass, with any method */
};

/* uri is the request target as received, before anything was decoded. */
struct kms_http_head {
    struct kms_str method, uri, version;
    const struct kms_header *headers;
    size_t n_headers;
};

/* True for a request of the test hooks: no body is demanded of those. */
bool kms_http_is_hook(const struct kms_http_head *head,
                      const struct kms_http_limits *limits);

/* *body_len is the announced length, 0 where a hook announces none. */
enum kms_http_fault kms_http_check(const struct kms_http_head *head,
                                   const struct kms_http_limits *limits,
                                   size_t *body_len);

/*
 * For parsers that leave the received bytes in place with NULs for separators, and also
 * take bare LF and several spaces, cut values at a NUL and glue folded lines together
 * (libmicrohttpd before 0.9.77): whether exactly one space stood between the parts of the
 * request line and exactly CR LF after it and every field. The texts of head must be
 * those the parser handed over, not copies; uri_at is where its request target lay, of
 * the length of head->uri. The four bytes after the last value must be readable, which
 * they are: they held the end of the head.
 */
enum kms_http_fault kms_http_check_lines(const struct kms_http_head *head,
                                         const char *uri_at);
/* The same of the head's last line, known once the first byte of the body is there. */
enum kms_http_fault kms_http_check_end(const struct kms_http_head *head,
                                       const char *body_at);

#endif
