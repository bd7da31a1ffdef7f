/*
 * test_dispatch_waits.c - a use that waits for its lane: what is acknowledged before its
 * work begins holds for it.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/attest.h"
#include "dispatch/service.h"
#include "support/vectors.h"
#include "support/world.h"
#include "wire/base64.h"

static const char owner[] = "111122223333";
static const char other[] = "444455556666";

static struct world w;
/* Of a signing key whose work is the crypto lane's, and of one that encrypts. */
static char signer[37], sealer[37];
static char document[16384]; /* of an enclave, in base64 */
static struct kms_attest_roots *roots;

/* One thread of a lane, kept busy until it is let go. */
struct gate {
    struct kms_task task; /* first */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool taken, open; /* under lock */
};

static struct gate gates[KMS_LANE_COUNT];

static bool gate_run(struct kms_task *task)
{
    struct gate *g = (struct gate *)task;

    pthread_mutex_lock(&g->lock);
    g->taken = true;
    pthread_cond_broadcast(&g->moved);
    while (!g->open)
        pthread_cond_wait(&g->moved, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return true;
}

static void gate_done(struct kms_task *task)
{
    struct gate *g = (struct gate *)task;

    pthread_mutex_lock(&g->lock);
    g->taken = false;
    pthread_cond_broadcast(&g->moved);
    pthread_mutex_unlock(&g->lock);
}

/* Whatever is sent to the lane from here on waits. */
static void hold(enum kms_lane lane)
{
    struct gate *g = &gates[lane];

    g->task.run = gate_run;
    g->task.done = gate_done;
    pthread_mutex_lock(&g->lock);
    g->open = false;
    ck_assert(kms_workers_submit(w.service->lanes[lane], &g->task));
    while (!g->taken)
        pthread_cond_wait(&g->moved, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void release(enum kms_lane lane)
{
    struct gate *g = &gates[lane];

    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->moved);
    while (g->taken)
        pthread_cond_wait(&g->moved, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

/* A lane of one thread, however many cores there are. */
static void narrow(enum kms_lane lane)
{
    pthread_mutex_init(&gates[lane].lock, NULL);
    pthread_cond_init(&gates[lane].moved, NULL);
    kms_workers_free(w.service->lanes[lane]);
    w.service->lanes[lane] = NULL;
    ck_assert_int_eq(kms_workers_new(1, 16, 8, &w.service->lanes[lane]), KMS_OK);
}

static void make(const char *members, char id[37])
{
    struct world_reply r = world_call(&w, "CreateKey", members);

    ck_assert_msg(r.status == 200, "%.200s", r.body);
    world_member(&r, "KeyId", id, 37);
}

/* The document and the root of the first group of the file, at the time they are of. */
static void trust(void)
{
    FILE *f = vector_open("attestation.txt");
    static struct vector v;
    KMS_AUTO_BUF text = {0};

    ck_assert(vector_next(f, &v));
    fclose(f);
    ck_assert_int_eq(kms_attest_roots_load(vector_get(&v, "root"), &roots), KMS_OK);
    kms_base64_encode(vector_get(&v, "document"), &text);
    ck_assert_int_eq(kms_buf_ok(&text), KMS_OK);
    ck_assert_uint_lt(text.n, sizeof document);
    snprintf(document, sizeof document, "%.*s", KMS_FMT(kms_buf_text(&text)));
    w.roots = roots;
    kms_clock_set_ms(INT64_C(1800000000000));
}

static void setup(void)
{
    world_make(&w);
    trust();
    world_restart(&w);
    narrow(KMS_LANE_CRYPTO);
    narrow(KMS_LANE_KEYGEN);
    make("{\"KeySpec\":\"ECC_NIST_P384\",\"KeyUsage\":\"SIGN_VERIFY\"}", signer);
    make("{}", sealer);
}

static void teardown(void)
{
    world_free(&w);
    kms_attest_roots_free(roots);
}

static struct world_reply on(const char *operation, const char *id, const char *more)
{
    char json[1024];

    snprintf(json, sizeof json, "{\"KeyId\":\"%s\"%s}", id, more);
    return world_call(&w, operation, json);
}

static const char recipient[] = ",\"Recipient\":{\"KeyEncryptionAlgorithm\":"
                                "\"RSAES_OAEP_SHA_256\",\"AttestationDocument\":\"%s\"}";

static struct world_sent *use(const char *account, const char *operation, const char *key,
                              const char *more, bool attested)
{
    static char json[sizeof document + 1024];
    int n = snprintf(json, sizeof json, "{\"KeyId\":\"%s\"%s", key, more);

    if (attested)
        n += snprintf(json + n, sizeof json - (size_t)n, recipient, document);
    snprintf(json + n, sizeof json - (size_t)n, "}");
    return world_send(&w, account, operation, json);
}

static const char of_p384[] = ",\"Message\":\"bWVzc2FnZQ==\","
                              "\"SigningAlgorithm\":\"ECDSA_SHA_384\"";
static const char of_rsa[] = ",\"KeyPairSpec\":\"RSA_2048\"";
static const char of_aes[] = ",\"KeySpec\":\"AES_256\"";

static struct world_sent *sign(const char *account, const char *key)
{
    return use(account, "Sign", key, of_p384, false);
}

/* Uses that wait for a lane, and how often each is checked when nobody interferes. */
static const struct {
    const char *operation, *key, *more;
    bool attested;
    enum kms_lane waits; /* the last lane it waits for */
    unsigned checks;
} uses[] = {
    {"Sign", signer, of_p384, false, KMS_LANE_CRYPTO, 2},
    {"GenerateDataKeyPair", sealer, of_rsa, false, KMS_LANE_KEYGEN, 2},
    /* With a document there is no decision before the lane has verified it. */
    {"GenerateDataKey", sealer, of_aes, true, KMS_LANE_CRYPTO, 1},
    {"GenerateDataKeyPair", sealer, of_rsa, true, KMS_LANE_KEYGEN, 2},
};
enum { USES = sizeof uses / sizeof uses[0] };

static struct world_sent *send_use(int i)
{
    return use(owner, uses[i].operation, uses[i].key, uses[i].more, uses[i].attested);
}

/* On the way to key generation a document is verified: wait until that has happened. */
static void pass_crypto(int i)
{
    if (uses[i].attested && uses[i].waits == KMS_LANE_KEYGEN) {
        hold(KMS_LANE_CRYPTO);
        release(KMS_LANE_CRYPTO);
    }
}

static void ck_refused(const struct world_reply *r, const char *type)
{
    char said[64];

    world_member(r, "__type", said, sizeof said);
    ck_assert_msg(r->status == 400 && strcmp(said, type) == 0, "%d %.200s", r->status,
                  r->body);
    ck_assert_uint_eq(world_records_with(&w, r->request_id), 1);
    ck_assert(world_record_says(&w, r->request_id, type));
}

START_TEST(a_key_that_is_disabled_while_its_use_waits_is_not_used)
{
    struct world_sent *sent;
    struct world_reply r;

    hold(uses[_i].waits);
    sent = send_use(_i);
    pass_crypto(_i);
    ck_assert_int_eq(on("DisableKey", uses[_i].key, "").status, 200);
    release(uses[_i].waits);
    r = world_receive(sent);
    ck_refused(&r, "DisabledException");
    /* And is again, once it may be. */
    ck_assert_int_eq(on("EnableKey", uses[_i].key, "").status, 200);
    r = world_receive(send_use(_i));
    ck_assert_msg(r.status == 200, "%.200s", r.body);
}
END_TEST

START_TEST(a_use_that_waits_is_checked_once_more_and_not_again)
{
    struct kms_store_stats before, after;
    struct world_reply r = world_receive(send_use(_i));

    ck_assert_msg(r.status == 200, "%.200s", r.body);
    kms_store_stats(w.home->store, &before);
    r = world_receive(send_use(_i));
    ck_assert_msg(r.status == 200, "%.200s", r.body);
    kms_store_stats(w.home->store, &after);
    ck_assert_uint_eq(after.key_cache_hits - before.key_cache_hits, uses[_i].checks);
    ck_assert_uint_eq(after.key_cache_misses, before.key_cache_misses);
}
END_TEST

START_TEST(a_grant_that_is_revoked_while_a_use_waits_allows_nothing)
{
    char more[256], arn[128], grant[80];
    struct world_sent *sent;
    struct world_reply r;

    snprintf(arn, sizeof arn, "arn:aws:kms:us-east-1:%s:key/%s", owner, signer);
    snprintf(more, sizeof more,
             ",\"GranteePrincipal\":\"arn:aws:iam::%s:user/%s\","
             "\"Operations\":[\"Sign\"]",
             other, other);
    r = on("CreateGrant", signer, more);
    ck_assert_msg(r.status == 200, "%.200s", r.body);
    world_member(&r, "GrantId", grant, sizeof grant);
    r = world_receive(sign(other, arn));
    ck_assert_msg(r.status == 200, "%.200s", r.body);
    ck_assert(world_record_says(&w, r.request_id, grant));

    hold(KMS_LANE_CRYPTO);
    sent = sign(other, arn);
    snprintf(more, sizeof more, ",\"GrantId\":\"%s\"", grant);
    ck_assert_int_eq(on("RevokeGrant", signer, more).status, 200);
    release(KMS_LANE_CRYPTO);
    r = world_receive(sent);
    ck_refused(&r, "AccessDeniedException");
    ck_assert(!world_record_says(&w, r.request_id, grant));
}
END_TEST

START_TEST(an_alias_that_moves_while_a_use_waits_names_the_other_key)
{
    char second[37], more[128], id[128];
    struct world_sent *moved, *deleted;
    struct world_reply r;

    make("{\"KeySpec\":\"ECC_NIST_P384\",\"KeyUsage\":\"SIGN_VERIFY\"}", second);
    snprintf(more, sizeof more, "{\"AliasName\":\"alias/a\",\"TargetKeyId\":\"%s\"}",
             signer);
    ck_assert_int_eq(world_call(&w, "CreateAlias", more).status, 200);

    hold(KMS_LANE_CRYPTO);
    moved = sign(owner, "alias/a");
    snprintf(more, sizeof more, "{\"AliasName\":\"alias/a\",\"TargetKeyId\":\"%s\"}",
             second);
    ck_assert_int_eq(world_call(&w, "UpdateAlias", more).status, 200);
    release(KMS_LANE_CRYPTO);
    r = world_receive(moved);
    ck_assert_int_eq(r.status, 200);
    world_member(&r, "KeyId", id, sizeof id);
    ck_assert_ptr_nonnull(strstr(id, second));
    ck_assert(world_record_says(&w, r.request_id, second));

    hold(KMS_LANE_CRYPTO);
    deleted = sign(owner, "alias/a");
    ck_assert_int_eq(world_call(&w, "DeleteAlias", "{\"AliasName\":\"alias/a\"}").status,
                     200);
    release(KMS_LANE_CRYPTO);
    r = world_receive(deleted);
    ck_refused(&r, "NotFoundException");
    /* Nothing is left in its record of what the first look found. */
    ck_assert(!world_record_says(&w, r.request_id, second));
    ck_assert(!world_record_says(&w, r.request_id, "\"decision\""));
}
END_TEST

START_TEST(every_use_of_a_queue_is_checked_in_its_turn)
{
    enum { N = 12 };
    struct world_sent *sent[N];

    hold(KMS_LANE_CRYPTO);
    for (int i = 0; i < N; i++)
        sent[i] = sign(owner, signer);
    ck_assert_int_eq(
        on("ScheduleKeyDeletion", signer, ",\"PendingWindowInDays\":7").status, 200);
    release(KMS_LANE_CRYPTO);
    for (int i = 0; i < N; i++) {
        struct world_reply r = world_receive(sent[i]);

        ck_refused(&r, "KMSInvalidStateException");
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("dispatch_waits");
    TCase *t = tcase_create("waits");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_key_that_is_disabled_while_its_use_waits_is_not_used, 0,
                        USES);
    tcase_add_loop_test(t, a_use_that_waits_is_checked_once_more_and_not_again, 0, USES);
    tcase_add_test(t, a_grant_that_is_revoked_while_a_use_waits_allows_nothing);
    tcase_add_test(t, an_alias_that_moves_while_a_use_waits_names_the_other_key);
    tcase_add_test(t, every_use_of_a_queue_is_checked_in_its_turn);
    suite_add_tcase(s, t);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
