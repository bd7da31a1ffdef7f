#include <check.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/records.h"
#include "world.h"

#define AUTHORIZATION                                                                    \
    "AWS4-HMAC-SHA256 Credential=%s/20260101/us-east-1/kms/aws4_request, "               \
    "SignedHeaders=host, Signature="                                                     \
    "0000000000000000000000000000000000000000000000000000000000000000"

static void went_down(void *arg, const char *why)
{
    struct world *w = arg;

    (void)why;
    pthread_mutex_lock(&w->lock);
    w->down = true;
    pthread_cond_signal(&w->fell);
    pthread_mutex_unlock(&w->lock);
}

bool world_went_down(struct world *w)
{
    struct timespec until;
    bool down;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&w->lock);
    while (!w->down)
        if (pthread_cond_timedwait(&w->fell, &w->lock, &until) != 0)
            break;
    down = w->down;
    pthread_mutex_unlock(&w->lock);
    return down;
}

static struct kms_home_opts opts_of(struct world *w)
{
    return (struct kms_home_opts){
        .data = w->data, .profile = "dev", .on_fatal = went_down, .on_fatal_arg = w};
}

static void check_ok(enum kms_rc rc, const char *what)
{
    ck_assert_msg(rc == KMS_OK, "%s: %s", what, kms_err_note(rc));
}

/* Nobody has an entry, so everybody may do everything as far as IAM goes. */
static struct kms_directory *everybody(void)
{
    const struct kms_identities_spec spec = {.open = true};
    struct kms_directory_opts opts = {0};
    struct kms_identities_fault fault;
    struct kms_directory *d = NULL;

    check_ok(kms_identities_new(&spec, &fault, &opts.identities), "identities");
    check_ok(kms_directory_new(&opts, &d), "directory");
    return d;
}

static void serve(struct world *w)
{
    KMS_AUTO(directory) directory = everybody();
    struct kms_home_opts opts = opts_of(w);
    struct kms_service_opts service = {
        .realm = {.partition = KMS_LIT("aws"),
                  .default_region = KMS_LIT("us-east-1"),
                  .default_account = KMS_LIT("111122223333"),
                  .attestation_roots = w->roots},
        .dev = true,
        .directory = directory,
    };

    check_ok(kms_home_open(&opts, &w->home), "open");
    service.store = w->home->store;
    service.keyring = w->home->keyring;
    check_ok(kms_service_new(&service, &w->service), "serve");
}

static void stop(struct world *w)
{
    kms_service_free(w->service);
    kms_home_free(w->home);
    w->service = NULL;
    w->home = NULL;
}

void world_make(struct world *w)
{
    struct kms_home_opts opts;

    *w = (struct world){.data = "/tmp/kmsd-world-XXXXXX",
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .fell = PTHREAD_COND_INITIALIZER};
    ck_assert_ptr_nonnull(mkdtemp(w->data));
    opts = opts_of(w);
    check_ok(kms_home_make(&opts), "make");
    serve(w);
}

