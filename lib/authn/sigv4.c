#include <string.h>
#include <strings.h>

#include "authn/sigv4.h"
#include "crypto/digest.h"
#include "wire/timestamp.h"

enum { HEX = 2 * KMS_SHA256_LEN + 1, ECHO_MAX = 3072, NAME_MAX_LEN = 256 };

static const char algorithm[] = "AWS4-HMAC-SHA256";

bool kms_signature_there(const struct kms_request *req)
{
    static const char name[] = "X-Amz-Algorithm=";

    if (kms_request_header(req, "authorization").p != NULL)
        return true;
    for (size_t i = 0; i + sizeof name - 1 <= req->query.n; i++)
        if (memcmp(req->query.p + i, name, sizeof name - 1) == 0)
            return true;
    return false;
}

static enum kms_rc parse_header(const struct kms_request *req, struct kms_signature *s)
{
    KMS_TRY(
        kms_credential_parse(kms_request_header(req, "authorization"), &s->credential));
    s->time = kms_request_header(req, "x-amz-date");
    if (s->time.p == NULL)
        s->time = kms_request_header(req, "date");
    s->session_token = kms_request_header(req, "x-amz-security-token");
    return KMS_OK;
}

static enum kms_rc parse_expires(struct kms_str text, int32_t *out)
{
    int32_t n = 0;

    for (size_t i = 0; i < text.n && n <= KMS_SIGV4_EXPIRES_MAX_S; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return kms_err(KMS_E_INCOMPLETE_SIGNATURE, "X-Amz-Expires is not a number");
        n = n * 10 + (text.p[i] - '0');
    }
    if (text.n == 0 || n < 1 || n > KMS_SIGV4_EXPIRES_MAX_S)
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "X-Amz-Expires must be between 1 and 604800 seconds");
    *out = n;
    return KMS_OK;
}

static enum kms_rc parse_query(const struct kms_request *req, struct kms_arena *a,
                               struct kms_signature *s)
{
    struct kms_str kind = {NULL, 0}, scope = {NULL, 0}, expires = {NULL, 0};
    struct kms_credential *c = &s->credential;

    KMS_TRY(kms_query_value(req->query, "X-Amz-Algorithm", a, &kind));
    KMS_TRY(kms_query_value(req->query, "X-Amz-Credential", a, &scope));
    KMS_TRY(kms_query_value(req->query, "X-Amz-SignedHeaders", a, &c->signed_headers));
    KMS_TRY(kms_query_value(req->query, "X-Amz-Signature", a, &c->signature));
    KMS_TRY(kms_query_value(req->query, "X-Amz-Date", a, &s->time));
    KMS_TRY(kms_query_value(req->query, "X-Amz-Expires", a, &expires));
    KMS_TRY(kms_query_value(req->query, "X-Amz-Security-Token", a, &s->session_token));
    if (!kms_str_is(kind, algorithm))
        return kms_err(
            KMS_E_INCOMPLETE_SIGNATURE,
            "AWS query-string parameters require 'AWS4-HMAC-SHA256' algorithm.");
    if (scope.p == NULL || c->signed_headers.p == NULL || c->signature.p == NULL ||
        s->time.p == NULL)
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "AWS query-string parameters must include 'X-Amz-Algorithm', "
                       "'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders' and "
                       "'X-Amz-Date'. Re-examine the query-string parameters.");
    KMS_TRY(parse_expires(expires, &s->expires_s));
    s->presigned = true;
    return kms_credential_scope(scope, c);
}

enum kms_rc kms_signature_parse(const struct kms_request *req, struct kms_arena *a,
                                struct kms_signature *out)
{
    struct kms_signature s = {0};
    struct kms_str in_query = {NULL, 0};

    KMS_TRY(kms_query_value(req->query, "X-Amz-Algorithm", a, &in_query));
    if (kms_request_header(req, "authorization").p == NULL)
        KMS_TRY(parse_query(req, a, &s));
    else if (in_query.p == NULL)
        KMS_TRY(parse_header(req, &s));
    else
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "The request is signed in its header and in its query.");
    *out = s;
    return KMS_OK;
}

/* Sorted, in lower case, no name twice: one spelling of one set. */
static bool is_list(struct kms_str list)
{
    struct kms_str last = {"", 0};

    if (list.n == 0)
        return false;
    while (list.n != 0) {
        const char *semicolon = memchr(list.p, ';', list.n);
        struct kms_str name = {list.p,
                               semicolon != NULL ? (size_t)(semicolon - list.p) : list.n};

        for (size_t i = 0; i < name.n; i++)
            if (name.p[i] <= ' ' || name.p[i] > '~' ||
                (name.p[i] >= 'A' && name.p[i] <= 'Z'))
                return false;
        if (name.n == 0 || name.n > NAME_MAX_LEN || kms_str_cmp(last, name) >= 0)
            return false;
        last = name;
        list = kms_str_skip(list, name.n + (semicolon != NULL ? 1 : 0));
        if (semicolon != NULL && list.n == 0)
            return false;
    }
    return true;
}

static bool lists(struct kms_str list, struct kms_str name)
{
    while (list.n != 0) {
        const char *semicolon = memchr(list.p, ';', list.n);
        size_t n = semicolon != NULL ? (size_t)(semicolon - list.p) : list.n;

        if (n == name.n && strncasecmp(list.p, name.p, n) == 0)
            return true;
        list = kms_str_skip(list, n + (semicolon != NULL ? 1 : 0));
    }
    return false;
}

