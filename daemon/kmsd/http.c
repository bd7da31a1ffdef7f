#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "kmsd/front_int.h"

/* Before this version the parser takes bare LF and folded lines, whatever it is told. */
#define LENIENT_PARSER (MHD_VERSION < 0x00097701)

enum phase {
    PHASE_HEAD,    /* nothing looked at yet */
    PHASE_BODY,    /* the head is fine; the body comes in pieces */
    PHASE_COMMIT,  /* the exchange waits for the writer, the connection is suspended */
    PHASE_ANSWERED /* a reply is on its way */
};

/* One request, from its request line until its reply has gone or cannot go any more. */
struct request {
    struct kms_conn *conn;
    enum phase phase;
    atomic_uint *counted; /* the front's count this request is in, or NULL */
    int64_t began_us;
    struct kms_str uri; /* as received */
    struct kms_http_head head;
    struct kms_header *headers;
    size_t n_headers, max_headers;
    struct kms_buf body;
    size_t body_len;
    struct kms_request whole; /* what the exchange borrows until it is freed */
    struct kms_exchange *exchange;
    enum kms_http_fault fault;
    int status;
};

static void request_free(struct request *r)
{
    if (r == NULL)
        return;
    kms_exchange_free(r->exchange);
    kms_buf_clear(&r->body);
    free(r->headers);
    free(r);
}

void *kms_http_begin(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct kms_conn *conn = kms_conn_of(mhd);
    size_t n = uri != NULL ? strlen(uri) : 0;
    struct request *r;
    char *copy;

    (void)cls;
    if (conn == NULL || (r = calloc(1, sizeof *r + n + 1)) == NULL)
        return NULL;
    copy = (char *)(r + 1);
    memcpy(copy, uri, n);
    r->uri = (struct kms_str){copy, n};
    r->conn = conn;
    r->began_us = kms_clock_mono_us();
    return r;
}

static struct kms_str header_of(const struct request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (r->headers[i].name.n == strlen(name) &&
            strncasecmp(r->headers[i].name.p, name, strlen(name)) == 0)
            return r->headers[i].value;
    return (struct kms_str){NULL, 0};
}

/* --- replies -------------------------------------------------------------------- */

/* The body belongs to the request, which outlives the response. */
static void keep_body(void *cls)
{
    (void)cls;
}

/*
 * Clients correct their clock by this header, so it has to follow the daemon's clock and
 * not the system's (RFC 9110 section 5.6.7).
 */
static void date_text(char out[40])
{
    time_t now = (time_t)(kms_clock_now_ms() / 1000);
    struct tm tm;

    gmtime_r(&now, &tm);
    strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static enum MHD_Result queue(struct request *r, int status, const char *content_type,
                             const char *request_id, struct kms_bytes body, bool last)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(
            body.n, (void *)(uintptr_t)(body.n != 0 ? body.p : (const uint8_t *)""),
            keep_body, NULL);
    enum MHD_Result ok;
    char date[40];

    if (response == NULL)
        return MHD_NO;
    date_text(date);
    ok = MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, date);
    if (ok == MHD_YES && content_type != NULL)
        ok =
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    if (ok == MHD_YES && request_id != NULL)
        ok = MHD_add_response_header(response, "x-amzn-RequestId", request_id);
    if (ok == MHD_YES && (last || atomic_load(&r->conn->front->draining)))
        ok = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (ok == MHD_YES)
        ok = MHD_queue_response(r->conn->mhd, (unsigned)status, response);
    MHD_destroy_response(response);
    r->status = status;
    r->phase = PHASE_ANSWERED;
    return ok;
}

/* 400 and close: what follows on this connection cannot be trusted to be a request. */
static enum MHD_Result refuse(struct request *r, enum kms_http_fault fault)
{
    KMS_AUTO_BUF text = {0};
    const char *type = fault == KMS_HTTP_BODY_SIZE || fault == KMS_HTTP_HEADER_SIZE
                           ? "RequestEntityTooLargeException"
                           : "MalformedHttpRequestException";

    r->fault = fault;
    kms_service_refused(r->conn->front->service, r->conn->peer.source_ip,
                        kms_http_fault_reason(fault));
    kms_buf_fmt(&text, "{\"__type\":\"%s\",\"message\":\"%s\"}", type,
                kms_http_fault_words(fault));
    if (text.bad)
        return MHD_NO;
    /* The words are fixed texts: what is left in the body buffer is not needed now. */
    kms_buf_clear(&r->body);
    r->body = text;
    text = (struct kms_buf){0};
    return queue(r, MHD_HTTP_BAD_REQUEST, "application/x-amz-json-1.1", NULL,
                 kms_buf_view(&r->body), true);
}

