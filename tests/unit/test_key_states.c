/*
 * test_key_states.c - tests/vectors/key_states.txt for the states in which a key is only
 * for a moment, Creating and Updating: they are written into the record by hand, between
 * two runs of the schedule.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/world.h"
#include "dispatch/due.h"
#include "dispatch/schedule.h"
#include "key/ident.h"
#include "store/keys.h"

enum { N_STATES = 7, CODE_MAX = 3, ROW_MAX = 64, JSON_MAX = 1024 };

static const enum kms_key_state states[N_STATES] = {
    KMS_KEY_STATE_ENABLED,          KMS_KEY_STATE_DISABLED,
    KMS_KEY_STATE_PENDING_DELETION, KMS_KEY_STATE_PENDING_REPLICA_DELETION,
    KMS_KEY_STATE_PENDING_IMPORT,   KMS_KEY_STATE_CREATING,
    KMS_KEY_STATE_UPDATING,
};

#define SYMMETRIC ""
#define SIGNS ",\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"SIGN_VERIFY\""
#define AGREES ",\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"KEY_AGREEMENT\""
#define MACS ",\"KeySpec\":\"HMAC_256\",\"KeyUsage\":\"GENERATE_VERIFY_MAC\""
#define IMPORTED ",\"Origin\":\"EXTERNAL\""
#define FAMILY ",\"MultiRegion\":true"
#define KEY "\"KeyId\":\"$\""
#define POLICY                                                                           \
    "\"{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":\\\"*\\\","   \
    "\\\"Action\\\":\\\"kms:*\\\",\\\"Resource\\\":\\\"*\\\"}]}\""
#define GRANT                                                                            \
    "\"GrantId\":\"0000000000000000000000000000000000000000000000000000000000000000\""

/*
 * How each row is asked: the key's members, the request ($ is the key, # another one that
 * is Enabled), and what it is refused for behind the state; NULL when it succeeds, ""
 * when that is another test's matter.
 */
