/* caller.h - who makes a request, as authentication established it. */
#ifndef KMS_POLICY_CALLER_H
#define KMS_POLICY_CALLER_H

#include "base/bytes.h"

/* All texts are borrowed from the request's arena or its connection. */
struct kms_caller {
    struct kms_str account;       /* 12 digits */
    struct kms_str region;        /* of the credential scope, else the configured one */
    struct kms_str principal_arn; /* arn:aws:iam::111122223333:user/alice */
    struct kms_str principal_id;  /* stable id shown as userIdentity.principalId */
    struct kms_str type;          /* "IAMUser", "AssumedRole", "Root" */
    struct kms_str access_key_id; /* absent without SigV4 */
};

/* The client certificate of the connection; absent texts when there was none. */
struct kms_peer {
    struct kms_str subject;    /* RFC 4514 text */
    struct kms_str issuer;     /* likewise, of the CA that issued it */
    struct kms_str serial;     /* lower-case hex */
    struct kms_str spki_sha256; /* lower-case hex of SHA-256 over SubjectPublicKeyInfo */
    struct kms_str uri_san;    /* the first URI subject alternative name */
    struct kms_str tls_version; /* "TLSv1.3"; absent on plain HTTP */
    struct kms_str tls_cipher;
    struct kms_str source_ip;
    struct kms_str server_name; /* SNI, or absent */
    struct kms_str listener;    /* "https", "http" */
};

#endif
