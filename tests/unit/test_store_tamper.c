#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "store/access_keys.h"
#include "store/grants.h"

static struct box b;

static enum kms_rc fill(struct kms_tx *tx, void *arg)
{
    const int64_t *rows = arg;
    const struct kms_str_pair pair = {KMS_LIT("tenant"), KMS_LIT("42")};
    struct kms_alias a = {.account = ACCOUNT,
                          .region = REGION,
                          .name = KMS_LIT("alias/a"),
                          .key_row = rows[0],
                          .created_ms = 1,
                          .updated_ms = 2};

    KMS_TRY(kms_aliases_insert(tx, &a));
    a.name = KMS_LIT("alias/b");
    a.key_row = rows[1];
    KMS_TRY(kms_aliases_insert(tx, &a));
    KMS_TRY(kms_tags_put(tx, rows[0], KMS_LIT("team"), KMS_LIT("red")));
    KMS_TRY(kms_tags_put(tx, rows[1], KMS_LIT("team"), KMS_LIT("blue")));
    for (int i = 0; i < 2; i++)
        KMS_TRY(kms_grants_insert(
            tx, &(struct kms_grant){.id = i == 0 ? KMS_LIT("aa") : KMS_LIT("bb"),
                                    .key_row = rows[i],
                                    .region = REGION,
                                    .name = KMS_LIT("n"),
                                    .grantee = KMS_LIT("arn:aws:iam::1:user/a"),
                                    .retiring = KMS_LIT("arn:aws:iam::1:user/b"),
                                    .issuer = KMS_LIT("111122223333"),
                                    .operations = 1u << KMS_GRANT_OPERATION_DECRYPT,
                                    .constraint = KMS_GRANT_CONTEXT_EQUALS,
                                    .pairs = {&pair, 1, true},
                                    .created_ms = 9}));
    for (int i = 0; i < 2; i++)
        KMS_TRY(kms_access_keys_insert(
            tx, &(struct kms_access_key){.id = i == 0 ? KMS_LIT("AKIA1") : KMS_LIT("AKIA2"),
                                         .principal = KMS_LIT("arn:aws:iam::1:user/a"),
                                         .kek = {1},
                                         .sealed = KMS_BYTES("sealed"),
                                         .token_sha256 = KMS_BYTES("digest"),
                                         .policy = KMS_LIT("{}"),
                                         .created_ms = 1,
                                         .expires_ms = 2}));
    return kms_records_append(tx, 1, KMS_BYTES("a record"), true);
}

static void rotate_soon(struct kms_key *k)
{
    k->rotation_period_days = 90;
    k->next_rotation_ms = 5000;
}

/* Two of everything. */
static void setup(void)
{
    int64_t rows[2];

    box_make(&b);
    rows[0] = box_key(&b, 1, NULL);
    rows[1] = box_key(&b, 2, NULL);
    box_update(&b, 1, rotate_soon);
    OK(box_write(&b, fill, rows));
    box_close(&b);
    box_copy(&b, "", ".good");
}

static void teardown(void)
{
    box_free(&b);
}

/* The store refuses, and its words have all of these in them. */
static void refused(const char *after, const char *words, const char *more)
{
    enum kms_rc rc = box_try(&b);
    const char *note = kms_err_note(rc);

    ck_assert_msg(rc == KMS_E_TAMPERED, "%s: %s %s", after, kms_rc_info(rc)->id, note);
    ck_assert_msg(strstr(note, words) != NULL && strstr(note, more) != NULL,
                  "%s: the words are: %s", after, note);
}

static void restore(void)
{
    box_copy(&b, ".good", "");
    OK(box_try(&b));
    box_close(&b);
}

/* Another value of the same type for a column of the first row of a table. */
static void edit(const char *table, const char *column, const char *type)
{
    box_sql(&b,
            "PRAGMA foreign_keys = OFF; UPDATE %s SET %s = CASE %Q WHEN 'INTEGER' THEN "
            "ifnull(%s, 0) + 1000 WHEN 'TEXT' THEN ifnull(%s, '') || 'x' ELSE CAST("
            "substr(%s, 2) || 'x' AS BLOB) END WHERE mac = (SELECT mac FROM %s LIMIT 1)",
            table, column, type, column, column, column, table);
}