static const struct recipe {
    const char *row, *make, *ask, *then;
} recipes[] = {
    {"Encrypt", SYMMETRIC, KEY ",\"Plaintext\":\"eA==\"", NULL},
    {"Decrypt", SYMMETRIC, KEY ",\"CiphertextBlob\":\"eA==\"",
     "InvalidCiphertextException"},
    {"Decrypt/private", ",\"KeySpec\":\"RSA_2048\",\"KeyUsage\":\"ENCRYPT_DECRYPT\"",
     KEY ",\"CiphertextBlob\":\"eA==\",\"EncryptionAlgorithm\":\"RSAES_OAEP_SHA_1\"",
     "InvalidCiphertextException"},
    {"ReEncrypt/source", SYMMETRIC,
     "\"SourceKeyId\":\"$\",\"CiphertextBlob\":\"eA==\",\"DestinationKeyId\":\"#\"",
     "InvalidCiphertextException"},
    {"ReEncrypt/destination", SYMMETRIC,
     "\"SourceKeyId\":\"#\",\"CiphertextBlob\":\"eA==\",\"DestinationKeyId\":\"$\"",
     "InvalidCiphertextException"},
    {"GenerateDataKey", SYMMETRIC, KEY ",\"KeySpec\":\"AES_256\"", NULL},
    {"GenerateDataKeyWithoutPlaintext", SYMMETRIC, KEY ",\"KeySpec\":\"AES_256\"", NULL},
    {"GenerateDataKeyPair", SYMMETRIC, KEY ",\"KeyPairSpec\":\"ECC_NIST_P256\"", NULL},
    {"GenerateDataKeyPairWithoutPlaintext", SYMMETRIC,
     KEY ",\"KeyPairSpec\":\"ECC_NIST_P256\"", NULL},
    {"Sign", SIGNS, KEY ",\"Message\":\"eA==\",\"SigningAlgorithm\":\"ECDSA_SHA_256\"",
     NULL},
    {"Verify", SIGNS,
     KEY ",\"Message\":\"eA==\",\"Signature\":\"eA==\","
         "\"SigningAlgorithm\":\"ECDSA_SHA_256\"",
     "KMSInvalidSignatureException"},
    {"GenerateMac", MACS, KEY ",\"Message\":\"eA==\",\"MacAlgorithm\":\"HMAC_SHA_256\"",
     NULL},
    {"VerifyMac", MACS,
     KEY ",\"Message\":\"eA==\",\"Mac\":\"eA==\",\"MacAlgorithm\":\"HMAC_SHA_256\"",
     "KMSInvalidMacException"},
    {"DeriveSharedSecret", AGREES,
     KEY ",\"KeyAgreementAlgorithm\":\"ECDH\",\"PublicKey\":\"eA==\"",
     "ValidationException"},
    {"GetPublicKey", SIGNS, KEY, NULL},
    {"CreateGrant", SYMMETRIC,
     KEY ",\"GranteePrincipal\":\"arn:aws:iam::111122223333:user/a\","
         "\"Operations\":[\"Decrypt\"]",
     NULL},
    {"DescribeKey", SYMMETRIC, KEY, NULL},
    {"GetKeyPolicy", SYMMETRIC, KEY, NULL},
    {"ListKeyPolicies", SYMMETRIC, KEY, NULL},
    {"PutKeyPolicy", SYMMETRIC, KEY ",\"Policy\":" POLICY, NULL},
    {"ListAliases", SYMMETRIC, KEY, NULL},
    {"ListGrants", SYMMETRIC, KEY, NULL},
    {"RetireGrant", SYMMETRIC, KEY "," GRANT, ""},
    {"RevokeGrant", SYMMETRIC, KEY "," GRANT, ""},
    {"ListResourceTags", SYMMETRIC, KEY, NULL},
    {"DeleteAlias", SYMMETRIC, "\"AliasName\":\"alias/of-$\"", NULL},
    {"GetKeyLastUsage", SYMMETRIC, KEY, NULL},
    {"CreateAlias", SYMMETRIC, "\"AliasName\":\"alias/n\",\"TargetKeyId\":\"$\"", NULL},
    {"TagResource", SYMMETRIC, KEY ",\"Tags\":[{\"TagKey\":\"a\",\"TagValue\":\"b\"}]",
     NULL},
    {"UntagResource", SYMMETRIC, KEY ",\"TagKeys\":[\"a\"]", NULL},
    {"UpdateKeyDescription", SYMMETRIC, KEY ",\"Description\":\"d\"", NULL},
    {"UpdateAlias/old", SYMMETRIC, "\"AliasName\":\"alias/of-$\",\"TargetKeyId\":\"#\"",
     NULL},
    {"UpdateAlias/new", SYMMETRIC, "\"AliasName\":\"alias/of-#\",\"TargetKeyId\":\"$\"",
     NULL},
    {"EnableKey", SYMMETRIC, KEY, NULL},
    {"DisableKey", SYMMETRIC, KEY, NULL},
    {"EnableKeyRotation", SYMMETRIC, KEY, NULL},
    {"EnableKeyRotation/imported", IMPORTED, KEY, NULL},
    {"DisableKeyRotation", SYMMETRIC, KEY, NULL},
    {"DisableKeyRotation/imported", IMPORTED, KEY, NULL},
    {"GetKeyRotationStatus", SYMMETRIC, KEY, NULL},
    {"ListKeyRotations", SYMMETRIC, KEY, NULL},
    {"RotateKeyOnDemand", SYMMETRIC, KEY, NULL},
    {"RotateKeyOnDemand/imported", IMPORTED, KEY, NULL},
    {"GetParametersForImport", SYMMETRIC,
     KEY ",\"WrappingAlgorithm\":\"RSAES_OAEP_SHA_1\",\"WrappingKeySpec\":\"RSA_2048\"",
     NULL},
    {"GetParametersForImport/imported", IMPORTED,
     KEY ",\"WrappingAlgorithm\":\"RSAES_OAEP_SHA_1\",\"WrappingKeySpec\":\"RSA_2048\"",
     NULL},
    {"ImportKeyMaterial", SYMMETRIC,
     KEY ",\"ImportToken\":\"eA==\",\"EncryptedKeyMaterial\":\"eA==\","
         "\"ExpirationModel\":\"KEY_MATERIAL_DOES_NOT_EXPIRE\"",
     NULL},
    {"ImportKeyMaterial/imported", IMPORTED,
     KEY ",\"ImportToken\":\"eA==\",\"EncryptedKeyMaterial\":\"eA==\","
         "\"ExpirationModel\":\"KEY_MATERIAL_DOES_NOT_EXPIRE\"",
     "InvalidImportTokenException"},
    {"DeleteImportedKeyMaterial", SYMMETRIC, KEY, NULL},
    {"DeleteImportedKeyMaterial/imported", IMPORTED, KEY, NULL},
    {"ScheduleKeyDeletion", SYMMETRIC, KEY, NULL},
    {"CancelKeyDeletion", SYMMETRIC, KEY, NULL},
    {"ReplicateKey", FAMILY, KEY ",\"ReplicaRegion\":\"eu-west-1\"", NULL},
    {"UpdatePrimaryRegion/primary", FAMILY, KEY ",\"PrimaryRegion\":\"us-east-1\"", NULL},
    {"UpdatePrimaryRegion/replica", FAMILY, KEY ",\"PrimaryRegion\":\"eu-west-1\"", NULL},
};
enum { N_RECIPES = sizeof recipes / sizeof recipes[0] };

