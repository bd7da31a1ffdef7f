#include <stdio.h>
#include <string.h>

#include "authz/grants.h"
#include "box.h"
#include "store/grants.h"

#define ALICE KMS_LIT("arn:aws:iam::111122223333:user/alice")

static struct box b;
static struct kms_granted_cache *cache;
static int64_t key_row;

static void setup(void)
{
    box_make(&b);
    OK(kms_granted_cache_new(&cache));
    key_row = box_key(&b, 1, NULL);
}

static void teardown(void)
{
    kms_granted_cache_free(cache);
    box_free(&b);
}

static struct kms_actor actor(struct kms_str arn)
{
    return (struct kms_actor){
        .principal = {.kind = KMS_PRINCIPAL_USER, .arn = arn, .account = ACCOUNT},
        .spellings = {arn},
        .n_spellings = 1};
}

/* Grants of one caller, from number .from to before .to. */
struct many {
    struct kms_str grantee, value;
    int from, to;
};

static struct kms_str id_of(char text[17], int n)
{
    snprintf(text, 17, "%016d", n);
    return kms_str_of(text);
}

static enum kms_rc insert(struct kms_tx *tx, void *arg)
{
    const struct many *m = arg;
    const struct kms_str_pair pair = {KMS_LIT("tenant"), m->value};
    char id[17];

    for (int n = m->from; n < m->to; n++) {
        struct kms_grant g = {.id = id_of(id, n),
                              .key_row = key_row,
                              .region = REGION,
                              .grantee = m->grantee,
                              .issuer = ACCOUNT,
                              .operations = KMS_GRANT_BIT(KMS_GRANT_OPERATION_ENCRYPT),
                              .constraint = KMS_GRANT_CONTEXT_SUBSET,
                              .pairs = {&pair, 1, true}};

        KMS_TRY(kms_grants_insert(tx, &g));
    }
    return KMS_OK;
}

static enum kms_rc delete (struct kms_tx *tx, void *arg) {
    char id[17];

    return kms_grants_delete(tx, id_of(id, *(const int *)arg));
}

static void give(struct kms_str grantee, int from, int to)
{
    struct many m = {grantee, KMS_LIT("42"), from, to};

    OK(box_write(&b, insert, &m));
}

static struct kms_granted *get(const struct kms_actor *who)
{
    KMS_AUTO(tx) tx = NULL;
    struct kms_granted *out = NULL;
    uint64_t epoch;
    uint8_t root[32];

    kms_store_root(b.store, &epoch, root);
    OK(kms_store_read(b.store, &tx));
    OK(kms_granted_get(cache, tx, epoch, key_row, who, &out));
    return out;
}

START_TEST(thousands_of_grants_of_a_caller_are_read_once)
{
    const struct kms_actor alice = actor(ALICE);
    KMS_AUTO(granted) first = NULL;
    KMS_AUTO(granted) again = NULL;

    give(ALICE, 0, 3000);
    first = get(&alice);
    ck_assert_uint_eq(first->n, 3000);
    again = get(&alice);
    ck_assert_ptr_eq(first, again);
}
END_TEST

START_TEST(one_that_ends_among_thousands_is_gone_at_once)
{
    const struct kms_actor alice = actor(ALICE);
    KMS_AUTO(granted) before = NULL;
    int ended = 1234;

    give(ALICE, 0, 3000);
    before = get(&alice);
    OK(box_write(&b, delete, &ended));
    for (int i = 0; i < 2; i++) {
        KMS_AUTO(granted) after = get(&alice);

        ck_assert_uint_eq(after->n, 2999);
        ck_assert(kms_str_is(after->v[1233].id, "0000000000001233"));
        ck_assert(kms_str_is(after->v[1234].id, "0000000000001235"));
    }
    ck_assert_uint_eq(before->n, 3000); /* whoever has it may go on */
}
END_TEST

/* More than fits: what is thrown out is read again, and nobody gets another's. */
START_TEST(callers_with_more_grants_than_are_kept_have_their_own)
{
    enum { CALLERS = 24, EACH = 400 };
    static char value[8000 + 1];
    struct kms_actor who[CALLERS];
    static char arns[CALLERS][64];

    memset(value, 'v', sizeof value - 1);
    for (int i = 0; i < CALLERS; i++) {
        struct many m = {.value = kms_str_of(value), .from = i * EACH};

        snprintf(arns[i], sizeof arns[i], "arn:aws:iam::111122223333:user/u%d", i);
        m.grantee = kms_str_of(arns[i]);
        m.to = m.from + EACH;
        OK(box_write(&b, insert, &m));
        who[i] = actor(m.grantee);
    }
    for (int i = 0; i < 2 * CALLERS; i++) {
        KMS_AUTO(granted) mine = get(&who[i % CALLERS]);

        ck_assert_uint_eq(mine->n, EACH);
        for (size_t k = 0; k < mine->n; k++)
            ck_assert(kms_str_is(mine->v[k].grantee.text, arns[i % CALLERS]));
    }
}
END_TEST

/* The bits only ever tell grants that cannot match. */
START_TEST(a_context_has_the_bits_of_every_part_of_it)
{
    static const struct kms_str_pair pairs[] = {{{"a", 1}, {"1", 1}},
                                                {{"b", 1}, {"", 0}},
                                                {{"c", 1}, {"a", 1}},
                                                {{"tenant", 6}, {"42", 2}}};
    const struct kms_str_map all = {pairs, 4, true}, none = {NULL, 0, false};
    const struct kms_actor alice = actor(ALICE);
    KMS_AUTO(granted) mine = NULL;

    for (size_t i = 0; i < 4; i++) {
        const struct kms_str_map one = {&pairs[i], 1, true};
        uint64_t bits = kms_grant_pair_bits(&one);

        ck_assert(bits != 0 && (bits & (bits - 1)) == 0);
        ck_assert_uint_eq(bits & ~kms_grant_pair_bits(&all), 0);
    }
    ck_assert_uint_eq(kms_grant_pair_bits(&none), 0);
    give(ALICE, 0, 1);
    mine = get(&alice);
    ck_assert_uint_eq(mine->v[0].needs,
                      kms_grant_pair_bits(&(struct kms_str_map){&pairs[3], 1, true}));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        thousands_of_grants_of_a_caller_are_read_once,
        one_that_ends_among_thousands_is_gone_at_once,
        callers_with_more_grants_than_are_kept_have_their_own,
        a_context_has_the_bits_of_every_part_of_it,
    };

    return box_main("authz_grants", setup, teardown, tests,
                    sizeof tests / sizeof tests[0]);
}
