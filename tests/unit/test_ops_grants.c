#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/world.h"
#include "ops/grant.h"
#include "ops/ops.gen.h"
#include "store/grants.h"
#include "store/keys.h"

static struct world w;
static char key_id[37];

static void setup(void)
{
    world_make(&w);
    world_key(&w, key_id);
}

static void teardown(void)
{
    world_free(&w);
}

static struct world_reply grant(const char *more)
{
    char json[512];

    snprintf(
        json, sizeof json,
        "{\"KeyId\":\"%s\",\"GranteePrincipal\":\"arn:aws:iam::111122223333:user/a\","
        "\"Operations\":[\"Decrypt\"]%s}",
        key_id, more);
    return world_call(&w, "CreateGrant", json);
}

struct fill {
    struct kms_job job;
    int n;
    enum kms_rc rc;
    pthread_mutex_t lock;
    pthread_cond_t settled;
    bool done;
};

static enum kms_rc insert(struct kms_tx *tx, int n)
{
    KMS_AUTO_KEY key = NULL;
    char id[KMS_GRANT_ID_LEN + 1];

    KMS_TRY(kms_keys_get(tx, KMS_LIT("111122223333"), KMS_LIT("us-east-1"),
                         kms_str_of(key_id), &key));
    for (int i = 0; i < n; i++) {
        snprintf(id, sizeof id, "%064x", i);
        KMS_TRY(kms_grants_insert(
            tx,
            &(struct kms_grant){.id = kms_str_of(id),
                                .key_row = key->row,
                                .region = KMS_LIT("us-east-1"),
                                .grantee = KMS_LIT("arn:aws:iam::111122223333:user/b"),
                                .issuer = KMS_LIT("111122223333"),
                                .operations = 1u << KMS_GRANT_OPERATION_ENCRYPT,
                                .created_ms = 1}));
    }
    return KMS_OK;
}

static enum kms_rc fill_run(struct kms_tx *tx, struct kms_job *job)
{
    struct fill *f = (struct fill *)job;

    f->rc = insert(tx, f->n);
    return f->rc;
}

static void fill_done(struct kms_job *job, enum kms_rc committed)
{
    struct fill *f = (struct fill *)job;

    pthread_mutex_lock(&f->lock);
    f->rc = committed;
    f->done = true;
    pthread_cond_signal(&f->settled);
    pthread_mutex_unlock(&f->lock);
}

/* n grants of the key, straight into the store. */
static void fill(int n)
{
    struct fill f = {.job = {.run = fill_run, .done = fill_done},
                     .n = n,
                     .lock = PTHREAD_MUTEX_INITIALIZER,
                     .settled = PTHREAD_COND_INITIALIZER};

    kms_store_submit(w.home->store, &f.job);
    pthread_mutex_lock(&f.lock);
    while (!f.done)
        pthread_cond_wait(&f.settled, &f.lock);
    pthread_mutex_unlock(&f.lock);
    ck_assert_int_eq(f.rc, KMS_OK);
}

START_TEST(fifty_thousand_grants_a_key_and_no_more)
{
    struct world_reply r;
    char type[64], words[128], id[80];

    fill(KMS_GRANTS_PER_KEY - 1);
    r = grant(",\"Name\":\"last\"");
    ck_assert_int_eq(r.status, 200);
    world_member(&r, "GrantId", id, sizeof id);
    r = grant("");
    ck_assert_int_eq(r.status, 400);
    world_member(&r, "__type", type, sizeof type);
    world_member(&r, "message", words, sizeof words);
    ck_assert_str_eq(type, "LimitExceededException");
    ck_assert_str_eq(words,
                     "Grants per key quota for this account in this region is 50000, "
                     "current usage is 50000.");
    /* A repetition makes none, and so is no more than there may be. */
    r = grant(",\"Name\":\"last\"");
    ck_assert_int_eq(r.status, 200);
    world_member(&r, "GrantId", words, sizeof words);
    ck_assert_str_eq(words, id);
}
END_TEST

START_TEST(a_token_outlives_a_restart)
{
    struct world_reply r = grant("");
    char token[256], json[512];

    world_member(&r, "GrantToken", token, sizeof token);
    world_restart(&w);
    snprintf(json, sizeof json, "{\"KeyId\":\"%s\",\"GrantTokens\":[\"%s\"]}", key_id,
             token);
    r = world_call(&w, "DescribeKey", json);
    ck_assert_int_eq(r.status, 200);
    snprintf(json, sizeof json, "{\"GrantToken\":\"%s\"}", token);
    r = world_call(&w, "RetireGrant", json);
    ck_assert_int_eq(r.status, 200);
}
END_TEST