static struct world w;

static void setup(void)
{
    world_make(&w);
}

static void teardown(void)
{
    world_free(&w);
}

static const struct recipe *recipe_of(const char *row)
{
    for (size_t i = 0; i < N_RECIPES; i++)
        if (strcmp(recipes[i].row, row) == 0)
            return &recipes[i];
    ck_abort_msg("no recipe for %s", row);
    return NULL;
}

static void call_ok(const char *operation, const char *json)
{
    struct world_reply r = world_call(&w, operation, json);

    ck_assert_msg(r.status == 200, "%s %s: %s", operation, json, r.body);
}

/* --- a key in a state ------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void settled(void *arg)
{
    pthread_mutex_lock(&lock);
    *(bool *)arg = true;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&lock);
}

/* The schedule's thread has seen every change so far, and sleeps. */
static void settle(void)
{
    bool done = false;

    kms_schedule_settle(w.service->schedule, settled, &done);
    pthread_mutex_lock(&lock);
    while (!done)
        pthread_cond_wait(&cond, &lock);
    pthread_mutex_unlock(&lock);
}

struct placing {
    const char *region, *id;
    enum kms_key_state state;
};

static enum kms_rc put_state(struct kms_service *s, struct kms_tx *tx, void *arg)
{
    const struct placing *p = arg;
    KMS_AUTO_KEY k = NULL;
    KMS_AUTO(key) after = NULL;

    (void)s;
    KMS_TRY(kms_keys_get(tx, KMS_LIT("111122223333"), kms_str_of(p->region),
                         kms_str_of(p->id), &k));
    KMS_TRY(kms_key_copy(k, &after));
    after->state = p->state;
    return kms_keys_update(tx, after);
}

static void make(const char *more, char id[37])
{
    char json[JSON_MAX];
    struct world_reply r;

    snprintf(json, sizeof json, "{\"Description\":\"\"%s}", more);
    r = world_call(&w, "CreateKey", json);
    ck_assert_msg(r.status == 200, "%s: %s", json, r.body);
    world_member(&r, "KeyId", id, 37);
    snprintf(json, sizeof json, "{\"AliasName\":\"alias/of-%s\",\"TargetKeyId\":\"%s\"}",
             id, id);
    call_ok("CreateAlias", json);
}

/* --- a cell ----------------------------------------------------------------------- */

static void expect_past_the_gate(const struct recipe *recipe, const struct world_reply *r)
{
    ck_assert_msg(strstr(r->body, "DisabledException") == NULL &&
                      strstr(r->body, "KMSInvalidStateException") == NULL &&
                      strstr(r->body, "origin is") == NULL,
                  "%s: %s", recipe->row, r->body);
    if (recipe->then == NULL)
        ck_assert_msg(r->status == 200, "%s: %s", recipe->row, r->body);
    else
        ck_assert_msg(strstr(r->body, recipe->then) != NULL, "%s: %s", recipe->row,
                      r->body);
}