static enum MHD_Result reply(struct request *r)
{
    const struct kms_reply *reply_of = kms_exchange_reply(r->exchange);

    return queue(r, reply_of->status, reply_of->content_type, reply_of->request_id,
                 kms_buf_view(&reply_of->body), false);
}

/* --- the request's way ---------------------------------------------------------- */

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                   size_t name_len, const char *value, size_t value_len)
{
    struct request *r = cls;

    (void)kind;
    if (r->n_headers == r->max_headers) {
        size_t max = r->max_headers == 0 ? 24 : r->max_headers * 2;
        struct kms_header *bigger = realloc(r->headers, max * sizeof *bigger);

        if (bigger == NULL)
            return MHD_NO;
        r->headers = bigger;
        r->max_headers = max;
    }
    r->headers[r->n_headers++] = (struct kms_header){
        .name = {name, name_len},
        .value = {value != NULL ? value : "", value != NULL ? value_len : 0},
    };
    return MHD_YES;
}

/* Counted in the new place before it leaves the old one: never in neither. */
static void count_in(struct request *r, atomic_uint *count)
{
    if (count != NULL)
        atomic_fetch_add(count, 1);
    if (r->counted != NULL)
        atomic_fetch_sub(r->counted, 1);
    r->counted = count;
}

static enum kms_http_fault check_head(struct request *r, const char *url)
{
    enum kms_http_fault fault =
        kms_http_check(&r->head, &r->conn->front->limits, &r->body_len);

    if (LENIENT_PARSER && fault == KMS_HTTP_OK)
        fault = kms_http_check_lines(&r->head, url);
    return fault;
}

static enum MHD_Result on_head(struct request *r, const char *url, const char *method,
                               const char *version)
{
    struct kms_front *front = r->conn->front;
    enum kms_http_fault fault;
    int seen;

    count_in(r, &front->arriving);
    if (atomic_load(&front->closing) ||
        (r->conn->tls && !kms_tls_still_admitted(&r->conn->link)))
        return MHD_NO;
    seen = MHD_get_connection_values_n(r->conn->mhd, MHD_HEADER_KIND, take_header, r);
    if (seen < 0 || (size_t)seen != r->n_headers)
        return MHD_NO;
    r->head = (struct kms_http_head){
        .method = kms_str_of(method),
        .uri = r->uri,
        .version = kms_str_of(version),
        .headers = r->headers,
        .n_headers = r->n_headers,
    };
    fault = check_head(r, url);
    if (fault != KMS_HTTP_OK)
        return refuse(r, fault);
    r->body.max = r->body_len + 1;
    r->phase = PHASE_BODY;
    return MHD_YES;
}

static enum MHD_Result on_piece(struct request *r, const char *upload, size_t *upload_len)
{
    size_t n = *upload_len;

    /* An answer can only be given at the end of the body. */
    if (LENIENT_PARSER && r->body.n == 0)
        r->fault = kms_http_check_end(&r->head, upload);
    kms_buf_add(&r->body, upload, n);
    /* A plaintext is not left behind in memory that nobody wipes. */
    kms_wipe((void *)(uintptr_t)upload, n);
    *upload_len = 0;
    return r->body.bad || r->body.n > r->body_len ? MHD_NO : MHD_YES;
}

/* In the writer's thread: the reply is final, the event thread takes over again. */
static void committed(void *arg)
{
    struct request *r = arg;

    MHD_resume_connection(r->conn->mhd);
}

static void split_uri(struct kms_str uri, struct kms_request *out)
{
    const char *mark = memchr(uri.p, '?', uri.n);

    out->path = uri;
    out->query = (struct kms_str){"", 0};
    if (mark != NULL) {
        out->path.n = (size_t)(mark - uri.p);
        out->query = kms_str_skip(uri, out->path.n + 1);
    }
}

