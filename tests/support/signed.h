/* signed.h - requests that are signed by the code under test, and may then be changed. */
#ifndef KMS_TESTS_SUPPORT_SIGNED_H
#define KMS_TESTS_SUPPORT_SIGNED_H

#include "authn/sigv4.h"

#define SECRET "jxWzOJXYKUQWyEbDeBVZ+EIZ84fXc0YfslymPQ/8"
#define TIME "20261124T025155Z"
#define SCOPE "20261124/us-east-1/kms/aws4_request"
#define LIST "content-type;host;x-amz-date;x-amz-target"

struct signed_request {
    struct kms_header headers[6];
    struct kms_request request;
    char authorization[640], hex[65];
    struct kms_signer *signer;
};

/* The moment of a text like TIME. */
int64_t signed_at(const char *basic);
void signed_signer(const char *secret, struct kms_signer **out);
/* A request of access key AKIDEXAMPLE, signed at TIME. Its signer is the caller's. */
void signed_make(struct signed_request *m, struct kms_arena *arena);
/* Sign again, with these headers: the signature comes fifth. */
void signed_sign(struct signed_request *m, const char *list, struct kms_arena *arena);

#endif
