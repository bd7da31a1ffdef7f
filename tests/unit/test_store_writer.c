#include <poll.h>
#include <pthread.h>
#include <stdio.h>

#include "box.h"

static struct box b;

static void setup(void)
{
    box_make(&b);
}

static void teardown(void)
{
    box_free(&b);
}

static uint64_t commits(void)
{
    struct kms_store_stats stats;

    kms_store_stats(b.store, &stats);
    return stats.commits;
}

/* --- groups
 * ------------------------------------------------------------------------------ */

START_TEST(what_queues_while_the_writer_is_busy_is_committed_together_in_order)
{
    enum { N = 600 };
    static struct box_job jobs[N];
    struct box_job first;
    atomic_int order = 0;
    uint64_t before = commits(), seq;

    box_hold(&b, &first);
    for (int i = 0; i < N; i++) {
        jobs[i] =
            (struct box_job){.fn = box_append, .arg = box_number(i + 1), .order = &order};
        box_submit(&b, &jobs[i]);
    }
    box_let_go();
    for (int i = 0; i < N; i++) {
        OK(box_wait(&jobs[i]));
        ck_assert_int_eq(jobs[i].place, i);
    }
    /* The one that held, 512, and the rest. */
    ck_assert_uint_eq(commits() - before, 3);
    OK(box_last(&b, &seq));
    ck_assert_uint_eq(seq, N);
}
END_TEST

struct probe {
    struct kms_job job;
    atomic_int seen; /* the last record a reader sees from within done, plus one */
};

static enum kms_rc probe_run(struct kms_tx *tx, struct kms_job *job)
{
    (void)job;
    return box_append(tx, box_number(7));
}

static void probe_done(struct kms_job *job, enum kms_rc rc)
{
    struct probe *p = (struct probe *)job;
    uint64_t seq = 0;

    ck_assert_int_eq(rc, KMS_OK);
    OK(box_last(&b, &seq));
    atomic_store(&p->seen, (int)seq + 1);
}

START_TEST(done_comes_after_the_commit)
{
    struct probe p = {.job = {.run = probe_run, .done = probe_done}};

    kms_store_submit(b.store, &p.job);
    for (int i = 0; !atomic_load(&p.seen) && i < 10000; i++)
        poll(NULL, 0, 1);
    ck_assert_int_eq(atomic_load(&p.seen), 8);
}
END_TEST

START_TEST(closing_finishes_the_queue)
{
    enum { N = 50 };
    static struct box_job jobs[N];
    struct box_job first;
    uint64_t seq;

    box_hold(&b, &first);
    for (int i = 0; i < N; i++) {
        jobs[i] = (struct box_job){.fn = box_append, .arg = box_number(i + 1)};
        box_submit(&b, &jobs[i]);
    }
    box_let_go();
    box_reopen(&b);
    for (int i = 0; i < N; i++)
        OK(box_wait(&jobs[i]));
    OK(box_last(&b, &seq));
    ck_assert_uint_eq(seq, N);
}
END_TEST

/* --- changes and their state
 * --------------------------------------------------------------- */

struct change {
    int64_t key_row;
    uint64_t epoch, epoch_undone;
    uint8_t root[32], root_undone[32];
};

static enum kms_rc tag(struct kms_tx *tx, void *arg)
{
    struct change *c = arg;

    KMS_TRY(kms_tags_put(tx, c->key_row, KMS_LIT("a"), KMS_LIT("1")));
    KMS_TRY(kms_tags_put(tx, c->key_row, KMS_LIT("b"), KMS_LIT("2")));
    kms_tx_integrity(tx, &c->epoch, c->root);
    return KMS_OK;
}

START_TEST(a_change_raises_the_epoch_by_one_and_its_state_is_what_is_committed)
{
    struct change c = {.key_row = box_key(&b, 1, NULL)}, again = c;
    uint64_t before, epoch;
    uint8_t root[32];

    kms_store_root(b.store, &before, root);
    ck_assert_uint_eq(before, 1);
    OK(box_write(&b, tag, &c));
    kms_store_root(b.store, &epoch, root);
    ck_assert_uint_eq(epoch, before + 1);
    ck_assert_uint_eq(c.epoch, epoch);
    ck_assert_mem_eq(c.root, root, 32);
    /* The same once more changes nothing, and says so. */
    OK(box_write(&b, tag, &again));
    ck_assert_uint_eq(again.epoch, epoch);
    ck_assert_mem_eq(again.root, root, 32);
    box_reopen(&b);
    kms_store_root(b.store, &epoch, root);
    ck_assert_uint_eq(c.epoch, epoch);
    ck_assert_mem_eq(c.root, root, 32);
}
END_TEST

