/* The rows of the operations: what dispatch, authorization and kmsctl rely on. */
#include "wire/api.h"
#include "test_wire_op.h"

START_TEST(every_operation_is_found_by_its_exact_name_only)
{
    for (size_t i = 0; i < kms_op_count(); i++) {
        const struct kms_op *op = kms_op_at(i);

        ck_assert_ptr_eq(kms_op_find(kms_str_of(op->name)), op);
        ck_assert_uint_eq(op->index, i);
        ck_assert(kms_str_starts(kms_str_of(op->action), "kms:"));
        ck_assert_uint_gt(op->out_size, 0);
    }
    ck_assert_ptr_null(kms_op_at(kms_op_count()));
    ck_assert_ptr_null(kms_op_find(KMS_LIT("")));
    ck_assert_ptr_null(kms_op_find(KMS_LIT("encrypt")));
    ck_assert_ptr_null(kms_op_find(KMS_LIT("Encrypt ")));
    ck_assert_ptr_null(kms_op_find(KMS_LIT("EncryptX")));
    ck_assert_ptr_null(kms_op_find(KMS_LIT("A")));
    ck_assert_ptr_null(kms_op_find(KMS_LIT("Zebra")));
}
END_TEST

/*
 * Letters for the states that pass, in the order of the enum: creating, Enabled,
 * Disabled, pending deletion, pending Import, pending replica deletion, Unavailable,
 * updating.
 */
static void states_are(const char *name, size_t rule, const char *letters)
{
    static const char all[] = "cEDpIrUu";
    const struct kms_op *op = op_of(name);
    char got[sizeof all] = "";
    size_t n = 0;

    ck_assert_uint_lt(rule, op->n_keys);
    for (unsigned state = 1; state < KMS_KEY_STATE_COUNT; state++)
        if (op->keys[rule].states & 1u << state)
            got[n++] = all[state - 1];
    ck_assert_msg(strcmp(got, letters) == 0, "%s: %s", name, got);
    ck_assert_uint_eq(op->keys[rule].states & 1u, 0);
}

START_TEST(the_states_of_the_gate_are_those_of_the_service)
{
    static const char *const crypto[] = {"Encrypt",
                                         "Decrypt",
                                         "GenerateDataKey",
                                         "GenerateDataKeyWithoutPlaintext",
                                         "GenerateDataKeyPair",
                                         "GenerateDataKeyPairWithoutPlaintext",
                                         "Sign",
                                         "Verify",
                                         "GenerateMac",
                                         "VerifyMac",
                                         "DeriveSharedSecret"};

    for (size_t i = 0; i < sizeof crypto / sizeof crypto[0]; i++)
        states_are(crypto[i], 0, "Eu");
    states_are("ReEncrypt", 0, "Eu");
    states_are("ReEncrypt", 1, "Eu");
    states_are("GetPublicKey", 0, "EDu");
    states_are("CreateGrant", 0, "EUu");
    states_are("DescribeKey", 0, "cEDpIrUu");
    states_are("PutKeyPolicy", 0, "cEDpIrUu");
    states_are("TagResource", 0, "cEDIUu");
    states_are("UpdateAlias", 0, "cEDIUu");
    states_are("UpdateAlias", 1, "cEDpIrUu");
    states_are("EnableKey", 0, "EDU");
    states_are("DisableKey", 0, "EDU");
    states_are("EnableKeyRotation", 0, "Eu");
    states_are("RotateKeyOnDemand", 0, "E");
    states_are("ScheduleKeyDeletion", 0, "cEDIU");
    states_are("CancelKeyDeletion", 0, "pr");
    states_are("ImportKeyMaterial", 0, "EDIu");
}
END_TEST