START_TEST(an_edit_of_any_column_of_any_row_is_found_and_named)
{
    static const char *const tables[] = {"keys", "versions", "aliases", "tags", "grants",
                                         "access_keys"};
    int columns = 0;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char *sql = sqlite3_mprintf("SELECT group_concat(name || ' ' || type, ' ') FROM "
                                    "pragma_table_info(%Q)",
                                    tables[i]);
        char *list = box_ask(&b, sql), *at = list, *column, *type;
        char *named = sqlite3_mprintf("table %s, row", tables[i]);

        while ((column = strsep(&at, " ")) != NULL && (type = strsep(&at, " ")) != NULL) {
            edit(tables[i], column, type);
            refused(column, named, "");
            restore();
            columns++;
        }
        free(list);
        sqlite3_free(sql);
        sqlite3_free(named);
    }
    ck_assert_int_eq(columns, 25 + 12 + 7 + 4 + 12 + 9);
}
END_TEST

START_TEST(an_edit_is_named_by_table_and_primary_key)
{
    box_sql(&b, "UPDATE keys SET state = 'Disabled' WHERE row = 2");
    refused("keys", "table keys, row 2:", "");
    restore();
    box_sql(&b, "UPDATE versions SET rotated_ms = 1 WHERE key_row = 2 AND number = 1");
    refused("versions", "table versions, row 2 1:", "");
    restore();
    box_sql(&b, "UPDATE aliases SET key_row = 1 WHERE name = 'alias/b'");
    refused("aliases", "table aliases, row 111122223333 eu-central-1 alias/b:", "");
    restore();
    box_sql(&b, "UPDATE tags SET value = 'x' WHERE key_row = 2");
    refused("tags", "table tags, row 2 team:", "");
}
END_TEST

START_TEST(an_edit_of_sealed_material_is_found_and_named)
{
    box_sql(&b, "UPDATE material SET sealed = CAST('other' AS BLOB) WHERE row = 3");
    refused("edit", "table versions, row 2 1:", "");
    restore();
    box_sql(&b, "UPDATE versions SET material = 1 WHERE key_row = 1 AND number = 2");
    refused("other", "table versions, row 1 2:", "");
    restore();
    box_sql(&b, "PRAGMA foreign_keys = OFF; DELETE FROM material WHERE row = 1");
    refused("delete", "table versions, row 1 1:", "");
}
END_TEST

START_TEST(a_removed_row_is_missed)
{
    static const char *const sql[] = {
        "DELETE FROM versions WHERE key_row = 1 AND number = 1",
        "DELETE FROM aliases WHERE name = 'alias/a'",
        "DELETE FROM tags WHERE key_row = 1",
        "DELETE FROM tags; DELETE FROM aliases; DELETE FROM versions; DELETE FROM keys",
        "PRAGMA foreign_keys = OFF; DELETE FROM keys WHERE row = 1",
    };

    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        box_sql(&b, "%s", sql[i]);
        refused(sql[i], "state root", "removed");
        restore();
    }
}
END_TEST

START_TEST(rows_that_changed_places_are_found_and_named)
{
    box_sql(&b, "UPDATE keys SET row = CASE row WHEN 1 THEN -2 ELSE -1 END;"
                "UPDATE keys SET row = -row");
    refused("keys", "table keys, row 1:", "");
    restore();
    box_sql(&b,
            "UPDATE aliases SET name = CASE name WHEN 'alias/a' THEN 'alias/b2' ELSE "
            "'alias/a' END; UPDATE aliases SET name = 'alias/b' WHERE name = 'alias/b2'");
    refused("aliases", "table aliases, row", "alias/a:");
    restore();
    box_sql(&b, "UPDATE tags SET value = CASE key_row WHEN 1 THEN 'blue' ELSE 'red' END,"
                " mac = (SELECT t.mac FROM tags t WHERE t.key_row = 3 - tags.key_row)");
    refused("tags", "table tags, row 1 team:", "");
}
END_TEST

static void disable(struct kms_key *k)
{
    k->state = KMS_KEY_STATE_DISABLED;
}

START_TEST(an_older_genuine_row_put_back_is_noticed)
{
    OK(box_try(&b));
    box_update(&b, 1, disable);
    box_close(&b);
    box_sql(
        &b,
        "ATTACH '%q.good' AS old; UPDATE main.keys SET (state, due_ms, due_kind, mac) = "
        "(SELECT state, due_ms, due_kind, mac FROM old.keys WHERE row = 1) WHERE row = 1",
        b.path);
    refused("row", "state root", "rolled back");
}
END_TEST