static void expect(const char *code, const struct recipe *recipe, const char *arn,
                   const struct world_reply *r)
{
    static const struct {
        const char *code, *wire, *words;
    } refusals[] = {
        {"C", "KMSInvalidStateException", "is creating."},
        {"X", "KMSInvalidStateException", "is updating."},
        {"N", "KMSInvalidStateException", "is not pending deletion."},
        {"O", "UnsupportedOperationException",
         "origin is %s which is not valid for this operation."},
    };
    char wanted[JSON_MAX], words[128];

    if (strcmp(code, "ok") == 0) {
        expect_past_the_gate(recipe, r);
        return;
    }
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strcmp(code, refusals[i].code) != 0)
            continue;
        snprintf(words, sizeof words, "%s", refusals[i].words);
        if (code[0] == 'O')
            snprintf(words, sizeof words,
                     "origin is %s which is not valid for this operation.",
                     strcmp(recipe->make, IMPORTED) == 0 ? "EXTERNAL" : "AWS_KMS");
        snprintf(wanted, sizeof wanted, "{\"__type\":\"%s\",\"message\":\"%s %s\"}",
                 refusals[i].wire, arn, words);
        ck_assert_msg(r->status == 400 && strcmp(r->body, wanted) == 0, "%s: %s, not %s",
                      recipe->row, r->body, wanted);
        return;
    }
    ck_abort_msg("%s: no such code: %s", recipe->row, code);
}

/* The members of a request as a JSON object, $ and # being keys a and b. */
static void fill(const char *ask, const char *a, const char *b, char *out, size_t max)
{
    size_t n = 0;

    out[n++] = '{';
    for (; *ask != '\0'; ask++) {
        const char *id = *ask == '$' ? a : *ask == '#' ? b : NULL;

        ck_assert_uint_lt(n + 40, max);
        if (id != NULL)
            n += (size_t)snprintf(out + n, max - n, "%s", id);
        else
            out[n++] = *ask;
    }
    out[n++] = '}';
    out[n] = '\0';
}

/* The row's operation, asked of key a (and b, an Enabled one) in this state. */
static void try_cell(const struct recipe *recipe, enum kms_key_state state,
                     const char *code)
{
    bool replica = strcmp(recipe->row, "UpdatePrimaryRegion/replica") == 0;
    const char *region = replica ? "eu-west-1" : "us-east-1";
    char a[37], b[37], json[JSON_MAX], operation[ROW_MAX], arn[128];
    struct world_reply r;

    make(recipe->make, a);
    make(SYMMETRIC, b);
    if (replica) {
        snprintf(json, sizeof json, "{\"KeyId\":\"%s\",\"ReplicaRegion\":\"%s\"}", a,
                 region);
        call_ok("ReplicateKey", json);
    }
    settle();
    ck_assert_int_eq(
        kms_service_run(w.service, put_state, &(struct placing){region, a, state}),
        KMS_OK);
    fill(recipe->ask, a, b, json, sizeof json);
    snprintf(operation, sizeof operation, "%.*s", (int)strcspn(recipe->row, "/"),
             recipe->row);
    snprintf(arn, sizeof arn, "arn:aws:kms:%s:111122223333:key/%s", region, a);
    r = world_call(&w, operation, json);
    expect(code, recipe, arn, &r);
}

/* --- the table -------------------------------------------------------------------- */

/* Every row's cell in a state; how many rows there are. */
static size_t try_column(enum kms_key_state state)
{
    FILE *f = fopen(KMS_TEST_VECTORS "/key_states.txt", "r");
    char line[256], row[ROW_MAX], code[N_STATES][CODE_MAX];
    size_t column = 0, rows = 0;

    ck_assert_ptr_nonnull(f);
    while (states[column] != state)
        column++;
    while (fgets(line, sizeof line, f) != NULL) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        ck_assert_int_eq(sscanf(line, "%63s %2s %2s %2s %2s %2s %2s %2s", row, code[0],
                                code[1], code[2], code[3], code[4], code[5], code[6]),
                         1 + N_STATES);
        try_cell(recipe_of(row), state, code[column]);
        rows++;
    }
    fclose(f);
    return rows;
}

START_TEST(a_key_that_is_creating_answers_as_the_table_says)
{
    ck_assert_uint_eq(try_column(KMS_KEY_STATE_CREATING), N_RECIPES);
}
END_TEST

START_TEST(a_key_that_is_updating_answers_as_the_table_says)
{
    ck_assert_uint_eq(try_column(KMS_KEY_STATE_UPDATING), N_RECIPES);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("key_states");
    TCase *t = tcase_create("key_states");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_key_that_is_creating_answers_as_the_table_says);
    tcase_add_test(t, a_key_that_is_updating_answers_as_the_table_says);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
