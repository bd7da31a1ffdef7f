/*
 * http.h - one POST over HTTP or mutually authenticated HTTPS: libcurl, here only.
 *
 * libcurl because it is on every Debian, is maintained by people who do nothing else,
 * and presents client certificates. It trusts the one CA it is given, follows nothing
 * and asks no proxy.
 */
#ifndef KMSD_KMSCTL_HTTP_H
#define KMSD_KMSCTL_HTTP_H

#include "base/buf.h"

enum { KMS_HTTP_HOST_MAX = 300, KMS_HTTP_REPLY_MAX = 4 * 1024 * 1024 };

struct kms_http_post {
    const char *url;             /* http:// or https:// */
    const char *ca, *cert, *key; /* PEM files, for https only */
    const char *const *headers;  /* "Name: value", NULL-terminated */
    struct kms_bytes body;
    long timeout_s;
};

/*
 * The Host header of a request to url: its host, and its port unless that is the
 * scheme's own. KMS_E_USAGE for what is no http or https URL.
 */
KMS_RC kms_http_host(const char *url, char host[KMS_HTTP_HOST_MAX]);

/*
 * KMS_OK once there is an answer of whatever status; its body is appended to reply.
 * KMS_E_IO says why there is none.
 */
KMS_RC kms_http_post(const struct kms_http_post *post, long *status,
                     struct kms_buf *reply);

#endif
