#include <stdlib.h>
#include <string.h>

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

static struct kms_alias alias(const char *name, int64_t key_row, int64_t at_ms)
{
    return (struct kms_alias){.account = ACCOUNT,
                              .region = REGION,
                              .name = kms_str_of(name),
                              .key_row = key_row,
                              .created_ms = at_ms,
                              .updated_ms = at_ms};
}

static enum kms_rc insert_alias(struct kms_tx *tx, void *arg)
{
    return kms_aliases_insert(tx, arg);
}

static enum kms_rc update_alias(struct kms_tx *tx, void *arg)
{
    return kms_aliases_update(tx, arg);
}

static enum kms_rc delete_alias(struct kms_tx *tx, void *arg)
{
    return kms_aliases_delete(tx, ACCOUNT, REGION, kms_str_of(arg));
}

static void put_alias(const char *name, int64_t key_row, int64_t at_ms)
{
    struct kms_alias v = alias(name, key_row, at_ms);

    OK(box_write(&b, insert_alias, &v));
}

START_TEST(an_alias_is_made_moved_and_removed)
{
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO(arena) a = NULL;
    char id1[KMS_KEY_ID_MAX + 1], id2[KMS_KEY_ID_MAX + 1];
    int64_t one = box_key(&b, 1, id1), two = box_key(&b, 2, id2);
    struct kms_alias moved = alias("alias/a", two, 200), got;

    OK(kms_arena_new(&a));
    put_alias("alias/a", one, 100);
    OK(kms_store_read(b.store, &tx));
    OK(kms_aliases_get(tx, ACCOUNT, REGION, KMS_LIT("alias/a"), a, &got));
    ck_assert(kms_str_is(got.key_id, id1) && kms_str_is(got.name, "alias/a"));
    ck_assert(kms_str_eq(got.account, ACCOUNT) && kms_str_eq(got.region, REGION));
    ck_assert_int_eq(got.key_row, one);
    FAILS(KMS_E_NOT_FOUND, kms_aliases_get(tx, ACCOUNT, KMS_LIT("us-east-1"),
                                           KMS_LIT("alias/a"), a, &got));
    kms_tx_free(KMS_TAKE(tx));

    OK(box_write(&b, update_alias, &moved));
    box_reopen(&b);
    OK(kms_store_read(b.store, &tx));
    OK(kms_aliases_get(tx, ACCOUNT, REGION, KMS_LIT("alias/a"), a, &got));
    ck_assert(kms_str_is(got.key_id, id2));
    ck_assert_int_eq(got.created_ms, 100);
    ck_assert_int_eq(got.updated_ms, 200);
    kms_tx_free(KMS_TAKE(tx));

    OK(box_write(&b, delete_alias, "alias/a"));
    OK(kms_store_read(b.store, &tx));
    FAILS(KMS_E_NOT_FOUND,
          kms_aliases_get(tx, ACCOUNT, REGION, KMS_LIT("alias/a"), a, &got));
}
END_TEST

static void list_aliases(int64_t key_row, const char *after, size_t limit,
                         const char *want, bool want_more)
{
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO(arena) a = NULL;
    const struct kms_alias *v;
    char got[256] = "";
    size_t n;
    bool more;

    OK(kms_arena_new(&a));
    OK(kms_store_read(b.store, &tx));
    OK(kms_aliases_list(tx, ACCOUNT, REGION, key_row, kms_str_of(after), limit, a, &v, &n,
                        &more));
    for (size_t i = 0; i < n; i++)
        strncat(got, v[i].name.p + 6, v[i].name.n - 6);
    ck_assert_str_eq(got, want);
    ck_assert_int_eq(more, want_more);
}

START_TEST(aliases_are_listed_by_name_of_all_keys_or_of_one)
{
    KMS_AUTO(tx) tx = NULL;
    int64_t one = box_key(&b, 1, NULL), two = box_key(&b, 2, NULL), n;

    put_alias("alias/c", one, 1);
    put_alias("alias/a", two, 2);
    put_alias("alias/b", one, 3);
    put_alias("alias/d", two, 4);
    list_aliases(0, NULL, 3, "abc", true);
    list_aliases(0, "alias/c", 3, "d", false);
    list_aliases(one, NULL, 3, "bc", false);
    list_aliases(two, NULL, 1, "a", true);
    list_aliases(two, "alias/a", 1, "d", false);
    OK(kms_store_read(b.store, &tx));
    OK(kms_aliases_count(tx, one, &n));
    ck_assert_int_eq(n, 2);
}
END_TEST

struct tag {
    int64_t key_row;
    const char *key, *value;
};

