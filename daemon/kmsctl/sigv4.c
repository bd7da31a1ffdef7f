#include <string.h>

#include "crypto/digest.h"
#include "crypto/mac.h"
#include "kmsctl/sigv4.h"

enum { HEX = 2 * KMS_SHA256_LEN + 1, DATE = 8 };

static enum kms_rc sha256_hex(struct kms_bytes data, char out[HEX])
{
    uint8_t hash[KMS_SHA256_LEN];

    KMS_TRY(kms_sha256(data, hash));
    kms_hex_encode(hash, sizeof hash, out);
    return KMS_OK;
}

static const char *signed_headers(const struct kms_sigv4 *s)
{
    return s->session_token != NULL
               ? "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
               : "content-type;host;x-amz-date;x-amz-target";
}

/* Task 1: the canonical request, hashed. */
static enum kms_rc hash_request(const struct kms_sigv4 *s, char out[HEX])
{
    KMS_AUTO_BUF b = {0};
    char body[HEX];

    KMS_TRY(sha256_hex(s->body, body));
    kms_buf_fmt(&b,
                "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:%s\n"
                "x-amz-date:%s\n",
                s->host, s->time);
    if (s->session_token != NULL)
        kms_buf_fmt(&b, "x-amz-security-token:%s\n", s->session_token);
    kms_buf_fmt(&b, "x-amz-target:%s\n\n%s\n%s", s->target, signed_headers(s), body);
    KMS_TRY(kms_buf_ok(&b));
    return sha256_hex(kms_buf_view(&b), out);
}

/* Task 3: the signing key, from the secret by date, Region and service. */
static enum kms_rc signing_key(const struct kms_sigv4 *s,
                               uint8_t key[KMS_HMAC_SHA256_LEN])
{
    KMS_AUTO_BUF first = {0};
    const struct kms_bytes steps[] = {
        {(const uint8_t *)s->time, DATE},
        kms_bytes_of_str(kms_str_of(s->region)),
        kms_bytes_of_str(KMS_LIT("kms")),
        kms_bytes_of_str(KMS_LIT("aws4_request")),
    };
    struct kms_bytes with;
    uint8_t out[KMS_HMAC_SHA256_LEN];

    kms_buf_fmt(&first, "AWS4%s", s->secret);
    KMS_TRY(kms_buf_ok(&first));
    with = kms_buf_view(&first);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        KMS_TRY(kms_hmac_sha256(with, steps[i], out));
        memcpy(key, out, sizeof out);
        with = (struct kms_bytes){key, KMS_HMAC_SHA256_LEN};
    }
    kms_wipe(out, sizeof out);
    return KMS_OK;
}

enum kms_rc kms_sigv4_authorization(const struct kms_sigv4 *s, struct kms_buf *out)
{
    KMS_AUTO_BUF b = {0};
    uint8_t key[KMS_HMAC_SHA256_LEN], mac[KMS_HMAC_SHA256_LEN];
    char hash[HEX], signature[HEX];
    enum kms_rc rc;

    KMS_TRY(hash_request(s, hash));
    kms_buf_fmt(&b, "AWS4-HMAC-SHA256\n%s\n%.*s/%s/kms/aws4_request\n%s", s->time, DATE,
                s->time, s->region, hash);
    KMS_TRY(kms_buf_ok(&b));
    rc = signing_key(s, key);
    if (rc == KMS_OK)
        rc = kms_hmac_sha256(KMS_BYTES(key), kms_buf_view(&b), mac);
    kms_wipe(key, sizeof key);
    if (rc != KMS_OK)
        return rc;
    kms_hex_encode(mac, sizeof mac, signature);
    kms_buf_fmt(out,
                "AWS4-HMAC-SHA256 Credential=%s/%.*s/%s/kms/aws4_request, "
                "SignedHeaders=%s, Signature=%s",
                s->access_key_id, DATE, s->time, s->region, signed_headers(s), signature);
    return kms_buf_ok(out);
}
