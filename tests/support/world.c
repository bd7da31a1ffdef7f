#include <check.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

#define AUTHORIZATION                                                                      \
    "AWS4-HMAC-SHA256 Credential=111122223333/20260101/us-east-1/kms/aws4_request, "     \
    "SignedHeaders=host, Signature="                                                       \
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
                  .default_account = KMS_LIT("111122223333")},
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

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t settled;
    bool done;
};

static void settle(void *arg)
{
    struct waiting *w = arg;

    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->settled);
    pthread_mutex_unlock(&w->lock);
}

static void commit(struct kms_exchange *x)
{
    struct waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};

    kms_exchange_commit(x, settle, &w);
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.settled, &w.lock);
    pthread_mutex_unlock(&w.lock);
}

struct world_reply world_call(struct world *w, const char *operation, const char *json)
{
    char target[128];
    const struct kms_header headers[] = {
        {KMS_LIT("Content-Type"), KMS_LIT("application/x-amz-json-1.1")},
        {KMS_LIT("X-Amz-Target"), {target, 0}},
        {KMS_LIT("Authorization"), KMS_LIT(AUTHORIZATION)},
        {KMS_LIT("User-Agent"), KMS_LIT("world")},
    };
    struct kms_header with_target[4];
    const struct kms_peer peer = {.source_ip = KMS_LIT("127.0.0.1")};
    struct kms_request req = {.method = KMS_LIT("POST"),
                              .path = KMS_LIT("/"),
                              .headers = with_target,
                              .n_headers = 4,
                              .body = {(const uint8_t *)json, strlen(json)},
                              .peer = &peer};
    const struct kms_reply *reply;
    struct world_reply out = {0};
    KMS_AUTO(exchange) x = NULL;

    snprintf(target, sizeof target, "TrentService.%s", operation);
    memcpy(with_target, headers, sizeof headers);
    with_target[1].value = kms_str_of(target);
    check_ok(kms_exchange_new(w->service, &x), "exchange");
    if (kms_exchange_start(x, &req) == KMS_WAIT)
        commit(x);
    reply = kms_exchange_reply(x);
    out.status = reply->status;
    snprintf(out.request_id, sizeof out.request_id, "%s", reply->request_id);
    snprintf(out.body, sizeof out.body, "%.*s", (int)reply->body.n,
             reply->body.n != 0 ? (const char *)reply->body.p : "");
    return out;
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
