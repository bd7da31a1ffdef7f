#include <assert.h>
#include <string.h>
#include <strings.h>

#include "kmsd/http_rules.h"

enum { HEADERS_MAX = 100, LENGTH_DIGITS_MAX = 18, OWS_MAX = 64 };

static const struct {
    const char *reason, *words;
} faults[KMS_HTTP_FAULTS] = {
    [KMS_HTTP_OK] = {"", ""},
    [KMS_HTTP_VERSION] = {"request:http-version", "HTTP/1.1 is needed"},
    [KMS_HTTP_METHOD] = {"request:method", "the method is not POST"},
    [KMS_HTTP_TARGET] = {"request:path", "the path is not /"},
    [KMS_HTTP_HEADER_COUNT] = {"request:header-count", "too many header fields"},
    [KMS_HTTP_HEADER_SIZE] = {"request:header-size", "the header fields are too large"},
    [KMS_HTTP_HEADER_NAME] = {"request:header-name", "a header field's name is no token"},
    [KMS_HTTP_HEADER_VALUE] = {"request:header-value",
                               "a header field holds a control character"},
    [KMS_HTTP_LINE_END] = {"request:line-end",
                           "the head is not in lines that end in CR LF"},
    [KMS_HTTP_DUPLICATE] = {"request:duplicate-header",
                            "a header field that may come once came twice"},
    [KMS_HTTP_TRANSFER_ENCODING] = {"request:transfer-encoding",
                                    "Transfer-Encoding is not accepted"},
    [KMS_HTTP_HOST] = {"request:host", "Host is missing or malformed"},
    [KMS_HTTP_CONTENT_TYPE] = {"request:content-type", "Content-Type is missing"},
    [KMS_HTTP_CONTENT_LENGTH] = {"request:content-length",
                                 "Content-Length is missing or malformed"},
    [KMS_HTTP_BODY_SIZE] = {"request:body-size", "the body is too large"},
    [KMS_HTTP_BODY_SHORT] = {"request:body-short", "the body ended early"},
};

const char *kms_http_fault_reason(enum kms_http_fault fault)
{
    assert(fault < KMS_HTTP_FAULTS);
    return faults[fault].reason;
}

const char *kms_http_fault_words(enum kms_http_fault fault)
{
    assert(fault < KMS_HTTP_FAULTS);
    return faults[fault].words;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool all_of(struct kms_str s, const char *extra)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && (s.p[i] == '\0' || strchr(extra, s.p[i]) == NULL))
            return false;
    return s.n > 0;
}

static bool named(const struct kms_header *h, const char *name)
{
    return h->name.n == strlen(name) && strncasecmp(h->name.p, name, h->name.n) == 0;
}

/* The fields that decide where a request ends, whom it is for, and who sent it. */
enum single {
    S_HOST,
    S_CONTENT_LENGTH,
    S_CONTENT_TYPE,
    S_X_AMZ_TARGET,
    S_AUTHORIZATION,
    S_X_AMZ_DATE,
    S_X_AMZ_CONTENT_SHA256,
    S_X_AMZ_SECURITY_TOKEN,
    S_EXPECT,
    SINGLES
};

static const char *const single_names[SINGLES] = {
    [S_HOST] = "Host",
    [S_CONTENT_LENGTH] = "Content-Length",
    [S_CONTENT_TYPE] = "Content-Type",
    [S_X_AMZ_TARGET] = "X-Amz-Target",
    [S_AUTHORIZATION] = "Authorization",
    [S_X_AMZ_DATE] = "X-Amz-Date",
    [S_X_AMZ_CONTENT_SHA256] = "X-Amz-Content-Sha256",
    [S_X_AMZ_SECURITY_TOKEN] = "X-Amz-Security-Token",
    [S_EXPECT] = "Expect",
};

static enum kms_http_fault check_field(const struct kms_header *h)
{
    if (!all_of(h->name, "!#$%&'*+-.^_`|~"))
        return KMS_HTTP_HEADER_NAME;
    for (size_t i = 0; i < h->value.n; i++) {
        unsigned char c = (unsigned char)h->value.p[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return KMS_HTTP_HEADER_VALUE;
    }
    return named(h, "Transfer-Encoding") ? KMS_HTTP_TRANSFER_ENCODING : KMS_HTTP_OK;
}

static enum kms_http_fault check_fields(const struct kms_http_head *head,
                                        const struct kms_http_limits *limits,
                                        struct kms_str singles[SINGLES])
{
    size_t bytes = head->method.n + head->uri.n + head->version.n;

