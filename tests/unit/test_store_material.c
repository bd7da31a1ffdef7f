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

enum { KEYS = 300 };

static enum kms_rc insert_all(struct kms_tx *tx, void *arg)
{
    (void)arg;
    for (int i = 1; i <= KEYS; i++) {
        KMS_AUTO(key) k = box_record(i);

        KMS_TRY(kms_keys_insert(tx, k));
    }
    return KMS_OK;
}

/* Keys in an order that makes pages empty out, merge and refill. */
static enum kms_rc delete_some(struct kms_tx *tx, void *arg)
{
    const int *step = arg;

    for (int i = *step; i <= KEYS; i += *step) {
        KMS_AUTO(key) k = box_record(i);
        KMS_AUTO_KEY got = NULL;
        enum kms_rc rc = kms_keys_get(tx, k->account, k->region, k->id, &got);

        if (rc == KMS_E_NOT_FOUND)
            continue;
        KMS_TRY(rc);
        KMS_TRY(kms_keys_delete(tx, got));
    }
    return KMS_OK;
}

static enum kms_rc insert_one(struct kms_tx *tx, void *arg)
{
    KMS_AUTO(key) k = box_record(*(int *)arg);

    return kms_keys_insert(tx, k);
}

static bool material_is_there(int n)
{
    KMS_AUTO(key) k = box_record(n);

    for (size_t i = 0; i < k->n_versions; i++)
        for (size_t at = 0; at + 20 <= k->versions[i].sealed.n; at += 20)
            if (box_holds(&b, "", k->versions[i].sealed.p + at, 20) ||
                box_holds(&b, "-wal", k->versions[i].sealed.p + at, 20))
                return true;
    return false;
}

START_TEST(sealed_bytes_of_a_deleted_key_are_nowhere_in_the_files)
{
    static const int steps[] = {7, 3, 2};

    OK(box_write(&b, insert_all, NULL));
    OK(kms_store_checkpoint(b.store));
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int more = KEYS + 1 + (int)i;

        OK(box_write(&b, delete_some, (void *)&steps[i]));
        OK(box_write(&b, insert_one, &more));
    }
    ck_assert(material_is_there(6)); /* in the log still, or in stale pages */
    OK(kms_store_checkpoint(b.store));
    for (int i = 1; i <= KEYS; i++) {
        bool deleted = i % 7 == 0 || i % 3 == 0 || i % 2 == 0;

        ck_assert_msg(material_is_there(i) == !deleted, "key %d", i);
    }
    ck_assert(material_is_there(KEYS + 2));
    box_reopen(&b);
}
END_TEST

static void destroy_first(struct kms_key *k)
{
    struct kms_key_version *v = kms_arena_alloc(k->arena, k->n_versions * sizeof *v);

    memcpy(v, k->versions, k->n_versions * sizeof *v);
    v[0].sealed = (struct kms_bytes){NULL, 0};
    k->versions = v;
}

START_TEST(sealed_bytes_that_a_version_lost_are_nowhere_in_the_files)
{
    KMS_AUTO(key) k = box_record(1);
    struct kms_bytes lost = k->versions[0].sealed, kept = k->versions[1].sealed;

    box_key(&b, 1, NULL);
    box_update(&b, 1, destroy_first);
    OK(kms_store_checkpoint(b.store));
    ck_assert(!box_holds(&b, "", lost.p, lost.n));
    ck_assert(!box_holds(&b, "-wal", lost.p, lost.n));
    ck_assert(box_holds(&b, "", kept.p, kept.n));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        sealed_bytes_of_a_deleted_key_are_nowhere_in_the_files,
        sealed_bytes_that_a_version_lost_are_nowhere_in_the_files,
    };

    return box_main("store_material", setup, teardown, tests,
                    sizeof tests / sizeof tests[0]);
}