static enum kms_rc refused(struct kms_tx *tx, void *arg)
{
    struct change *c = arg;
    KMS_AUTO(key) k = box_record(9);

    ck_assert(kms_tx_writes(tx));
    kms_tx_integrity(tx, &c->epoch, c->root);
    KMS_TRY(kms_tx_mark(tx));
    KMS_TRY(kms_tags_put(tx, c->key_row, KMS_LIT("a"), KMS_LIT("1")));
    KMS_TRY(kms_keys_insert(tx, k));
    KMS_TRY(kms_tx_undo(tx));
    KMS_TRY(box_append(tx, box_number(1)));
    kms_tx_integrity(tx, &c->epoch_undone, c->root_undone);
    return KMS_OK;
}

START_TEST(undone_work_leaves_its_record_and_nothing_else)
{
    struct change c = {.key_row = box_key(&b, 1, NULL)};
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO_KEY k = NULL;
    int64_t tags;
    uint64_t seq;

    OK(box_write(&b, refused, &c));
    ck_assert_uint_eq(c.epoch, c.epoch_undone);
    ck_assert_mem_eq(c.root, c.root_undone, 32);
    OK(box_last(&b, &seq));
    ck_assert_uint_eq(seq, 1);
    OK(kms_store_read(b.store, &tx));
    OK(kms_tags_count(tx, c.key_row, &tags));
    ck_assert_int_eq(tags, 0);
    FAILS(KMS_E_NOT_FOUND, box_get(&b, 9, &k));
    kms_tx_free(KMS_TAKE(tx));
    box_reopen(&b);
}
END_TEST

static enum kms_rc two_acts(struct kms_tx *tx, void *arg)
{
    struct change *c = arg;

    for (int i = 0; i < 2; i++) {
        uint64_t before, after;

        kms_tx_integrity(tx, &before, c->root);
        KMS_TRY(kms_tx_mark(tx));
        KMS_TRY(kms_tags_put(tx, c->key_row, KMS_LIT("a"),
                             i == 0 ? KMS_LIT("1") : KMS_LIT("2")));
        KMS_TRY(kms_tx_release(tx));
        kms_tx_integrity(tx, &after, c->root);
        ck_assert_uint_eq(after, before + 1);
    }
    return KMS_OK;
}

START_TEST(two_acts_of_one_job_have_an_epoch_each)
{
    struct change c = {.key_row = box_key(&b, 1, NULL)};

    OK(box_write(&b, two_acts, &c));
    box_reopen(&b);
}
END_TEST

/* --- many at once
 * --------------------------------------------------------------------------- */

enum { WRITERS = 4, EACH = 100 };

static enum kms_rc next_record(struct kms_tx *tx, void *arg)
{
    atomic_int *seq = arg;

    return box_append(tx, box_number(atomic_fetch_add(seq, 1) + 1));
}

static void *write_some(void *arg)
{
    for (int i = 0; i < EACH; i++)
        OK(box_write(&b, next_record, arg));
    return NULL;
}

START_TEST(many_threads_write_and_every_record_is_there)
{
    pthread_t threads[WRITERS];
    atomic_int seq = 0;
    uint64_t last;

    for (int i = 0; i < WRITERS; i++)
        pthread_create(&threads[i], NULL, write_some, &seq);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    OK(box_last(&b, &last));
    ck_assert_uint_eq(last, WRITERS * EACH);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        what_queues_while_the_writer_is_busy_is_committed_together_in_order,
        done_comes_after_the_commit,
        closing_finishes_the_queue,
        a_change_raises_the_epoch_by_one_and_its_state_is_what_is_committed,
        undone_work_leaves_its_record_and_nothing_else,
        two_acts_of_one_job_have_an_epoch_each,
        many_threads_write_and_every_record_is_there,
    };

    return box_main("store_writer", setup, teardown, tests,
                    sizeof tests / sizeof tests[0]);
}
