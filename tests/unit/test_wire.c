/* What requests become, and what answers, records and errors look like. */
#include "base/buf.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"
#include "test_wire_op.h"

static const void *decode(const char *op, const char *body)
{
    const void *in = NULL;
    enum kms_rc rc =
        kms_decode(op_of(op)->in, kms_bytes_of_str(kms_str_of(body)), arena, &in);

    ck_assert_msg(rc == KMS_OK, "%s %s: %s %s", op, body, kms_rc_info(rc)->id,
                  kms_err_note(rc));
    return in;
}

/* --- what comes out -------------------------------------------------------------- */

START_TEST(absent_and_empty_are_told_apart)
{
    const struct kms_encrypt_in *in =
        decode("Encrypt", "{\"KeyId\":\"k\",\"Plaintext\":\"YQ==\",\"DryRun\":null,"
                          "\"EncryptionContext\":null,\"Unknown\":{\"x\":[1]}}");
    const struct kms_update_key_description_in *words;
    const struct kms_create_key_in *key;

    ck_assert(kms_str_is(in->key_id, "k"));
    ck_assert_uint_eq(in->plaintext.n, 1);
    ck_assert(!in->has_dry_run);
    ck_assert(!in->encryption_context.present);
    ck_assert(!in->grant_tokens.present);

    in = decode("Encrypt", "{\"KeyId\":\"k\",\"Plaintext\":\"YQ==\",\"DryRun\":false,"
                           "\"EncryptionContext\":{},\"GrantTokens\":[]}");
    ck_assert(in->has_dry_run && !in->dry_run);
    ck_assert(in->encryption_context.present && in->encryption_context.n == 0);
    ck_assert(in->grant_tokens.present && in->grant_tokens.n == 0);

    words = decode("UpdateKeyDescription", "{\"KeyId\":\"k\",\"Description\":\"\"}");
    ck_assert_ptr_nonnull(words->description.p);
    ck_assert_uint_eq(words->description.n, 0);

    key = decode("CreateKey", "{}");
    ck_assert_ptr_null(key->policy.p);
    ck_assert(!key->tags.present);
    ck_assert_int_eq(key->key_spec, KMS_KEY_SPEC_NONE);
}
END_TEST

START_TEST(every_kind_of_member_arrives)
{
    const struct kms_create_grant_in *grant = decode(
        "CreateGrant",
        "{\"KeyId\":\"k\",\"Operations\":[\"Decrypt\",\"ReEncryptFrom\"],\"GrantTokens\":"
        "[\"t1\",null,\"t2\"],\"DryRun\":true,\"Constraints\":{"
        "\"EncryptionContextSubset\":"
        "{\"b\":\"2\",\"a\":\"1\",\"n\":null,\"e\xc3\xa9\":\"\\u00e9\\ud83d\\udd11\"}}}");
    const struct kms_str_map *pairs = &grant->constraints->encryption_context_subset;
    const struct kms_import_key_material_in *import =
        decode("ImportKeyMaterial",
               "{\"KeyId\":\"k\",\"ImportToken\":\"AAEC\","
               "\"EncryptedKeyMaterial\":\"/+8=\",\"ValidTo\":1593622000.191}");
    const struct kms_list_keys_in *list = decode("ListKeys", "{\"Limit\":7.9}");
    const struct kms_create_key_in *key =
        decode("CreateKey", "{\"KeySpec\":\"RSA_4096\",\"KeyUsage\":\"SIGN_VERIFY\","
                            "\"Tags\":[{\"TagKey\":\"a\",\"TagValue\":\"1\"},"
                            "{\"TagKey\":\"b\",\"TagValue\":\"\"}]}");

    ck_assert_uint_eq(grant->operations.n, 2);
    ck_assert_int_eq(grant->operations.v[0], KMS_GRANT_OPERATION_DECRYPT);
    ck_assert_int_eq(grant->operations.v[1], KMS_GRANT_OPERATION_RE_ENCRYPT_FROM);
    ck_assert_uint_eq(grant->grant_tokens.n, 2);
    ck_assert(kms_str_is(grant->grant_tokens.v[1], "t2"));
    ck_assert(grant->has_dry_run && grant->dry_run);
    ck_assert_uint_eq(pairs->n, 3);
    ck_assert(kms_str_is(pairs->v[0].key, "b"));
    ck_assert(kms_str_is(pairs->v[1].key, "a"));
    ck_assert(kms_str_is(pairs->v[2].key, "e\xc3\xa9"));
    ck_assert(kms_str_is(pairs->v[2].value, "\xc3\xa9\xf0\x9f\x94\x91"));
    ck_assert(!grant->constraints->encryption_context_equals.present);

    ck_assert_uint_eq(import->import_token.n, 3);
    ck_assert_uint_eq(import->encrypted_key_material.n, 2);
    ck_assert_uint_eq(import->encrypted_key_material.p[1], 0xef);
    ck_assert(import->has_valid_to);
    ck_assert_int_eq(import->valid_to_ms, INT64_C(1593622000191));

    ck_assert(list->has_limit);
    ck_assert_int_eq(list->limit, 7);

    ck_assert_int_eq(key->key_spec, KMS_KEY_SPEC_RSA_4096);
    ck_assert_int_eq(key->key_usage, KMS_KEY_USAGE_TYPE_SIGN_VERIFY);
    ck_assert_uint_eq(key->tags.n, 2);
    ck_assert(kms_str_is(key->tags.v[1].tag_key, "b"));
    ck_assert(key->tags.v[1].tag_value.p != NULL && key->tags.v[1].tag_value.n == 0);
}
END_TEST

