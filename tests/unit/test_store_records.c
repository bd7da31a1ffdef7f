#include <stdio.h>
#include <string.h>

#include "box.h"
#include "store/stmt.h"

static struct box b;

static void setup(void)
{
    box_make(&b);
}

static void teardown(void)
{
    box_free(&b);
}

static void words(enum kms_rc want, enum kms_rc rc, const char *text)
{
    FAILS(want, rc);
    ck_assert_msg(strstr(kms_err_note(rc), text) != NULL, "%s", kms_err_note(rc));
}

static enum kms_rc append(struct kms_tx *tx, void *arg)
{
    int n = *(int *)arg;
    char text[40];

    snprintf(text, sizeof text, "record %d", n);
    return kms_records_append(tx, (uint64_t)n, kms_bytes_of_str(kms_str_of(text)),
                              n % 3 == 0);
}

static enum kms_rc append_many(struct kms_tx *tx, void *arg)
{
    for (int n = 1; n <= *(int *)arg; n++)
        KMS_TRY(append(tx, &n));
    return KMS_OK;
}

struct seen {
    uint64_t first, last, n, stop_at;
};

static enum kms_rc look(void *arg, uint64_t seq, struct kms_bytes record)
{
    struct seen *s = arg;
    char text[40];

    snprintf(text, sizeof text, "record %llu", (unsigned long long)seq);
    ck_assert(kms_bytes_eq(record, kms_bytes_of_str(kms_str_of(text))));
    if (s->n++ == 0)
        s->first = seq;
    else
        ck_assert_uint_eq(seq, s->last + 1);
    s->last = seq;
    return seq == s->stop_at ? KMS_E_TAMPERED : KMS_OK;
}

static void saw(struct seen s, uint64_t first, uint64_t last)
{
    ck_assert_uint_eq(s.first, first);
    ck_assert_uint_eq(s.last, last);
    ck_assert_uint_eq(s.n, last - first + 1);
}

START_TEST(records_are_read_in_order_from_anywhere)
{
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO(arena) a = NULL;
    struct kms_bytes record;
    struct seen s = {0};
    uint64_t seq;
    int n = 1100;

    OK(kms_arena_new(&a));
    OK(kms_store_read(b.store, &tx));
    FAILS(KMS_E_NOT_FOUND, kms_records_last(tx, a, &seq, &record));
    FAILS(KMS_E_NOT_FOUND, kms_records_last_change(tx, a, &seq, &record));
    kms_tx_free(KMS_TAKE(tx));
    OK(box_write(&b, append_many, &n));
    OK(kms_store_read(b.store, &tx));
    OK(kms_records_last(tx, a, &seq, &record));
    ck_assert_uint_eq(seq, 1100);
    ck_assert(kms_bytes_eq(record, kms_bytes_of_str(KMS_LIT("record 1100"))));
    OK(kms_records_last_change(tx, a, &seq, &record));
    ck_assert_uint_eq(seq, 1098);
    OK(kms_records_each(tx, 0, look, &s));
    saw(s, 1, 1100);
    s = (struct seen){.stop_at = 1000};
    FAILS(KMS_E_TAMPERED, kms_records_each(tx, 990, look, &s));
    saw(s, 990, 1000);
}
END_TEST

START_TEST(a_file_is_walked_beside_a_running_store_and_after_it)
{
    struct seen s = {0};
    int n = 1100, next = 1101;

    OK(box_write(&b, append_many, &n));
    OK(kms_records_walk_file(b.path, 0, look, &s));
    saw(s, 1, 1100);
    OK(box_write(&b, append, &next));
    s = (struct seen){0};
    OK(kms_records_walk_file(b.path, 1100, look, &s));
    saw(s, 1100, 1101);
    s = (struct seen){.stop_at = 600};
    FAILS(KMS_E_TAMPERED, kms_records_walk_file(b.path, 5, look, &s));
    saw(s, 5, 600);
    box_close(&b);
    s = (struct seen){0};
    OK(kms_records_walk_file(b.path, 512, look, &s));
    saw(s, 512, 1101);
    box_sql(&b, "PRAGMA user_version = 99");
    words(KMS_E_CONFIG, kms_records_walk_file(b.path, 0, look, &s), "newer kmsd");
    words(KMS_E_STORE, kms_records_walk_file("/nowhere/kms.db", 0, look, &s),
          "cannot open");
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_read_as_it_lies)
{
    KMS_AUTO(conn) c = NULL;
    char odd[128];
    int64_t records = 0;
    int n = 3;

    OK(box_write(&b, append_many, &n));
    box_close(&b);
    box_copy(&b, "", ".50%?#");
    snprintf(odd, sizeof odd, "%s.50%%?#", b.path);
    OK(kms_conn_open(odd, KMS_CONN_STILL, &c));
    OK(kms_conn_number(c, "SELECT count(*) FROM records", &records));
    ck_assert_int_eq(records, 3);
}
END_TEST

static void refused(const char *sql, const char *why)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(b.path, &db), SQLITE_OK);
    ck_assert_int_ne(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    ck_assert_msg(strstr(sqlite3_errmsg(db), why) != NULL, "%s: %s", sql,
                  sqlite3_errmsg(db));
    sqlite3_close(db);
}

static enum kms_rc append_refused(struct kms_tx *tx, void *arg)
{
    ck_assert_int_ne(append(tx, arg), KMS_OK);
    return KMS_OK;
}

START_TEST(the_audit_log_is_append_only)
{
    int n = 3, two = 2, three = 3;
    struct seen s = {0};

    OK(box_write(&b, append_many, &n));
    OK(box_write(&b, append_refused, &two));
    OK(box_write(&b, append_refused, &three));
    refused("UPDATE records SET record = x'00' WHERE seq = 1", "append-only");
    refused("DELETE FROM records WHERE seq = 3", "append-only");
    refused("DELETE FROM records", "append-only");
    refused("INSERT INTO records (seq, change, record) VALUES (2, 0, x'00')",
            "append-only");
    refused("INSERT OR REPLACE INTO records (seq, change, record) VALUES (3, 0, x'00')",
            "append-only");
    OK(kms_records_walk_file(b.path, 0, look, &s));
    saw(s, 1, 3);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        records_are_read_in_order_from_anywhere,
        a_file_is_walked_beside_a_running_store_and_after_it,
        a_file_that_cannot_be_written_is_read_as_it_lies,
        the_audit_log_is_append_only,
    };

    return box_main("store_records", setup, teardown, tests,
                    sizeof tests / sizeof tests[0]);
}