void world_restart(struct world *w)
{
    stop(w);
    w->down = false;
    serve(w);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void world_free(struct world *w)
{
    stop(w);
    nftw(w->data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A call on its way, and all that its request points into. */
struct world_sent {
    struct kms_exchange *x;
    char target[128], authorization[256], json[8192];
    struct kms_header headers[4];
    struct kms_peer peer;
    struct kms_request req;
    pthread_mutex_t lock;
    pthread_cond_t settled;
    bool done; /* under lock */
};

static void settle(void *arg)
{
    struct world_sent *s = arg;

    pthread_mutex_lock(&s->lock);
    s->done = true;
    pthread_cond_signal(&s->settled);
    pthread_mutex_unlock(&s->lock);
}

struct world_sent *world_send(struct world *w, const char *account, const char *operation,
                              const char *json)
{
    struct world_sent *s = calloc(1, sizeof *s);

    ck_assert_ptr_nonnull(s);
    ck_assert_uint_lt(strlen(json), sizeof s->json);
    snprintf(s->target, sizeof s->target, "TrentService.%s", operation);
    snprintf(s->authorization, sizeof s->authorization, AUTHORIZATION, account);
    snprintf(s->json, sizeof s->json, "%s", json);
    s->headers[0] = (struct kms_header){KMS_LIT("Content-Type"),
                                        KMS_LIT("application/x-amz-json-1.1")};
    s->headers[1] = (struct kms_header){KMS_LIT("X-Amz-Target"), kms_str_of(s->target)};
    s->headers[2] =
        (struct kms_header){KMS_LIT("Authorization"), kms_str_of(s->authorization)};
    s->headers[3] = (struct kms_header){KMS_LIT("User-Agent"), KMS_LIT("world")};
    s->peer = (struct kms_peer){.source_ip = KMS_LIT("127.0.0.1")};
    s->req = (struct kms_request){.method = KMS_LIT("POST"),
                                  .path = KMS_LIT("/"),
                                  .headers = s->headers,
                                  .n_headers = 4,
                                  .body = kms_bytes_of_str(kms_str_of(s->json)),
                                  .peer = &s->peer};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->settled, NULL);
    check_ok(kms_exchange_new(w->service, &s->x), "exchange");
    if (kms_exchange_start(s->x, &s->req) == KMS_WAIT)
        kms_exchange_commit(s->x, settle, s);
    else
        s->done = true;
    return s;
}

struct world_reply world_receive(struct world_sent *s)
{
    const struct kms_reply *reply;
    struct world_reply out = {0};

    pthread_mutex_lock(&s->lock);
    while (!s->done)
        pthread_cond_wait(&s->settled, &s->lock);
    pthread_mutex_unlock(&s->lock);
    reply = kms_exchange_reply(s->x);
    out.status = reply->status;
    snprintf(out.request_id, sizeof out.request_id, "%s", reply->request_id);
    snprintf(out.body, sizeof out.body, "%.*s", (int)reply->body.n,
             reply->body.n != 0 ? (const char *)reply->body.p : "");
    kms_exchange_free(s->x);
    pthread_cond_destroy(&s->settled);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return out;
}

struct world_reply world_call(struct world *w, const char *operation, const char *json)
{
    return world_receive(world_send(w, "111122223333", operation, json));
}

void world_member(const struct world_reply *r, const char *name, char *out, size_t max)
{
    char mark[64];
    const char *at;
    size_t n = 0;

    snprintf(mark, sizeof mark, "\"%s\":\"", name);
    at = strstr(r->body, mark);
    out[0] = '\0';
    if (at == NULL)
        return;
    for (at += strlen(mark); at[n] != '"' && at[n] != '\0' && n + 1 < max; n++)
        out[n] = at[n];
    out[n] = '\0';
}

void world_key(struct world *w, char id[37])
{
    struct world_reply r = world_call(w, "CreateKey", "{}");

    ck_assert_msg(r.status == 200, "CreateKey: %d %s", r.status, r.body);
    world_member(&r, "KeyId", id, 37);
    ck_assert_uint_eq(strlen(id), 36);
}

unsigned world_occurrences(const char *text, const char *part)
{
    unsigned n = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        n++;
    return n;
}

struct search {
    const char *text, *also;
    unsigned found;
};

static bool has(struct kms_bytes record, const char *text)
{
    return memmem(record.p, record.n, text, strlen(text)) != NULL;
}

static enum kms_rc search_one(void *arg, uint64_t seq, struct kms_bytes record)
{
    struct search *s = arg;

    (void)seq;
    s->found += has(record, s->text) && has(record, s->also);
    return KMS_OK;
}

static unsigned search(struct world *w, const char *text, const char *also)
{
    struct search s = {text, also, 0};
    KMS_AUTO(tx) tx = NULL;

    check_ok(kms_store_read(w->home->store, &tx), "read");
    check_ok(kms_records_each(tx, 1, search_one, &s), "records");
    return s.found;
}

unsigned world_records_with(struct world *w, const char *text)
{
    return search(w, text, "");
}

bool world_record_says(struct world *w, const char *request_id, const char *text)
{
    return search(w, request_id, text) != 0;
}