START_TEST(nothing_points_into_the_body)
{
    char body[] = "{\"KeyId\":\"key\",\"EncryptionContext\":{\"a\":\"b\"},"
                  "\"Plaintext\":\"YWJj\"}";
    const struct kms_encrypt_in *in = decode("Encrypt", body);

    memset(body, 'x', sizeof body);
    ck_assert(kms_str_is(in->key_id, "key"));
    ck_assert(kms_str_is(in->encryption_context.v[0].key, "a"));
    ck_assert(memcmp(in->plaintext.p, "abc", 3) == 0);
}
END_TEST

START_TEST(defaults_of_the_model_are_filled_in)
{
    const struct kms_decrypt_in *decrypt = decode("Decrypt", "{}");
    const struct kms_list_aliases_in *list = decode("ListAliases", "{\"Limit\":null}");
    const struct kms_create_key_in *key = decode("CreateKey", "{}");
    const struct kms_get_key_policy_in *policy =
        decode("GetKeyPolicy", "{\"KeyId\":\"k\"}");
    const struct kms_enable_key_rotation_in *rotation =
        decode("EnableKeyRotation", "{\"KeyId\":\"k\"}");

    ck_assert_int_eq(decrypt->encryption_algorithm,
                     KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT);
    ck_assert(list->has_limit && list->limit == 50);
    ck_assert_int_eq(key->origin, KMS_ORIGIN_TYPE_AWS_KMS);
    ck_assert(key->has_multi_region && !key->multi_region);
    ck_assert(key->description.p != NULL && key->description.n == 0);
    ck_assert(kms_str_is(policy->policy_name, "default"));
    /* Left to the operation: it depends on the schedule there is. */
    ck_assert(!rotation->has_rotation_period_in_days);
}
END_TEST

/* --- answers --------------------------------------------------------------------- */

static struct kms_str encode(const struct kms_shape *shape, const void *s)
{
    KMS_AUTO_BUF b = {0};
    struct kms_str text;

    ck_assert_int_eq(kms_encode(shape, s, &b), KMS_OK);
    ck_assert_int_eq(kms_arena_str(arena, kms_buf_text(&b), &text), KMS_OK);
    return text;
}

START_TEST(absent_members_are_left_out_of_an_answer)
{
    struct kms_encrypt_out out = {0};

    ck_assert(kms_str_is(encode(op_of("Encrypt")->out, &out), "{}"));
    out.key_id = KMS_LIT("arn");
    out.ciphertext_blob = (struct kms_bytes){(const uint8_t *)"\xff\xfe", 2};
    ck_assert(kms_str_is(encode(op_of("Encrypt")->out, &out),
                         "{\"CiphertextBlob\":\"//4=\",\"KeyId\":\"arn\"}"));
}
END_TEST

START_TEST(every_kind_of_member_is_written)
{
    static const enum kms_encryption_algorithm_spec algorithms[] = {
        KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1,
        KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_256};
    const struct kms_multi_region_key replicas[] = {
        {KMS_LIT("arn:1"), KMS_LIT("eu-west-1")},
        {KMS_LIT("arn:2"), KMS_LIT("eu-west-2")}};
    const struct kms_multi_region_configuration family = {
        .multi_region_key_type = KMS_MULTI_REGION_KEY_TYPE_PRIMARY,
        .replica_keys = {replicas, 2, true}};
    const struct kms_key_metadata key = {
        .key_id = KMS_LIT("id"),
        .creation_date_ms = INT64_C(1593622000191),
        .has_creation_date = true,
        .has_enabled = true,
        .description = KMS_LIT(""),
        .key_state = KMS_KEY_STATE_PENDING_DELETION,
        .customer_master_key_spec = KMS_KEY_SPEC_ML_DSA_44,
        .encryption_algorithms = {algorithms, 2, true},
        .signing_algorithms = {NULL, 0, true},
        .multi_region_configuration = &family,
        .pending_deletion_window_in_days = 7,
        .has_pending_deletion_window_in_days = true,
    };
    const struct kms_describe_key_out out = {&key};

    ck_assert_str_eq(
        encode(op_of("DescribeKey")->out, &out).p,
        "{\"KeyMetadata\":{\"KeyId\":\"id\",\"CreationDate\":1593622000.191,"
        "\"Enabled\":false,\"Description\":\"\",\"KeyState\":\"PendingDeletion\","
        "\"CustomerMasterKeySpec\":\"ML_DSA_44\","
        "\"EncryptionAlgorithms\":[\"RSAES_OAEP_SHA_1\",\"RSAES_OAEP_SHA_256\"],"
        "\"SigningAlgorithms\":[],"
        "\"MultiRegionConfiguration\":{\"MultiRegionKeyType\":\"PRIMARY\","
        "\"ReplicaKeys\":["
        "{\"Arn\":\"arn:1\",\"Region\":\"eu-west-1\"},"
        "{\"Arn\":\"arn:2\",\"Region\":\"eu-west-2\"}]},"
        "\"PendingDeletionWindowInDays\":7}}");
}
END_TEST