START_TEST(a_key_rule_says_where_the_key_comes_from)
{
    const struct kms_op *decrypt = op_of("Decrypt");
    const struct kms_op *re_encrypt = op_of("ReEncrypt");
    const struct kms_op *alias = op_of("DeleteAlias");
    struct kms_decrypt_in in = {.key_id = KMS_LIT("k")};

    ck_assert_uint_eq(decrypt->n_keys, 1);
    ck_assert(!decrypt->keys[0].from->required);
    ck_assert_str_eq(decrypt->keys[0].ciphertext->name, "CiphertextBlob");
    ck_assert_str_eq(decrypt->keys[0].context->name, "EncryptionContext");
    ck_assert_int_eq(decrypt->keys[0].forms, KMS_FORMS_ANY);
    ck_assert_int_eq(decrypt->keys[0].usage, KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT);
    ck_assert(decrypt->keys[0].cross_account);
    ck_assert(kms_str_is(kms_member_str(decrypt->keys[0].from, &in), "k"));

    ck_assert_uint_eq(re_encrypt->n_keys, 2);
    ck_assert_str_eq(re_encrypt->keys[0].from->name, "SourceKeyId");
    ck_assert_str_eq(re_encrypt->keys[0].action, "kms:ReEncryptFrom");
    ck_assert_str_eq(re_encrypt->keys[1].from->name, "DestinationKeyId");
    ck_assert_str_eq(re_encrypt->keys[1].action, "kms:ReEncryptTo");
    ck_assert_ptr_null(re_encrypt->keys[1].ciphertext);

    ck_assert_int_eq(alias->keys[0].forms, KMS_FORMS_ALIAS);
    ck_assert_int_eq(op_of("TagResource")->keys[0].forms, KMS_FORMS_KEY);
    ck_assert(!op_of("TagResource")->keys[0].cross_account);
    ck_assert_uint_eq(op_of("RotateKeyOnDemand")->keys[0].origins,
                      1u << KMS_ORIGIN_TYPE_AWS_KMS | 1u << KMS_ORIGIN_TYPE_EXTERNAL);
    ck_assert_uint_eq(op_of("CreateKey")->n_keys, 0);
}
END_TEST