static enum MHD_Result on_whole(struct request *r)
{
    if (r->fault != KMS_HTTP_OK)
        return refuse(r, r->fault);
    count_in(r, &r->conn->front->in_flight);
    if (atomic_load(&r->conn->front->closing))
        return MHD_NO;
    if (r->body.n != r->body_len)
        return refuse(r, KMS_HTTP_BODY_SHORT);
    r->whole = (struct kms_request){
        .method = r->head.method,
        .headers = r->headers,
        .n_headers = r->n_headers,
        .body = r->body.n != 0 ? kms_buf_view(&r->body)
                               : (struct kms_bytes){(const uint8_t *)"", 0},
        .peer = &r->conn->peer,
    };
    split_uri(r->uri, &r->whole);
    if (kms_exchange_new(r->conn->front->service, &r->exchange) != KMS_OK)
        return MHD_NO;
    if (kms_exchange_start(r->exchange, &r->whole) == KMS_DONE)
        return reply(r);
    /* First suspended, then handed over: the writer may be done before this returns. */
    r->phase = PHASE_COMMIT;
    MHD_suspend_connection(r->conn->mhd);
    kms_exchange_commit(r->exchange, committed, r);
    return MHD_YES;
}

enum MHD_Result kms_http_handle(void *cls, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version,
                                const char *upload, size_t *upload_len, void **context)
{
    struct request *r = *context;

    (void)cls;
    (void)mhd;
    if (r == NULL)
        return MHD_NO;
    switch (r->phase) {
    case PHASE_HEAD:
        return on_head(r, url, method, version);
    case PHASE_BODY:
        return *upload_len != 0 ? on_piece(r, upload, upload_len) : on_whole(r);
    case PHASE_COMMIT:
        return reply(r);
    case PHASE_ANSWERED:
        break;
    }
    return MHD_NO;
}

/* --- the end -------------------------------------------------------------------- */

/* The "__type" that an error reply starts with, or absent. */
static struct kms_str error_of(const struct request *r)
{
    static const char start[] = "{\"__type\":\"";
    struct kms_str text = {NULL, 0};
    const char *end;

    if (r->fault != KMS_HTTP_OK)
        return kms_str_of(kms_http_fault_reason(r->fault));
    if (r->exchange == NULL || r->status < 400)
        return text;
    text = kms_buf_text(&kms_exchange_reply(r->exchange)->body);
    if (!kms_str_starts(text, start))
        return (struct kms_str){NULL, 0};
    text = kms_str_skip(text, sizeof start - 1);
    end = memchr(text.p, '"', text.n);
    return end != NULL ? (struct kms_str){text.p, (size_t)(end - text.p)}
                       : (struct kms_str){NULL, 0};
}

static void log_request(const struct request *r, enum MHD_RequestTerminationCode code)
{
    struct kms_str target = header_of(r, "X-Amz-Target"), error = error_of(r);
    struct kms_log_field fields[7];
    size_t n = 0;

    if (target.p == NULL)
        target = r->uri;
    if (target.n > 80)
        target.n = 80;
    fields[n++] = (struct kms_log_field){"operation", target, 0};
    fields[n++] = (struct kms_log_field){"status", {NULL, 0}, r->status};
    if (error.p != NULL)
        fields[n++] = (struct kms_log_field){"error", error, 0};
    if (r->exchange != NULL && r->status != 0)
        fields[n++] = (struct kms_log_field){
            "request_id", kms_str_of(kms_exchange_reply(r->exchange)->request_id), 0};
    fields[n++] = (struct kms_log_field){"source", r->conn->peer.source_ip, 0};
    fields[n++] =
        (struct kms_log_field){"us", {NULL, 0}, kms_clock_mono_us() - r->began_us};
    if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK)
        fields[n++] = (struct kms_log_field){"cut_off", {NULL, 0}, (int64_t)code};
    kms_log(KMS_LOG_INFO, "request", fields, n);
}

void kms_http_end(void *cls, struct MHD_Connection *mhd, void **context,
                  enum MHD_RequestTerminationCode code)
{
    struct request *r = *context;
    struct kms_front *front;

    (void)cls;
    (void)mhd;
    if (r == NULL)
        return;
    *context = NULL;
    front = r->conn->front;
    assert(r->phase != PHASE_COMMIT || r->exchange != NULL);
    /* A head that the parser refused by itself was never shown to the handler. */
    if (r->phase == PHASE_HEAD && r->counted == NULL)
        kms_service_refused(front->service, r->conn->peer.source_ip, "request:malformed");
    if (kms_log_wanted(KMS_LOG_INFO))
        log_request(r, code);
    count_in(r, NULL);
    request_free(r);
}