/* What each kind of key lets a grant allow; the rest of the words is recorded. */
static const struct kind {
    enum kms_key_spec spec;
    enum kms_key_usage_type usage;
    const char *words; /* of the refusal of all operations at once */
} kinds[] = {
    {KMS_KEY_SPEC_HMAC_256, KMS_KEY_USAGE_TYPE_GENERATE_VERIFY_MAC,
     "Operations [Decrypt, Encrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext, "
     "ReEncryptFrom, ReEncryptTo, Sign, Verify, GetPublicKey, GenerateDataKeyPair, "
     "GenerateDataKeyPairWithoutPlaintext, DeriveSharedSecret, Encapsulate, Decapsulate] "
     "are not supported when creating a grant for a symmetric KMS key with key usage "
     "GENERATE_VERIFY_MAC. Valid operations are [CreateGrant, RetireGrant, DescribeKey, "
     "GenerateMac, VerifyMac]"},
    {KMS_KEY_SPEC_RSA_2048, KMS_KEY_USAGE_TYPE_SIGN_VERIFY,
     "Operations [Decrypt, Encrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext, "
     "ReEncryptFrom, ReEncryptTo, GenerateDataKeyPair, "
     "GenerateDataKeyPairWithoutPlaintext, GenerateMac, VerifyMac, DeriveSharedSecret, "
     "Encapsulate, Decapsulate] are not supported when creating a grant for an "
     "asymmetric "
     "KMS key with key usage SIGN_VERIFY. Valid operations are [CreateGrant, "
     "RetireGrant, "
     "DescribeKey, Sign, Verify, GetPublicKey]"},
    {KMS_KEY_SPEC_RSA_4096, KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT,
     "Operations [GenerateDataKey, GenerateDataKeyWithoutPlaintext, Sign, Verify, "
     "GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, GenerateMac, VerifyMac, "
     "DeriveSharedSecret, Encapsulate, Decapsulate] are not supported when creating a "
     "grant for an asymmetric KMS key with key usage ENCRYPT_DECRYPT. Valid operations "
     "are [CreateGrant, RetireGrant, DescribeKey, Decrypt, Encrypt, ReEncryptFrom, "
     "ReEncryptTo, GetPublicKey]"},
    {KMS_KEY_SPEC_ECC_NIST_P384, KMS_KEY_USAGE_TYPE_KEY_AGREEMENT,
     "Operations [Decrypt, Encrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext, "
     "ReEncryptFrom, ReEncryptTo, Sign, Verify, GenerateDataKeyPair, "
     "GenerateDataKeyPairWithoutPlaintext, GenerateMac, VerifyMac, Encapsulate, "
     "Decapsulate] are not supported when creating a grant for an asymmetric KMS key "
     "with "
     "key usage KEY_AGREEMENT. Valid operations are [CreateGrant, RetireGrant, "
     "DescribeKey, DeriveSharedSecret, GetPublicKey]"},
    {KMS_KEY_SPEC_SYMMETRIC_DEFAULT, KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT,
     "Operations [Sign, Verify, GetPublicKey, GenerateMac, VerifyMac, "
     "DeriveSharedSecret, "
     "Encapsulate, Decapsulate] are not supported when creating a grant for a symmetric "
     "KMS key with key usage ENCRYPT_DECRYPT. Valid operations are [CreateGrant, "
     "RetireGrant, DescribeKey, Decrypt, Encrypt, GenerateDataKey, "
     "GenerateDataKeyWithoutPlaintext, GenerateDataKeyPair, "
     "GenerateDataKeyPairWithoutPlaintext, ReEncryptFrom, ReEncryptTo]"},
};

START_TEST(a_grant_allows_only_what_the_key_can_do)
{
    enum kms_grant_operation all[KMS_GRANT_OPERATION_COUNT];
    struct kms_key key = {.spec = kinds[_i].spec, .usage = kinds[_i].usage};
    struct kms_grant_operation_list list = {all, 0, true};
    uint32_t mask = 0;

    for (unsigned op = 1; op < KMS_GRANT_OPERATION_COUNT; op++)
        all[list.n++] = (enum kms_grant_operation)op;
    ck_assert_int_eq(kms_grant_operations(&key, list, &mask), KMS_E_VALIDATION);
    ck_assert_str_eq(kms_err_note(KMS_E_VALIDATION), kinds[_i].words);
    ck_assert_uint_eq(mask, 0);

    /* One after the other: allowed exactly when the words say so. */
    for (size_t i = 0; i < list.n; i++) {
        const struct kms_grant_operation_list one = {&all[i], 1, true};
        const char *valid = strstr(kinds[_i].words, "Valid operations"), *at = valid;
        const char *name = kms_grant_operation_name(all[i]);
        bool listed = false;

        while (!listed && (at = strstr(at, name)) != NULL) {
            at += strlen(name);
            listed = *at == ',' || *at == ']';
        }
        ck_assert_int_eq(kms_grant_operations(&key, one, &mask),
                         listed ? KMS_OK : KMS_E_VALIDATION);
        if (listed)
            ck_assert_uint_eq(mask, 1u << all[i]);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ops_grants");
    TCase *t = tcase_create("world"), *pure = tcase_create("pure");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, fifty_thousand_grants_a_key_and_no_more);
    tcase_add_test(t, a_token_outlives_a_restart);
    tcase_add_loop_test(pure, a_grant_allows_only_what_the_key_can_do, 0,
                        sizeof kinds / sizeof kinds[0]);
    suite_add_tcase(s, t);
    suite_add_tcase(s, pure);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