START_TEST(who_decides_and_what_it_does_is_in_the_row)
{
    static const struct {
        const char *name;
        enum kms_effect effect;
        enum kms_scope scope;
    } rows[] = {
        {"CreateKey", KMS_EFFECT_CHANGE, KMS_SCOPE_ACCOUNT},
        {"ListKeys", KMS_EFFECT_READ, KMS_SCOPE_ACCOUNT},
        {"ListAliases", KMS_EFFECT_READ, KMS_SCOPE_ACCOUNT},
        {"ListRetirableGrants", KMS_EFFECT_READ, KMS_SCOPE_ACCOUNT},
        {"GenerateRandom", KMS_EFFECT_USE, KMS_SCOPE_ACCOUNT},
        {"Encrypt", KMS_EFFECT_USE, KMS_SCOPE_KEY},
        {"ReEncrypt", KMS_EFFECT_USE, KMS_SCOPE_KEY},
        {"GetPublicKey", KMS_EFFECT_READ, KMS_SCOPE_KEY},
        {"GetParametersForImport", KMS_EFFECT_READ, KMS_SCOPE_KEY},
        {"ScheduleKeyDeletion", KMS_EFFECT_CHANGE, KMS_SCOPE_KEY},
        {"RetireGrant", KMS_EFFECT_CHANGE, KMS_SCOPE_GRANT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(op_of(rows[i].name)->effect, rows[i].effect);
        ck_assert_int_eq(op_of(rows[i].name)->scope, rows[i].scope);
    }
}
END_TEST

START_TEST(dry_run_and_grant_tokens_are_read_through_the_row)
{
    const struct kms_str tokens[] = {KMS_LIT("t")};
    struct kms_encrypt_in in = {.grant_tokens = {tokens, 1, true}};
    struct kms_list_keys_in list = {0};
    const struct kms_op *encrypt = op_of("Encrypt");

    ck_assert(!kms_op_is_dry_run(encrypt, &in));
    in.dry_run = true;
    ck_assert(!kms_op_is_dry_run(encrypt, &in));
    in.has_dry_run = true;
    ck_assert(kms_op_is_dry_run(encrypt, &in));
    ck_assert_uint_eq(kms_op_grant_tokens(encrypt, &in).n, 1);
    ck_assert(!kms_op_is_dry_run(op_of("ListKeys"), &list));
    ck_assert(!kms_op_grant_tokens(op_of("ListKeys"), &list).present);
}
END_TEST

START_TEST(what_must_not_be_logged_is_marked)
{
    static const char *const rows[][2] = {{"Encrypt", "Plaintext"},
                                          {"Sign", "Message"},
                                          {"GenerateMac", "Message"},
                                          {"VerifyMac", "Mac"},
                                          {"ImportKeyMaterial", "ImportToken"},
                                          {"ImportKeyMaterial", "EncryptedKeyMaterial"},
                                          {"CreateCustomKeyStore", "KeyStorePassword"},
                                          {"RetireGrant", "GrantToken"},
                                          {"Encrypt", "GrantTokens"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert(kms_shape_member(op_of(rows[i][0])->in, rows[i][1])->secret);
    ck_assert(kms_shape_member(op_of("Decrypt")->out, "Plaintext")->secret);
    ck_assert(kms_shape_member(op_of("GenerateDataKeyPair")->out, "PrivateKeyPlaintext")
                  ->secret);
    ck_assert(kms_shape_member(op_of("DeriveSharedSecret")->out, "SharedSecret")->secret);
    ck_assert(!kms_shape_member(op_of("Encrypt")->in, "KeyId")->secret);
    ck_assert(!kms_shape_member(op_of("Encrypt")->in, "EncryptionContext")->secret);
}
END_TEST

START_TEST(words_of_an_enum_go_both_ways)
{
    enum kms_key_spec spec = KMS_KEY_SPEC_NONE;
    enum kms_key_state state = KMS_KEY_STATE_NONE;

    ck_assert_str_eq(kms_key_spec_name(KMS_KEY_SPEC_NONE), "");
    ck_assert_str_eq(kms_key_spec_name(KMS_KEY_SPEC_ECC_NIST_P256), "ECC_NIST_P256");
    ck_assert(kms_key_spec_parse(KMS_LIT("SYMMETRIC_DEFAULT"), &spec));
    ck_assert_int_eq(spec, KMS_KEY_SPEC_SYMMETRIC_DEFAULT);
    ck_assert(!kms_key_spec_parse(KMS_LIT("symmetric_default"), &spec));
    ck_assert(!kms_key_spec_parse(KMS_LIT(""), &spec));
    ck_assert_int_eq(spec, KMS_KEY_SPEC_SYMMETRIC_DEFAULT);
    ck_assert(kms_key_state_parse(KMS_LIT("PendingReplicaDeletion"), &state));
    ck_assert_str_eq(kms_key_state_name(state), "PendingReplicaDeletion");
}
END_TEST

START_TEST(the_command_line_knows_every_operation_and_member)
{
    const struct kms_api_op *op = kms_api_find(KMS_LIT("generate-data-key"));

    ck_assert_ptr_nonnull(op);
    ck_assert_ptr_eq(op, kms_api_find(KMS_LIT("GenerateDataKey")));
    ck_assert_ptr_null(kms_api_find(KMS_LIT("generate_data_key")));
    ck_assert(kms_api_flag(op, KMS_LIT("key-id"))->member->required);
    ck_assert_ptr_eq(kms_api_flag(op, KMS_LIT("KeyId")),
                     kms_api_flag(op, KMS_LIT("key-id")));
    ck_assert_ptr_null(kms_api_flag(op, KMS_LIT("keyid")));
    ck_assert_str_eq(kms_api_flag(op, KMS_LIT("key-spec"))->hint, "AES_256|AES_128");
    for (size_t i = 0; i < KMS_OP_COUNT; i++) {
        ck_assert_ptr_eq(kms_api_ops[i].op, kms_op_at(i));
        ck_assert_uint_eq(kms_api_ops[i].n_flags, kms_op_at(i)->in->n_members);
        for (size_t j = 0; j < kms_api_ops[i].n_flags; j++)
            ck_assert_str_ne(kms_api_ops[i].flags[j].doc, "");
    }
}
END_TEST

START_TEST(every_code_has_a_row_and_every_refusal_a_name)
{
    ck_assert_int_eq(kms_rc_info(KMS_OK)->http, 200);
    for (int rc = KMS_OK + 1; rc < KMS_RC_COUNT; rc++) {
        const struct kms_rc_info *info = kms_rc_info((enum kms_rc)rc);

        ck_assert_int_eq(strncmp(info->id, "KMS_E_", 6), 0);
        ck_assert_str_ne(info->wire, "");
        ck_assert(info->http == 400 || (info->http >= 500 && !info->visible));
    }
    ck_assert_ptr_eq(kms_rc_info((enum kms_rc)KMS_RC_COUNT), kms_rc_info(KMS_E_INTERNAL));
    ck_assert_str_eq(kms_rc_info(KMS_E_SIGV4_SIGNATURE)->wire,
                     "InvalidSignatureException");
    ck_assert_str_eq(kms_rc_info(KMS_E_INVALID_SIGNATURE)->wire,
                     "KMSInvalidSignatureException");
    ck_assert_str_eq(kms_rc_info(KMS_E_TAMPERED)->wire, "KMSInternalException");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire ops");
    TCase *tc = tcase_create("rows");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, every_operation_is_found_by_its_exact_name_only);
    tcase_add_test(tc, the_states_of_the_gate_are_those_of_the_service);
    tcase_add_test(tc, a_key_rule_says_where_the_key_comes_from);
    tcase_add_test(tc, who_decides_and_what_it_does_is_in_the_row);
    tcase_add_test(tc, dry_run_and_grant_tokens_are_read_through_the_row);
    tcase_add_test(tc, what_must_not_be_logged_is_marked);
    tcase_add_test(tc, words_of_an_enum_go_both_ways);
    tcase_add_test(tc, the_command_line_knows_every_operation_and_member);
    tcase_add_test(tc, every_code_has_a_row_and_every_refusal_a_name);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
