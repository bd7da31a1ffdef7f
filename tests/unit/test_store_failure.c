#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/fault.h"
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

static enum kms_rc tag(struct kms_tx *tx, void *key_row)
{
    return kms_tags_put(tx, *(int64_t *)key_row, KMS_LIT("a"), KMS_LIT("1"));
}

static enum kms_rc fail_run(struct kms_tx *tx, void *arg)
{
    (void)tx;
    (void)arg;
    return kms_err(KMS_E_TOKEN, "the token has gone");
}

static void store_is_dead(const char *why)
{
    KMS_AUTO(tx) tx = NULL;
    struct box_job j = {.fn = box_append, .arg = box_number(99)};

    box_submit(&b, &j);
    FAILS(KMS_E_STORE, box_wait(&j));
    FAILS(KMS_E_STORE, kms_store_read(b.store, &tx));
    FAILS(KMS_E_STORE, kms_store_checkpoint(b.store));
    for (int i = 0; !atomic_load(&b.fatals) && i < 10000; i++)
        poll(NULL, 0, 1);
    ck_assert_int_eq(atomic_load(&b.fatals), 1);
    ck_assert_msg(strstr(b.why, why) != NULL, "%s", b.why);
}

START_TEST(a_run_that_fails_takes_its_group_and_the_store_with_it)
{
    struct box_job first, good = {.fn = box_append, .arg = box_number(2)},
                          bad = {.fn = fail_run},
                          later = {.fn = box_append, .arg = box_number(3)};
    uint64_t seq;

    OK(box_write(&b, box_append, box_number(1)));
    box_hold(&b, &first);
    box_submit(&b, &good);
    box_submit(&b, &bad);
    box_submit(&b, &later);
    box_let_go();
    OK(box_wait(&first));
    FAILS(KMS_E_STORE, box_wait(&good));
    FAILS(KMS_E_STORE, box_wait(&bad));
    FAILS(KMS_E_STORE, box_wait(&later));
    store_is_dead("the token has gone");
    box_reopen(&b);
    OK(box_last(&b, &seq));
    ck_assert_uint_eq(seq, 1);
}
END_TEST

static void a_fault_is_fatal(enum kms_fault fault)
{
    int64_t key_row = box_key(&b, 1, NULL);
    KMS_AUTO(tx) tx = NULL;
    struct box_job first, change = {.fn = tag, .arg = &key_row},
                          record = {.fn = box_append, .arg = box_number(2)};
    uint64_t seq;
    int64_t tags;

    OK(box_write(&b, box_append, box_number(1)));
    box_hold(&b, &first);
    box_submit(&b, &change);
    box_submit(&b, &record);
    kms_fault_arm(fault, fault == KMS_FAULT_STORE_COMMIT ? 2 : 1);
    box_let_go();
    OK(box_wait(&first));
    FAILS(KMS_E_STORE, box_wait(&change));
    FAILS(KMS_E_STORE, box_wait(&record));
    store_is_dead("fault injected");
    box_reopen(&b);
    OK(box_last(&b, &seq));
    ck_assert_uint_eq(seq, 1);
    OK(kms_store_read(b.store, &tx));
    OK(kms_tags_count(tx, key_row, &tags));
    ck_assert_int_eq(tags, 0);
}

START_TEST(a_change_whose_commit_fails_does_not_happen)
{
    a_fault_is_fatal(KMS_FAULT_STORE_COMMIT);
}
END_TEST

START_TEST(a_change_whose_record_cannot_be_written_does_not_happen)
{
    a_fault_is_fatal(KMS_FAULT_AUDIT_APPEND);
}
END_TEST

static enum kms_rc append_big(struct kms_tx *tx, void *arg)
{
    static const uint8_t big[20000];

    return kms_records_append(tx, (uint64_t)(intptr_t)arg, KMS_BYTES(big), false);
}

static void limit_files_to(rlim_t size)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size == 0 ? limit.rlim_max : size;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_stops_the_store_and_loses_nothing_acknowledged)
{
    uint64_t acknowledged = 0, seq = 0;

    limit_files_to(1 << 20);
    while (acknowledged < 200 &&
           box_write(&b, append_big, box_number((int)acknowledged + 1)) == KMS_OK)
        acknowledged++;
    ck_assert_uint_gt(acknowledged, 10);
    ck_assert_uint_lt(acknowledged, 200);
    store_is_dead("");
    box_close(&b);
    limit_files_to(0);
    OK(box_try(&b));
    OK(box_last(&b, &seq));
    ck_assert_uint_eq(seq, acknowledged);
}
END_TEST

static enum kms_rc many_big_with_a_mark(struct kms_tx *tx, void *arg)
{
    KMS_AUTO_BUF big = {0};
    enum kms_rc rc = KMS_OK;

    (void)arg;
    memset(kms_buf_room(&big, 1 << 20), 'x', 1 << 20);
    KMS_TRY(kms_tx_mark(tx));
    for (int i = 1; rc == KMS_OK && i < 64; i++)
        rc = kms_records_append(tx, (uint64_t)i, kms_buf_view(&big), false);
    FAILS(KMS_E_STORE, rc);
    /* SQLite has rolled everything back; nothing may be written as if it had not. */
    return kms_tx_undo(tx) == KMS_OK ? box_append(tx, box_number(1)) : KMS_E_STORE;
}

START_TEST(a_disk_that_fills_inside_a_job_cannot_leave_half_of_it)
{
    uint64_t seq;

    limit_files_to(4 << 20);
    FAILS(KMS_E_STORE, box_write(&b, many_big_with_a_mark, NULL));
    store_is_dead("");
    box_close(&b);
    limit_files_to(0);
    OK(box_try(&b));
    FAILS(KMS_E_NOT_FOUND, box_last(&b, &seq));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_run_that_fails_takes_its_group_and_the_store_with_it,
        a_change_whose_commit_fails_does_not_happen,
        a_change_whose_record_cannot_be_written_does_not_happen,
        a_full_disk_stops_the_store_and_loses_nothing_acknowledged,
        a_disk_that_fills_inside_a_job_cannot_leave_half_of_it,
    };

    return box_main("store_failure", setup, teardown, tests,
                    sizeof tests / sizeof tests[0]);
}
