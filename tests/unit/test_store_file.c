#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static unsigned mode_of(const char *suffix)
{
    char path[128];
    struct stat st;

    snprintf(path, sizeof path, "%s%s", b.path, suffix);
    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void set_mode(const char *suffix, mode_t mode)
{
    char path[128];

    snprintf(path, sizeof path, "%s%s", b.path, suffix);
    ck_assert_int_eq(chmod(path, mode), 0);
}

static enum kms_rc try_create(const char *path)
{
    struct kms_store_opts opts = box_opts(&b);
    struct kms_store *s = NULL;
    enum kms_rc rc;

    opts.path = path;
    opts.create = true;
    rc = kms_store_open(&opts, &s);
    kms_store_free(s);
    return rc;
}

static void words(enum kms_rc want, enum kms_rc rc, const char *text)
{
    FAILS(want, rc);
    ck_assert_msg(strstr(kms_err_note(rc), text) != NULL, "%s", kms_err_note(rc));
}

/* --- opening
 * --------------------------------------------------------------------------------- */

START_TEST(files_are_private_whatever_the_umask)
{
    static const mode_t masks[] = {0, 0777, 022};

    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        mode_t before = umask(masks[i]);

        box_free(&b);
        umask(077);
        box_make(&b); /* the directory has to be usable */
        box_close(&b);
        ck_assert_int_eq(unlink(b.path), 0);
        umask(masks[i]);
        OK(try_create(b.path));
        OK(box_try(&b));
        box_key(&b, 1, NULL);
        umask(before);
        ck_assert_uint_eq(mode_of(""), 0600);
        ck_assert_uint_eq(mode_of("-wal"), 0600);
        ck_assert_uint_eq(mode_of("-shm"), 0600);
    }
}
END_TEST

START_TEST(a_loosened_mode_is_tightened)
{
    box_close(&b);
    set_mode("", 0644);
    OK(box_try(&b));
    ck_assert_uint_eq(mode_of(""), 0600);
}
END_TEST

START_TEST(a_new_database_does_not_replace_an_old_one)
{
    words(KMS_E_ALREADY_EXISTS, try_create(b.path), "exists already");
    ck_assert_int_gt(box_size(&b, ""), 0);
}
END_TEST

START_TEST(one_database_serves_one_daemon)
{
    struct kms_store_opts opts = box_opts(&b);
    struct kms_store *second = NULL;

    words(KMS_E_BUSY, kms_store_open(&opts, &second), "in use by another kmsd");
}
END_TEST

START_TEST(a_newer_schema_is_refused_and_not_touched)
{
    char *version;

    box_close(&b);
    box_sql(&b, "PRAGMA user_version = 99");
    words(KMS_E_CONFIG, box_try(&b), "newer kmsd (its schema is version 99");
    version = box_ask(&b, "PRAGMA user_version");
    ck_assert_str_eq(version, "99");
    free(version);
}
END_TEST

START_TEST(the_other_profile_is_refused)
{
    struct kms_store_opts opts = box_opts(&b);
    struct kms_store *s = NULL;

    box_close(&b);
    opts.profile = "server";
    words(KMS_E_CONFIG, kms_store_open(&opts, &s), "made by the dev profile");
    OK(box_try(&b));
}
END_TEST

static void write_file(const char *text)
{
    FILE *f = fopen(b.path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    fclose(f);
}

START_TEST(what_is_no_database_of_kmsd_is_refused)
{
    box_close(&b);
    write_file("");
    words(KMS_E_CONFIG, box_try(&b), "not a database of kmsd");
    write_file("this is a text file, long enough to look like something to a database. "
               "this is a text file, long enough to look like something to a database.");
    words(KMS_E_STORE, box_try(&b), "not a database");
    ck_assert_int_eq(unlink(b.path), 0);
    words(KMS_E_IO, box_try(&b), "cannot open");
    box_sql(&b, "CREATE TABLE somebody_elses (a)");
    words(KMS_E_CONFIG, box_try(&b), "not a database of kmsd");
}
END_TEST

START_TEST(nothing_is_served_before_the_start)
{
    struct kms_store_opts opts = box_opts(&b);
    KMS_AUTO(tx) tx = NULL;

    box_close(&b);
    OK(kms_store_open(&opts, &b.store));
    FAILS(KMS_E_STORE, kms_store_read(b.store, &tx));
    FAILS(KMS_E_STORE, box_write(&b, NULL, NULL));
}
END_TEST

/* --- meta values -----------------------------------------------------------------------
 */

START_TEST(meta_values_are_set_before_the_start_and_read_at_any_time)
{
    struct kms_store_opts opts = box_opts(&b);
    KMS_AUTO(arena) a = NULL;
    struct kms_bytes v;

    OK(kms_arena_new(&a));
    box_close(&b);
    OK(kms_store_open(&opts, &b.store));
    OK(kms_store_meta_put(b.store, "row_key", KMS_BYTES("one")));
    OK(kms_store_meta_put(b.store, "row_key", KMS_BYTES("two")));
    OK(kms_store_meta_get(b.store, "row_key", a, &v));
    ck_assert(kms_bytes_eq(v, KMS_BYTES("two")));
    OK(kms_store_start(b.store, &box_mac));
    OK(kms_store_meta_get(b.store, "row_key", a, &v));
    ck_assert(kms_bytes_eq(v, KMS_BYTES("two")));
    OK(kms_store_meta_get(b.store, "kek_id", a, &v));
    ck_assert_ptr_null(v.p);
    FAILS(KMS_E_STORE, kms_store_meta_put(b.store, "row_key", KMS_BYTES("three")));
}
END_TEST

/* --- backup
 * --------------------------------------------------------------------------------------
 */

START_TEST(a_backup_is_whole_private_and_opens)
{
    char copy[128];
    struct kms_store_opts opts = box_opts(&b);
    struct kms_store *second = NULL;
    uint64_t epoch, copied;
    uint8_t root[32], copied_root[32];

    box_key(&b, 1, NULL);
    box_key(&b, 2, NULL);
    kms_store_root(b.store, &epoch, root);
    snprintf(copy, sizeof copy, "%s.copy", b.path);
    OK(kms_store_backup(b.store, copy));
    ck_assert_uint_eq(mode_of(".copy"), 0600);
    ck_assert_int_eq(box_size(&b, ".copy-journal"), -1);
    words(KMS_E_ALREADY_EXISTS, kms_store_backup(b.store, copy), "exists already");
    box_key(&b, 3, NULL); /* after it, so not in it */

    opts.path = copy;
    OK(kms_store_open(&opts, &second));
    OK(kms_store_start(second, &box_mac));
    kms_store_root(second, &copied, copied_root);
    ck_assert_uint_eq(copied, epoch);
    ck_assert_mem_eq(copied_root, root, 32);
    kms_store_free(second);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        files_are_private_whatever_the_umask,
        a_loosened_mode_is_tightened,
        a_new_database_does_not_replace_an_old_one,
        one_database_serves_one_daemon,
        a_newer_schema_is_refused_and_not_touched,
        the_other_profile_is_refused,
        what_is_no_database_of_kmsd_is_refused,
        nothing_is_served_before_the_start,
        meta_values_are_set_before_the_start_and_read_at_any_time,
        a_backup_is_whole_private_and_opens,
    };

    return box_main("store_file", setup, teardown, tests, sizeof tests / sizeof tests[0]);
}
