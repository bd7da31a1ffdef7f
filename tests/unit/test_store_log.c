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

static enum kms_rc append_big(struct kms_tx *tx, void *arg)
{
    static const uint8_t big[20000];

    return kms_records_append(tx, (uint64_t)(intptr_t)arg, KMS_BYTES(big), false);
}

struct probe {
    struct kms_job job;
    atomic_int seen;
};

static enum kms_rc probe_run(struct kms_tx *tx, struct kms_job *job)
{
    (void)job;
    return box_append(tx, box_number(7));
}

START_TEST(the_log_does_not_grow_for_ever_under_load)
{
    long most = 0;

    for (int i = 0; i < 2000; i++) { /* 40 MB */
        OK(box_write(&b, append_big, box_number(i + 1)));
        if (box_size(&b, "-wal") > most)
            most = box_size(&b, "-wal");
    }
    ck_assert_int_gt(most, 8 << 20);
    ck_assert_int_lt(most, 24 << 20);
    ck_assert_int_gt(box_size(&b, ""), 8 << 20);
}
END_TEST

START_TEST(a_checkpoint_empties_the_log)
{
    OK(box_write(&b, box_append, box_number(1)));
    ck_assert_int_gt(box_size(&b, "-wal"), 0);
    OK(kms_store_checkpoint(b.store));
    ck_assert_int_eq(box_size(&b, "-wal"), 0);
    OK(box_write(&b, box_append, box_number(2)));
    ck_assert_int_gt(box_size(&b, "-wal"), 0);
}
END_TEST

static void checkpoint_done(struct kms_job *job, enum kms_rc rc)
{
    struct probe *p = (struct probe *)job;

    ck_assert_int_eq(rc, KMS_OK);
    OK(kms_store_checkpoint(b.store));
    atomic_store(&p->seen, 1);
}

START_TEST(a_checkpoint_can_be_made_from_a_done_callback)
{
    struct probe p = {.job = {.run = probe_run, .done = checkpoint_done}};

    kms_store_submit(b.store, &p.job);
    for (int i = 0; !atomic_load(&p.seen) && i < 10000; i++)
        poll(NULL, 0, 1);
    ck_assert_int_eq(atomic_load(&p.seen), 1);
    ck_assert_int_eq(box_size(&b, "-wal"), 0);
}
END_TEST

static void *let_reader_go(void *arg)
{
    poll(NULL, 0, 200);
    kms_tx_free(arg);
    return NULL;
}

START_TEST(a_checkpoint_waits_for_a_reader_while_others_write)
{
    struct kms_tx *tx = NULL;
    pthread_t thread;
    int64_t n;

    OK(box_write(&b, box_append, box_number(1)));
    OK(kms_store_read(b.store, &tx));
    OK(kms_keys_count(tx, ACCOUNT, REGION, &n)); /* takes the snapshot */
    OK(box_write(&b, box_append, box_number(2)));
    pthread_create(&thread, NULL, let_reader_go, tx);
    OK(kms_store_checkpoint(b.store));
    ck_assert_int_eq(box_size(&b, "-wal"), 0);
    pthread_join(thread, NULL);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        the_log_does_not_grow_for_ever_under_load,
        a_checkpoint_empties_the_log,
        a_checkpoint_can_be_made_from_a_done_callback,
        a_checkpoint_waits_for_a_reader_while_others_write,
    };

    return box_main("store_log", setup, teardown, tests, sizeof tests / sizeof tests[0]);
}
