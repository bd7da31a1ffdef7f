#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "authn/canonical.h"

/* A query with more parameters than this has none of ours. */
enum { PARAMS_MAX = 128 };

struct kms_str kms_request_header(const struct kms_request *req, const char *name)
{
    for (size_t i = 0; i < req->n_headers; i++) {
        struct kms_str n = req->headers[i].name;

        if (n.n == strlen(name) && strncasecmp(n.p, name, n.n) == 0)
            return req->headers[i].value;
    }
    return (struct kms_str){NULL, 0};
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

static void put_encoded(struct kms_buf *out, struct kms_str s, bool path)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t from = 0;

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        const char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

        if (is_unreserved(c) || (path && c == '/'))
            continue;
        kms_buf_add(out, s.p + from, i - from);
        kms_buf_add(out, escape, sizeof escape);
        from = i + 1;
    }
    kms_buf_add(out, s.p + from, s.n - from);
}

/* Takes the text up to sep off rest, and sep; all of it when sep does not occur. */
static struct kms_str take(struct kms_str *rest, char sep)
{
    const char *at = rest->n != 0 ? memchr(rest->p, sep, rest->n) : NULL;
    struct kms_str head = *rest;

    if (at == NULL) {
        rest->p += rest->n;
        rest->n = 0;
        return head;
    }
    head.n = (size_t)(at - rest->p);
    *rest = kms_str_skip(*rest, head.n + 1);
    return head;
}

/* RFC 3986 section 5.2.4, and runs of slashes as one. */
void kms_canonical_path(struct kms_str path, bool raw, struct kms_buf *out)
{
    size_t start = out->n;
    struct kms_str rest = path;
    bool slash = false;

    if (raw || path.n == 0) {
        put_encoded(out, path.n != 0 ? path : KMS_LIT("/"), true);
        return;
    }
    while (rest.n != 0) {
        bool more = memchr(rest.p, '/', rest.n) != NULL;
        struct kms_str segment = take(&rest, '/');

        slash = more;
        if (segment.n == 0 || kms_str_is(segment, ".")) {
            slash = true;
        } else if (kms_str_is(segment, "..")) {
            slash = true;
            while (out->n > start && out->p[out->n - 1] != '/')
                out->n--;
            if (out->n > start)
                out->n--;
        } else {
            kms_buf_byte(out, '/');
            put_encoded(out, segment, true);
        }
    }
    if (slash || out->n == start)
        kms_buf_byte(out, '/');
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In the arena. A percent sign that starts no escape is itself. */
static enum kms_rc decode(struct kms_str s, struct kms_arena *a, struct kms_str *out)
{
    char *p = kms_arena_alloc(a, s.n + 1);
    size_t n = 0;

    if (p == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a query");
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%' && i + 2 < s.n && digit(s.p[i + 1]) >= 0 &&
            digit(s.p[i + 2]) >= 0) {
            p[n++] = (char)(digit(s.p[i + 1]) * 16 + digit(s.p[i + 2]));
            i += 2;
        } else {
            p[n++] = s.p[i];
        }
    }
    *out = (struct kms_str){p, n};
    return KMS_OK;
}

static enum kms_rc encode(struct kms_str s, struct kms_arena *a, struct kms_str *out)
{
    KMS_AUTO_BUF b = {0};

    put_encoded(&b, s, false);
    KMS_TRY(kms_buf_ok(&b));
    if (b.n == 0) {
        *out = KMS_LIT("");
        return KMS_OK;
    }
    return kms_arena_str(a, kms_buf_text(&b), out);
}

struct param {
    struct kms_str name, value; /* encoded */
};

static int by_name(const void *x, const void *y)
{
    const struct param *a = x, *b = y;
    int order = kms_str_cmp(a->name, b->name);

    return order != 0 ? order : kms_str_cmp(a->value, b->value);
}

enum kms_rc kms_canonical_query(struct kms_str query, struct kms_arena *a,
                                struct kms_buf *out)
{
    struct param params[PARAMS_MAX];
    struct kms_str rest = query;
    size_t n = 0;

    while (rest.n != 0) {
        struct kms_str value = take(&rest, '&'), name, plain;

        if (value.n == 0)
            continue;
        name = take(&value, '=');
        if (n == PARAMS_MAX)
            return kms_err(KMS_E_INCOMPLETE_SIGNATURE, "too many query parameters");
        KMS_TRY(decode(name, a, &plain));
        if (kms_str_is(plain, "X-Amz-Signature"))
            continue;
        KMS_TRY(encode(plain, a, &params[n].name));
        KMS_TRY(decode(value, a, &plain));
        KMS_TRY(encode(plain, a, &params[n].value));
        n++;
    }
    qsort(params, n, sizeof params[0], by_name);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            kms_buf_byte(out, '&');
        kms_buf_str(out, params[i].name);
        kms_buf_byte(out, '=');
        kms_buf_str(out, params[i].value);
    }
    return kms_buf_ok(out);
}

enum kms_rc kms_query_value(struct kms_str query, const char *name, struct kms_arena *a,
                            struct kms_str *out)
{
    struct kms_str rest = query;

    while (rest.n != 0) {
        struct kms_str value = take(&rest, '&'), key = take(&value, '='), plain;

        KMS_TRY(decode(key, a, &plain));
        if (kms_str_is(plain, name))
            return decode(value, a, out);
    }
    return KMS_OK;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without blanks at its ends, and a single one wherever there were several. */
static void put_value(struct kms_buf *out, struct kms_str s)
{
    bool begun = false;

    while (s.n != 0) {
        size_t n = 0;

        while (n < s.n && !is_blank(s.p[n]))
            n++;
        if (n != 0 && begun)
            kms_buf_byte(out, ' ');
        kms_buf_add(out, s.p, n);
        begun = begun || n != 0;
        s = kms_str_skip(s, n);
        while (s.n != 0 && is_blank(s.p[0]))
            s = kms_str_skip(s, 1);
    }
}

void kms_canonical_headers(const struct kms_request *req, struct kms_str signed_headers,
                           struct kms_buf *out)
{
    struct kms_str rest = signed_headers;

    while (rest.n != 0) {
        struct kms_str name = take(&rest, ';');
        bool first = true;

        kms_buf_str(out, name);
        kms_buf_byte(out, ':');
        for (size_t i = 0; i < req->n_headers; i++) {
            const struct kms_header *h = &req->headers[i];

            if (h->name.n != name.n || strncasecmp(h->name.p, name.p, name.n) != 0)
                continue;
            if (!first)
                kms_buf_byte(out, ',');
            put_value(out, h->value);
            first = false;
        }
        kms_buf_byte(out, '\n');
    }
}

enum kms_rc kms_canonical_request(const struct kms_request *req,
                                  struct kms_str signed_headers, const char *payload_hash,
                                  struct kms_arena *a, struct kms_buf *out)
{
    kms_buf_str(out, req->method);
    kms_buf_byte(out, '\n');
    kms_canonical_path(req->path, false, out);
    kms_buf_byte(out, '\n');
    KMS_TRY(kms_canonical_query(req->query, a, out));
    kms_buf_byte(out, '\n');
    kms_canonical_headers(req, signed_headers, out);
    kms_buf_byte(out, '\n');
    kms_buf_str(out, signed_headers);
    kms_buf_byte(out, '\n');
    kms_buf_z(out, payload_hash);
    return kms_buf_ok(out);
}