START_TEST(an_older_copy_with_the_newer_meta_is_noticed)
{
    OK(box_try(&b));
    box_update(&b, 1, disable);
    box_close(&b);
    box_copy(&b, "", ".new");
    box_copy(&b, ".good", "");
    box_sql(&b,
            "ATTACH '%q.new' AS new; DELETE FROM main.meta; INSERT INTO main.meta SELECT "
            "* FROM new.meta",
            b.path);
    refused("copy", "state root", "rolled back");
}
END_TEST

START_TEST(an_edited_or_removed_state_is_noticed)
{
    box_sql(&b, "UPDATE meta SET value = CAST(x'0000000000000063' || substr(value, 9) AS "
                "BLOB) WHERE name = 'store.state'");
    refused("epoch", "state root of epoch 99", "");
    restore();
    box_sql(&b, "DELETE FROM meta WHERE name = 'store.state'");
    refused("removed", "table meta, row store.state", "removed");
    restore();
    box_sql(&b, "UPDATE meta SET value = x'00' WHERE name = 'store.state'");
    refused("short", "table meta, row store.state", "");
}
END_TEST

START_TEST(a_changed_schema_is_noticed)
{
    box_sql(&b, "CREATE TRIGGER evil AFTER INSERT ON keys BEGIN UPDATE keys SET state = "
                "'Enabled'; END");
    refused("trigger", "trigger evil", "added");
    restore();
    box_sql(&b, "DROP TRIGGER records_no_delete");
    refused("trigger", "trigger records_no_delete", "missing");
    restore();
    box_sql(&b, "DROP INDEX keys_by_due; CREATE INDEX keys_by_due ON keys (due_ms) WHERE "
                "due_ms = 1");
    refused("index", "index keys_by_due", "not what it was");
    restore();
    box_sql(&b, "CREATE TABLE zz (a)");
    refused("table", "table zz", "added");
}
END_TEST

START_TEST(a_row_edited_while_the_store_runs_is_not_served)
{
    KMS_AUTO_KEY k = NULL;
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO(arena) a = NULL;
    struct kms_alias alias;
    const struct kms_tag_row *tags;
    size_t n;
    bool more;

    OK(kms_arena_new(&a));
    OK(box_try(&b));
    box_sql(&b,
            "UPDATE keys SET policy = '{}' WHERE row = 1;"
            "UPDATE versions SET kmid = zeroblob(32) WHERE key_row = 2 AND number = 2;"
            "UPDATE aliases SET key_row = 2 WHERE name = 'alias/a';"
            "UPDATE tags SET value = 'x' WHERE key_row = 1");
    FAILS(KMS_E_TAMPERED, box_get(&b, 1, &k));
    FAILS(KMS_E_TAMPERED, box_get(&b, 2, &k));
    OK(kms_store_read(b.store, &tx));
    FAILS(KMS_E_TAMPERED,
          kms_aliases_get(tx, ACCOUNT, REGION, KMS_LIT("alias/a"), a, &alias));
    FAILS(KMS_E_TAMPERED,
          kms_tags_list(tx, 1, (struct kms_str){NULL, 0}, 9, a, &tags, &n, &more));
}
END_TEST

static enum kms_rc update_tampered(struct kms_tx *tx, void *arg)
{
    (void)arg;
    FAILS(KMS_E_TAMPERED, kms_tags_put(tx, 1, KMS_LIT("team"), KMS_LIT("green")));
    FAILS(KMS_E_TAMPERED, kms_tags_delete(tx, 1, KMS_LIT("team")));
    return KMS_OK;
}

START_TEST(an_edited_row_is_not_laundered_by_a_change)
{
    OK(box_try(&b));
    box_sql(&b, "UPDATE tags SET value = 'x' WHERE key_row = 1");
    OK(box_write(&b, update_tampered, NULL));
    box_close(&b);
    refused("tags", "table tags, row 1 team:", "");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        an_edit_of_any_column_of_any_row_is_found_and_named,
        an_edit_is_named_by_table_and_primary_key,
        an_edit_of_sealed_material_is_found_and_named,
        a_removed_row_is_missed,
        rows_that_changed_places_are_found_and_named,
        an_older_genuine_row_put_back_is_noticed,
        an_older_copy_with_the_newer_meta_is_noticed,
        an_edited_or_removed_state_is_noticed,
        a_changed_schema_is_noticed,
        a_row_edited_while_the_store_runs_is_not_served,
        an_edited_row_is_not_laundered_by_a_change,
    };

    return box_main("store_tamper", setup, teardown, tests,
                    sizeof tests / sizeof tests[0]);
}