/* What could change the meaning of the request has to be signed. */
static enum kms_rc check_headers(const struct kms_signature *s,
                                 const struct kms_request *req)
{
    struct kms_str list = s->credential.signed_headers;

    if (!is_list(list))
        return kms_err(
            KMS_E_INCOMPLETE_SIGNATURE,
            "SignedHeaders must be names in lower case, in order, separated by "
            "';'.");
    if (!lists(list, KMS_LIT("host")))
        return kms_err(KMS_E_SIGV4_SIGNATURE,
                       "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
                       "Authorization.");
    for (size_t i = 0; i < req->n_headers; i++) {
        struct kms_str name = req->headers[i].name;

        if (name.n >= 6 && strncasecmp(name.p, "x-amz-", 6) == 0 && !lists(list, name))
            return kms_err(KMS_E_SIGV4_SIGNATURE,
                           "'%.*s' must be a 'SignedHeader' in the AWS Authorization.",
                           KMS_FMT(name));
    }
    return KMS_OK;
}

static enum kms_rc check_time(const struct kms_signature *s, int64_t now_ms)
{
    const int64_t life = s->presigned ? (int64_t)s->expires_s * 1000 : KMS_SIGV4_SKEW_MS;
    char now[KMS_TIME_ISO_SIZE], edge[KMS_TIME_ISO_SIZE];
    struct kms_str date = s->credential.date;
    int64_t at;

    if (s->time.p == NULL)
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "Authorization header requires existence of either a 'X-Amz-Date' "
                       "or a 'Date' header. ");
    if (s->time.n != 16 || !kms_time_parse(s->time, &at))
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "Date must be in ISO-8601 'basic format'. Got '%.*s'. See "
                       "http://en.wikipedia.org/wiki/ISO_8601",
                       (int)(s->time.n < 64 ? s->time.n : 64), s->time.p);
    if (memcmp(s->time.p, date.p, date.n) != 0)
        return kms_err(KMS_E_SIGV4_SIGNATURE,
                       "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                       "version of date from HTTP: '%.*s' != '%.8s', from '%.*s'.",
                       KMS_FMT(date), s->time.p, KMS_FMT(s->time));
    kms_time_basic(now_ms, now);
    if (at > now_ms + KMS_SIGV4_SKEW_MS) {
        kms_time_basic(now_ms + KMS_SIGV4_SKEW_MS, edge);
        return kms_err(KMS_E_SIGV4_SIGNATURE,
                       "Signature not yet current: %.*s is still later than %s (%s + 15 "
                       "min.)",
                       KMS_FMT(s->time), edge, now);
    }
    if (at + life >= now_ms)
        return KMS_OK;
    kms_time_basic(now_ms - life, edge);
    if (s->presigned)
        return kms_err(KMS_E_SIGV4_SIGNATURE,
                       "Signature expired: %.*s is now earlier than %s (%s - %d sec.)",
                       KMS_FMT(s->time), edge, now, (int)s->expires_s);
    return kms_err(KMS_E_SIGV4_SIGNATURE,
                   "Signature expired: %.*s is now earlier than %s (%s - 15 min.)",
                   KMS_FMT(s->time), edge, now);
}

static enum kms_rc sha256_hex(struct kms_bytes data, char out[HEX])
{
    uint8_t hash[KMS_SHA256_LEN];

    KMS_TRY(kms_sha256(data, hash));
    kms_hex_encode(hash, sizeof hash, out);
    return KMS_OK;
}

enum kms_rc kms_signature_string(struct kms_str time, struct kms_str scope,
                                 struct kms_bytes canonical, struct kms_buf *out)
{
    char hash[HEX];

    KMS_TRY(sha256_hex(canonical, hash));
    kms_buf_fmt(out, "%s\n%.*s\n%.*s\n%s", algorithm, KMS_FMT(time), KMS_FMT(scope),
                hash);
    return kms_buf_ok(out);
}

/* The service shows what it would have signed; so do we as far as it is short. */
static enum kms_rc mismatch(const struct kms_buf *canonical, const struct kms_buf *text)
{
    static const char words[] =
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service "
        "documentation for details.";

    if (canonical->n + text->n > ECHO_MAX)
        return kms_err(KMS_E_SIGV4_SIGNATURE, "%s", words);
    return kms_err(KMS_E_SIGV4_SIGNATURE,
                   "%s\n\nThe Canonical String for this request should have been\n"
                   "'%.*s'\n\nThe String-to-Sign should have been\n'%.*s'\n",
                   words, (int)canonical->n, (const char *)canonical->p, (int)text->n,
                   (const char *)text->p);
}

static enum kms_rc compare(const struct kms_signature *s, const struct kms_request *req,
                           struct kms_signer *signer, struct kms_arena *a)
{
    const struct kms_credential *c = &s->credential;
    KMS_AUTO_BUF canonical = {0};
    KMS_AUTO_BUF text = {0};
    uint8_t expected[KMS_SHA256_LEN];
    char payload[HEX], hex[HEX];
    bool same;

    KMS_TRY(sha256_hex(req->body, payload));
    KMS_TRY(kms_canonical_request(req, c->signed_headers, payload, a, &canonical));
    KMS_TRY(kms_signature_string(s->time, c->scope, kms_buf_view(&canonical), &text));
    KMS_TRY(kms_signer_sign(signer, c, kms_buf_view(&text), expected));
    kms_hex_encode(expected, sizeof expected, hex);
    same = c->signature.n == HEX - 1 && kms_ct_equal(hex, c->signature.p, HEX - 1);
    kms_wipe(expected, sizeof expected);
    kms_wipe(hex, sizeof hex);
    return same ? KMS_OK : mismatch(&canonical, &text);
}

enum kms_rc kms_signature_verify(const struct kms_signature *s,
                                 const struct kms_request *req, struct kms_signer *signer,
                                 int64_t now_ms, struct kms_arena *a)
{
    KMS_TRY(check_headers(s, req));
    KMS_TRY(check_time(s, now_ms));
    return compare(s, req, signer, a);
}