START_TEST(an_operation_without_output_answers_with_no_byte)
{
    struct kms_delete_custom_key_store_out nothing = {0};
    struct kms_enable_key_out none = {0};

    ck_assert_ptr_null(op_of("EnableKey")->out);
    ck_assert_uint_eq(encode(op_of("EnableKey")->out, &none).n, 0);
    ck_assert(kms_str_is(encode(op_of("DeleteCustomKeyStore")->out, &nothing), "{}"));
}
END_TEST

START_TEST(a_record_has_no_blob_and_no_secret)
{
    const void *in = decode(
        "CreateGrant", "{\"KeyId\":\"k\",\"Operations\":[\"Decrypt\"],\"GrantTokens\":"
                       "[\"hidden\"],\"Constraints\":{\"EncryptionContextEquals\":"
                       "{\"Team\":\"a\"}},\"DryRun\":true}");
    const void *import = decode(
        "ImportKeyMaterial", "{\"KeyId\":\"k\",\"ImportToken\":\"AAEC\","
                             "\"EncryptedKeyMaterial\":\"/+8=\",\"ValidTo\":1660127907}");
    KMS_AUTO_BUF b = {0};
    struct kms_jw w = kms_jw_start(&b);

    kms_jw_array(&w);
    kms_encode_record(op_of("CreateGrant")->in, in, &w);
    kms_encode_record(op_of("ImportKeyMaterial")->in, import, &w);
    kms_jw_end(&w);
    kms_buf_byte(&b, 0);
    ck_assert_str_eq((const char *)b.p,
                     "[{\"keyId\":\"k\",\"operations\":[\"Decrypt\"],\"constraints\":"
                     "{\"encryptionContextEquals\":{\"Team\":\"a\"}},\"dryRun\":true},"
                     "{\"keyId\":\"k\",\"validTo\":\"Aug 10, 2022, 10:38:27 AM\","
                     "\"expirationModel\":\"KEY_MATERIAL_EXPIRES\"}]");
}
END_TEST

START_TEST(an_error_has_words_only_where_they_may_be_seen)
{
    static const struct {
        enum kms_rc rc;
        const char *words, *body;
    } rows[] = {
        {KMS_E_NOT_FOUND, "Invalid keyId 'x'",
         "{\"__type\":\"NotFoundException\",\"message\":\"Invalid keyId 'x'\"}"},
        {KMS_E_NOT_FOUND, "", "{\"__type\":\"NotFoundException\"}"},
        {KMS_E_ACCESS_DENIED, "no",
         "{\"__type\":\"AccessDeniedException\",\"Message\":\"no\"}"},
        {KMS_E_INVALID_CIPHERTEXT, "tag", "{\"__type\":\"InvalidCiphertextException\"}"},
        {KMS_E_STORE, "disk", "{\"__type\":\"KMSInternalException\"}"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        KMS_AUTO_BUF b = {0};

        ck_assert_int_eq(kms_encode_error(rows[i].rc, kms_str_of(rows[i].words), &b),
                         KMS_OK);
        ck_assert(kms_str_is(kms_buf_text(&b), rows[i].body));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire");
    TCase *tc = tcase_create("codec");
    SRunner *runner;
    int failed;

    kms_json_setup();
    tcase_add_checked_fixture(tc, arena_setup, arena_teardown);
    tcase_add_test(tc, absent_and_empty_are_told_apart);
    tcase_add_test(tc, every_kind_of_member_arrives);
    tcase_add_test(tc, nothing_points_into_the_body);
    tcase_add_test(tc, defaults_of_the_model_are_filled_in);
    tcase_add_test(tc, absent_members_are_left_out_of_an_answer);
    tcase_add_test(tc, every_kind_of_member_is_written);
    tcase_add_test(tc, an_operation_without_output_answers_with_no_byte);
    tcase_add_test(tc, a_record_has_no_blob_and_no_secret);
    tcase_add_test(tc, an_error_has_words_only_where_they_may_be_seen);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