    if (head->n_headers > HEADERS_MAX)
        return KMS_HTTP_HEADER_COUNT;
    for (size_t i = 0; i < head->n_headers; i++) {
        const struct kms_header *h = &head->headers[i];
        enum kms_http_fault fault = check_field(h);

        if (fault != KMS_HTTP_OK)
            return fault;
        bytes += h->name.n + h->value.n + 4;
        for (int s = 0; s < SINGLES; s++) {
            if (!named(h, single_names[s]))
                continue;
            if (singles[s].p != NULL)
                return KMS_HTTP_DUPLICATE;
            singles[s] = h->value;
        }
    }
    return bytes > limits->header_bytes ? KMS_HTTP_HEADER_SIZE : KMS_HTTP_OK;
}

static bool parse_length(struct kms_str text, size_t *out)
{
    size_t value = 0;

    if (text.n == 0 || text.n > LENGTH_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = value * 10 + (size_t)(text.p[i] - '0');
    }
    *out = value;
    return true;
}

bool kms_http_is_hook(const struct kms_http_head *head,
                      const struct kms_http_limits *limits)
{
    return limits->hooks && kms_str_starts(head->uri, "/_kmsd/");
}

/* "/", alone or with the query of a presigned request. */
static bool is_root(struct kms_str uri)
{
    static const char presigned[] = "X-Amz-Algorithm=";

    return kms_str_is(uri, "/") ||
           (kms_str_starts(uri, "/?") &&
            memmem(uri.p, uri.n, presigned, sizeof presigned - 1) != NULL &&
            all_of(kms_str_skip(uri, 1), "-._~/?=&%:,+;@"));
}

enum kms_http_fault kms_http_check(const struct kms_http_head *head,
                                   const struct kms_http_limits *limits, size_t *body_len)
{
    struct kms_str singles[SINGLES] = {{NULL, 0}};
    bool hook = kms_http_is_hook(head, limits);
    size_t length = 0;
    enum kms_http_fault fault;

    if (!kms_str_is(head->version, "HTTP/1.1"))
        return KMS_HTTP_VERSION;
    if (hook ? !all_of(head->method, "") : !kms_str_is(head->method, "POST"))
        return KMS_HTTP_METHOD;
    if (hook ? !all_of(head->uri, "-._~/?=&%:,+") : !is_root(head->uri))
        return KMS_HTTP_TARGET;
    fault = check_fields(head, limits, singles);
    if (fault != KMS_HTTP_OK)
        return fault;
    if (singles[S_HOST].p == NULL || !all_of(singles[S_HOST], "-._:[]"))
        return KMS_HTTP_HOST;
    if (!hook && (singles[S_CONTENT_TYPE].p == NULL || singles[S_CONTENT_TYPE].n == 0))
        return KMS_HTTP_CONTENT_TYPE;
    if (!(hook && singles[S_CONTENT_LENGTH].p == NULL) &&
        !parse_length(singles[S_CONTENT_LENGTH], &length))
        return KMS_HTTP_CONTENT_LENGTH;
    if (length > limits->body_bytes)
        return KMS_HTTP_BODY_SIZE;
    *body_len = length;
    return KMS_HTTP_OK;
}

/* True when next starts gap bytes after the end of before. */
static bool follows(struct kms_str before, size_t gap, const char *next)
{
    return (uintptr_t)next == (uintptr_t)before.p + before.n + gap;
}

static struct kms_str last_text(const struct kms_http_head *head)
{
    return head->n_headers > 0 ? head->headers[head->n_headers - 1].value : head->version;
}

/* A colon, and only spaces and tabs between it and the value. */
static bool colon_stood_between(const struct kms_header *h)
{
    uintptr_t colon = (uintptr_t)h->name.p + h->name.n;
    uintptr_t value = (uintptr_t)h->value.p;

    if (value <= colon || value - colon > OWS_MAX)
        return false;
    for (const char *p = h->name.p + h->name.n + 1; p < h->value.p; p++)
        if (*p != ' ' && *p != '\t')
            return false;
    return true;
}

enum kms_http_fault kms_http_check_lines(const struct kms_http_head *head,
                                         const char *uri_at)
{
    static const char head_end[4] = {0};
    struct kms_str last = head->version;

    if (!follows(head->method, 1, uri_at) ||
        !follows((struct kms_str){uri_at, head->uri.n}, 1, head->version.p))
        return KMS_HTTP_LINE_END;
    for (size_t i = 0; i < head->n_headers; i++) {
        const struct kms_header *h = &head->headers[i];

        if (!follows(last, 2, h->name.p) || !colon_stood_between(h))
            return KMS_HTTP_LINE_END;
        last = h->value;
    }
    if (memcmp(last.p + last.n, head_end, sizeof head_end) != 0)
        return KMS_HTTP_LINE_END;
    return KMS_HTTP_OK;
}

enum kms_http_fault kms_http_check_end(const struct kms_http_head *head,
                                       const char *body_at)
{
    return follows(last_text(head), 4, body_at) ? KMS_HTTP_OK : KMS_HTTP_LINE_END;
}
