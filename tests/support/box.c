#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"
#include "key/ident.h"

/* Four lanes of FNV-1a, stirred: every input bit reaches every lane. */
static enum kms_rc mac(void *ctx, struct kms_bytes data, uint8_t out[32])
{
    (void)ctx;
    for (uint64_t lane = 0; lane < 4; lane++) {
        uint64_t h = 0xcbf29ce484222325u ^ lane * 0x9e3779b97f4a7c15u;

        for (size_t i = 0; i < data.n; i++)
            h = (h ^ data.p[i]) * 0x100000001b3u;
        for (int i = 0; i < 3; i++) {
            h ^= h >> 29;
            h *= 0xbf58476d1ce4e5b9u;
        }
        kms_put_be64(out + 8 * lane, h);
    }
    return KMS_OK;
}

const struct kms_row_mac box_mac = {mac, NULL};

static void fatal(void *arg, const char *why)
{
    struct box *b = arg;

    snprintf(b->why, sizeof b->why, "%s", why);
    atomic_fetch_add(&b->fatals, 1);
}

struct kms_store_opts box_opts(struct box *b)
{
    return (struct kms_store_opts){
        .path = b->path, .profile = "dev", .on_fatal = fatal, .on_fatal_arg = b};
}

void box_make(struct box *b)
{
    struct kms_store_opts opts;

    memset(b, 0, sizeof *b);
    strcpy(b->dir, "/tmp/kms-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(b->dir));
    snprintf(b->path, sizeof b->path, "%s/kms.db", b->dir);
    opts = box_opts(b);
    opts.create = true;
    OK(kms_store_open(&opts, &b->store));
    OK(kms_store_start(b->store, &box_mac));
}

void box_close(struct box *b)
{
    kms_store_free(b->store);
    b->store = NULL;
}

enum kms_rc box_try(struct box *b)
{
    struct kms_store_opts opts = box_opts(b);
    enum kms_rc rc = kms_store_open(&opts, &b->store);

    if (rc == KMS_OK)
        rc = kms_store_start(b->store, &box_mac);
    if (rc != KMS_OK)
        box_close(b);
    return rc;
}

void box_reopen(struct box *b)
{
    box_close(b);
    OK(box_try(b));
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void box_free(struct box *b)
{
    box_close(b);
    nftw(b->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum kms_rc run(struct kms_tx *tx, struct kms_job *job)
{
    struct box_job *j = (struct box_job *)job;

    return j->fn(tx, j->arg);
}

static void done(struct kms_job *job, enum kms_rc rc)
{
    struct box_job *j = (struct box_job *)job;

    j->rc = rc;
    if (j->order != NULL)
        j->place = atomic_fetch_add(j->order, 1);
    atomic_store(&j->done, 1);
}

void box_submit(struct box *b, struct box_job *j)
{
    j->job.run = run;
    j->job.done = done;
    atomic_store(&j->done, 0);
    kms_store_submit(b->store, &j->job);
}

enum kms_rc box_wait(struct box_job *j)
{
    for (int i = 0; !atomic_load(&j->done); i++) {
        ck_assert_msg(i < 20000, "a job was not done within 20 s");
        poll(NULL, 0, 1);
    }
    return j->rc;
}

enum kms_rc box_write(struct box *b, KMS_RC (*fn)(struct kms_tx *tx, void *arg),
                      void *arg)
{
    struct box_job j = {.fn = fn, .arg = arg};

    box_submit(b, &j);
    return box_wait(&j);
}

enum kms_rc box_append(struct kms_tx *tx, void *number)
{
    uint64_t seq = (uint64_t)(intptr_t)number;
    char text[40];

    snprintf(text, sizeof text, "record %llu", (unsigned long long)seq);
    return kms_records_append(tx, seq, kms_bytes_of_str(kms_str_of(text)), false);
}

void *box_number(int n)
{
    return (void *)(intptr_t)n;
}

enum kms_rc box_last(struct box *b, uint64_t *seq)
{
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO(arena) a = NULL;
    struct kms_bytes record;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_store_read(b->store, &tx));
    return kms_records_last(tx, a, seq, &record);
}

static atomic_int held, let_go;

static enum kms_rc hold(struct kms_tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
    atomic_store(&held, 1);
    while (!atomic_load(&let_go))
        poll(NULL, 0, 1);
    return KMS_OK;
}

void box_hold(struct box *b, struct box_job *j)
{
    atomic_store(&held, 0);
    atomic_store(&let_go, 0);
    *j = (struct box_job){.fn = hold};
    box_submit(b, j);
    while (!atomic_load(&held))
        poll(NULL, 0, 1);
}

void box_let_go(void)
{
    atomic_store(&let_go, 1);
}

static void uuid_of(int n, uint8_t uuid[KMS_UUID_LEN])
{
    memset(uuid, 0x5a, KMS_UUID_LEN);
    kms_put_be32(uuid, (uint32_t)n);
}

static void add_version(struct kms_key *k, int n, uint32_t number)
{
    struct kms_key_version v = {
        .number = number,
        .created_ms = 1000 * n + number,
        .rotated_ms = number == 1 ? 0 : 2000 * n + number,
        .rotation_type =
            number == 1 ? KMS_ROTATION_TYPE_NONE : KMS_ROTATION_TYPE_ON_DEMAND,
    };
    uint8_t sealed[60];

    memset(v.kmid, (int)number, sizeof v.kmid);
    kms_put_be32(v.kmid, (uint32_t)n);
    memset(v.kek, 0xee, sizeof v.kek);
    for (size_t i = 0; i < sizeof sealed; i++)
        sealed[i] = (uint8_t)(0x80 + (unsigned)n * 31 + number * 7 + i * 13);
    kms_put_be32(sealed, (uint32_t)n);
    kms_put_be32(sealed + 20, (uint32_t)n);
    kms_put_be32(sealed + 40, (uint32_t)n);
    v.sealed = KMS_BYTES(sealed);
    OK(kms_key_add_version(k, &v));
}

struct kms_key *box_record(int n)
{
    struct kms_key *k = NULL;
    char id[KMS_KEY_ID_MAX + 1], text[128];

    OK(kms_key_new(&k));
    uuid_of(n, k->uuid);
    kms_ident_format(k->uuid, false, id);
    OK(kms_key_set_text(k, &k->account, ACCOUNT));
    OK(kms_key_set_text(k, &k->region, REGION));
    OK(kms_key_set_text(k, &k->id, kms_str_of(id)));
    snprintf(text, sizeof text, "arn:aws:kms:eu-central-1:111122223333:key/%s", id);
    OK(kms_key_set_text(k, &k->arn, kms_str_of(text)));
    snprintf(text, sizeof text, "key number %d", n);
    OK(kms_key_set_text(k, &k->description, kms_str_of(text)));
    OK(kms_key_set_text(k, &k->policy, KMS_LIT("{\"Version\":\"2012-10-17\"}")));
    k->spec = KMS_KEY_SPEC_SYMMETRIC_DEFAULT;
    k->usage = KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT;
    k->origin = KMS_ORIGIN_TYPE_AWS_KMS;
    k->state = KMS_KEY_STATE_ENABLED;
    k->created_ms = 1000 * n;
    k->pending_window_days = 30;
    k->on_demand_count = 1;
    add_version(k, n, 1);
    add_version(k, n, 2);
    return k;
}

static enum kms_rc insert(struct kms_tx *tx, void *arg)
{
    return kms_keys_insert(tx, arg);
}

int64_t box_key(struct box *b, int n, char id[KMS_KEY_ID_MAX + 1])
{
    KMS_AUTO(key) k = box_record(n);

    OK(box_write(b, insert, k));
    if (id != NULL)
        snprintf(id, KMS_KEY_ID_MAX + 1, "%.*s", KMS_FMT(k->id));
    return k->row;
}

static enum kms_rc get(struct kms_tx *tx, int n, const struct kms_key **out)
{
    uint8_t uuid[KMS_UUID_LEN];
    char id[KMS_KEY_ID_MAX + 1];

    uuid_of(n, uuid);
    kms_ident_format(uuid, false, id);
    return kms_keys_get(tx, ACCOUNT, REGION, kms_str_of(id), out);
}

enum kms_rc box_get(struct box *b, int n, const struct kms_key **out)
{
    KMS_AUTO(tx) tx = NULL;

    KMS_TRY(kms_store_read(b->store, &tx));
    return get(tx, n, out);
}

struct update {
    int n;
    void (*edit)(struct kms_key *k);
};

static enum kms_rc update(struct kms_tx *tx, void *arg)
{
    struct update *u = arg;
    KMS_AUTO_KEY k = NULL;
    KMS_AUTO(key) copy = NULL;

    KMS_TRY(get(tx, u->n, &k));
    KMS_TRY(kms_key_copy(k, &copy));
    u->edit(copy);
    return kms_keys_update(tx, copy);
}

void box_update(struct box *b, int n, void (*edit)(struct kms_key *k))
{
    OK(box_write(b, update, &(struct update){n, edit}));
}

int box_main(const char *name, void (*setup)(void), void (*teardown)(void),
             const TTest *const *tests, size_t n)
{
    Suite *s = suite_create(name);
    TCase *t = tcase_create(name);
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