static enum kms_rc put_tag(struct kms_tx *tx, void *arg)
{
    struct tag *t = arg;

    return kms_tags_put(tx, t->key_row, kms_str_of(t->key), kms_str_of(t->value));
}

static enum kms_rc delete_tag(struct kms_tx *tx, void *arg)
{
    struct tag *t = arg;

    return kms_tags_delete(tx, t->key_row, kms_str_of(t->key));
}

static void list_tags(int64_t key_row, const char *after, size_t limit, const char *want,
                      bool want_more)
{
    KMS_AUTO(tx) tx = NULL;
    KMS_AUTO(arena) a = NULL;
    const struct kms_tag_row *v;
    char got[256] = "";
    size_t n;
    bool more;

    OK(kms_arena_new(&a));
    OK(kms_store_read(b.store, &tx));
    OK(kms_tags_list(tx, key_row, kms_str_of(after), limit, a, &v, &n, &more));
    for (size_t i = 0; i < n; i++) {
        strncat(got, v[i].key.p, v[i].key.n);
        strcat(got, "=");
        strncat(got, v[i].value.p, v[i].value.n);
        strcat(got, ";");
    }
    ck_assert_str_eq(got, want);
    ck_assert_int_eq(more, want_more);
}

START_TEST(tags_are_put_replaced_listed_and_removed)
{
    KMS_AUTO(tx) tx = NULL;
    int64_t k = box_key(&b, 1, NULL), n;

    OK(box_write(&b, put_tag, &(struct tag){k, "team", "red"}));
    OK(box_write(&b, put_tag, &(struct tag){k, "cost", ""}));
    OK(box_write(&b, put_tag, &(struct tag){k, "env", "test"}));
    OK(box_write(&b, put_tag, &(struct tag){k, "team", "blue"}));
    list_tags(k, NULL, 2, "cost=;env=test;", true);
    list_tags(k, "env", 2, "team=blue;", false);
    OK(box_write(&b, delete_tag, &(struct tag){k, "env", NULL}));
    OK(box_write(&b, delete_tag, &(struct tag){k, "env", NULL}));
    box_reopen(&b);
    list_tags(k, NULL, 9, "cost=;team=blue;", false);
    OK(kms_store_read(b.store, &tx));
    OK(kms_tags_count(tx, k, &n));
    ck_assert_int_eq(n, 2);
}
END_TEST

static enum kms_rc delete_key(struct kms_tx *tx, void *arg)
{
    KMS_AUTO(key) k = box_record(1);
    KMS_AUTO_KEY got = NULL;

    (void)arg;
    KMS_TRY(kms_keys_get(tx, k->account, k->region, k->id, &got));
    return kms_keys_delete(tx, got);
}

START_TEST(deleting_a_key_deletes_what_hangs_on_it_and_nothing_else)
{
    KMS_AUTO_KEY gone = NULL;
    KMS_AUTO_KEY other = NULL;
    char *left;
    int64_t one = box_key(&b, 1, NULL), two = box_key(&b, 2, NULL);

    put_alias("alias/a", one, 1);
    put_alias("alias/b", one, 1);
    put_alias("alias/c", two, 1);
    OK(box_write(&b, put_tag, &(struct tag){one, "team", "red"}));
    OK(box_write(&b, put_tag, &(struct tag){one, "env", "red"}));
    OK(box_write(&b, put_tag, &(struct tag){two, "team", "blue"}));
    OK(box_write(&b, delete_key, NULL));
    FAILS(KMS_E_NOT_FOUND, box_get(&b, 1, &gone));
    list_aliases(0, NULL, 9, "c", false);
    list_tags(one, NULL, 9, "", false);
    left = box_ask(&b, "SELECT count(*) FROM versions WHERE key_row = 1");
    ck_assert_str_eq(left, "0");
    free(left);
    box_reopen(&b);
    OK(box_get(&b, 2, &other));
    list_tags(two, NULL, 9, "team=blue;", false);
}
END_TEST

START_TEST(the_row_number_of_a_deleted_key_does_not_come_back)
{
    int64_t one = box_key(&b, 1, NULL);

    OK(box_write(&b, delete_key, NULL));
    box_reopen(&b);
    ck_assert_int_gt(box_key(&b, 2, NULL), one);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        an_alias_is_made_moved_and_removed,
        aliases_are_listed_by_name_of_all_keys_or_of_one,
        tags_are_put_replaced_listed_and_removed,
        deleting_a_key_deletes_what_hangs_on_it_and_nothing_else,
        the_row_number_of_a_deleted_key_does_not_come_back,
    };

    return box_main("store_names", setup, teardown, tests,
                    sizeof tests / sizeof tests[0]);
}
