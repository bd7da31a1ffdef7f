/* The configuration file: what it gives, and what each mistake is told. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config.h"

static char dir[64], file[96];

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/kmsd-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/kmsd.yaml", dir);
}

static void teardown(void)
{
    unlink(file);
    rmdir(dir);
}

static enum kms_rc load(const char *yaml, struct kms_config **out)
{
    FILE *f = fopen(file, "w");

    ck_assert_ptr_nonnull(f);
    fputs(yaml, f);
    fclose(f);
    chmod(file, 0600);
    return kms_config_load(file, out);
}

#define MINIMAL "profile: server\ndata: .\nhttps:\n  listen: 127.0.0.1:8443\n"

static void refuses(const char *yaml, const char *words)
{
    struct kms_config *c = NULL;
    enum kms_rc rc = load(yaml, &c);

    ck_assert_int_eq(rc, KMS_E_CONFIG);
    ck_assert_ptr_null(c);
    ck_assert_msg(strstr(kms_err_note(rc), words) != NULL, "\"%s\" does not say \"%s\"",
                  kms_err_note(rc), words);
    ck_assert_msg(strstr(kms_err_note(rc), file) != NULL, "\"%s\" does not name the file",
                  kms_err_note(rc));
}

static void ends_with(const char *path, const char *tail)
{
    ck_assert_uint_ge(strlen(path), strlen(tail));
    ck_assert_str_eq(path + strlen(path) - strlen(tail), tail);
    ck_assert_int_eq(path[0], '/');
}

START_TEST(a_minimal_file_gets_the_defaults)
{
    KMS_AUTO(config) c = NULL;

    ck_assert_int_eq(load(MINIMAL, &c), KMS_OK);
    ck_assert(!c->dev);
    ck_assert(!c->has_http);
    ck_assert(!c->tls12);
    ck_assert_str_eq(c->account, "111122223333");
    ck_assert_str_eq(c->region, "us-east-1");
    ck_assert_str_eq(c->partition, "aws");
    ck_assert_int_eq(c->log_level, KMS_LOG_INFO);
    ck_assert_uint_eq(kms_address_port(&c->https), 8443);
    ends_with(c->tls.certificate, "/pki/server.pem");
    ends_with(c->tls.key, "/pki/server.key");
    ends_with(c->tls.client_ca, "/pki/ca.pem");
    ck_assert_ptr_null(c->tls.crl);
    ends_with(c->admin_socket, "/admin.sock");
    ck_assert_uint_eq(c->limits.connections, 1024);
    ck_assert_uint_eq(c->limits.body_bytes, 262144);
    ck_assert_ptr_null(c->token_module);
    ck_assert(!c->identities_named);
    ck_assert_int_eq(c->proof, KMS_PROOF_CERTIFICATE);
}
END_TEST

START_TEST(relative_paths_are_relative_to_the_file)
{
    KMS_AUTO(config) c = NULL;
    char expected[128];

    ck_assert_int_eq(load("profile: server\ndata: kms\nhttps:\n  listen: '[::1]:0'\n"
                          "  crl: lists/crl.pem\n  key: /etc/key.pem\n"
                          "token:\n  module: libsofthsm2.so\n  pin_file: secret/pin\n",
                          &c),
                     KMS_OK);
    snprintf(expected, sizeof expected, "%s/kms", dir);
    ck_assert_str_eq(c->data, expected);
    snprintf(expected, sizeof expected, "%s/lists/crl.pem", dir);
    ck_assert_str_eq(c->tls.crl, expected);
    snprintf(expected, sizeof expected, "%s/secret/pin", dir);
    ck_assert_str_eq(c->token_pin_file, expected);
    ck_assert_str_eq(c->tls.key, "/etc/key.pem");
    ck_assert_str_eq(c->token_module, "libsofthsm2.so");
    ck_assert(kms_address_is_loopback(&c->https));
}
END_TEST

START_TEST(a_listener_says_which_proofs_it_wants)
{
    static const struct {
        const char *word;
        enum kms_proof proof;
    } cases[] = {{"certificate", KMS_PROOF_CERTIFICATE},
                 {"signature", KMS_PROOF_SIGNATURE},
                 {"both", KMS_PROOF_BOTH},
                 {"either", KMS_PROOF_EITHER}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        KMS_AUTO(config) c = NULL;
        char text[512];

        snprintf(text, sizeof text, MINIMAL "  proof: %s\n", cases[i].word);
        ck_assert_int_eq(load(text, &c), KMS_OK);
        ck_assert_int_eq(c->proof, cases[i].proof);
    }
}
END_TEST

START_TEST(identities_are_the_file_named_or_the_one_beside_the_data)
{
    KMS_AUTO(config) named = NULL;
    KMS_AUTO(config) none = NULL;
    char expected[600];

    ck_assert_int_eq(load(MINIMAL "identities: who.yaml\n", &named), KMS_OK);
    snprintf(expected, sizeof expected, "%s/who.yaml", dir);
    ck_assert_str_eq(named->identities, expected);
    ck_assert_int_eq(load(MINIMAL, &none), KMS_OK);
    ck_assert(named->identities_named && !none->identities_named);
    ends_with(none->identities, "/identities.yaml");
}
END_TEST

START_TEST(unknown_keys_wrong_types_and_broken_yaml_name_their_place)
{
    refuses(MINIMAL "colour: red\n", "Unexpected key: colour");
    refuses("profile: server\nhttps:\n  listen: 127.0.0.1:1\n  ciphers: all\n",
            "Unexpected key: ciphers");
    refuses(MINIMAL "limits:\n  threads: many\n", "near line 6");
    refuses(MINIMAL "limits:\n  threads: -1\n", "near line 6");
    refuses("profile: [\n", "line 1");
    refuses("profile: server\nprofile: server\n", "already seen");
    refuses("profile: &a server\nregion: *a\n", "");
    refuses("", "empty");
}
END_TEST

START_TEST(values_are_checked_and_the_message_says_what_to_write)
{
    refuses("data: .\nhttps:\n  listen: 127.0.0.1:1\n", "profile: write server");
    refuses("profile: prod\n", "profile: write server");
    refuses("profile: server\nhttps:\n  listen: 127.0.0.1:1\n", "data:");
    refuses("profile: server\ndata: .\n", "https.listen");
    refuses("profile: server\ndata: .\nhttps:\n  listen: localhost:1\n", "numeric");
    refuses("profile: server\ndata: .\nhttps:\n  listen: 127.0.0.1\n", "https.listen");
    refuses("profile: server\ndata: .\nhttps:\n  listen: 127.0.0.1:65536\n", "65536");
    refuses(MINIMAL "  tls_min: '1.1'\n", "neither 1.3 nor 1.2");
    refuses(MINIMAL "account: '1234'\n", "12 digits");
    refuses(MINIMAL "region: US_EAST\n", "us-east-1");
    refuses(MINIMAL "log_level: loud\n", "debug, info, warn, error");
    refuses(MINIMAL "limits:\n  header_bytes: 10\n", "limits.header_bytes: 10");
    refuses(MINIMAL "  proof: password\n", "certificate, signature, both, either");
}
END_TEST

START_TEST(only_the_dev_profile_has_a_plain_listener_and_both_are_on_loopback)
{
    KMS_AUTO(config) c = NULL;

    refuses(MINIMAL "http:\n  listen: 127.0.0.1:8080\n", "only the dev profile");
    refuses("profile: dev\ndata: .\nhttps:\n  listen: 0.0.0.0:8443\n", "loopback");
    refuses("profile: dev\ndata: .\nhttps:\n  listen: 127.0.0.1:1\nhttp:\n"
            "  listen: 192.0.2.1:80\n",
            "loopback");
    ck_assert_int_eq(load("profile: dev\ndata: .\nhttps:\n  listen: 127.0.0.1:1\nhttp:\n"
                          "  listen: '[::1]:80'\n",
                          &c),
                     KMS_OK);
    ck_assert(c->has_http);
}
END_TEST

START_TEST(a_file_that_others_may_write_is_refused)
{
    struct kms_config *c = NULL;

    ck_assert_int_eq(load(MINIMAL, &c), KMS_OK);
    kms_config_free(c);
    c = NULL;
    chmod(file, 0622);
    ck_assert_int_eq(kms_config_load(file, &c), KMS_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(kms_err_note(KMS_E_CONFIG), "chmod 600"));
    unlink(file);
    ck_assert_int_eq(kms_config_load(file, &c), KMS_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(kms_err_note(KMS_E_CONFIG), "kmsctl init"));
}
END_TEST

START_TEST(the_dev_preset_needs_only_a_directory)
{
    KMS_AUTO(config) c = NULL;
    KMS_AUTO(config) off = NULL;

    ck_assert_int_eq(kms_config_dev(&(struct kms_dev_opts){.data = "/d"}, &c), KMS_OK);
    ck_assert(c->dev);
    ck_assert_uint_eq(kms_address_port(&c->http), 8080);
    ck_assert_uint_eq(kms_address_port(&c->https), 8443);
    ck_assert_str_eq(c->tls.key, "/d/pki/server.key");
    ck_assert_uint_eq(c->limits.connections_per_source, 0);
    ck_assert_int_eq(kms_config_dev(&(struct kms_dev_opts){.data = "/d",
                                                           .http = "off",
                                                           .account = "444455556666",
                                                           .region = "eu-west-1"},
                                    &off),
                     KMS_OK);
    ck_assert(!off->has_http);
    ck_assert_str_eq(off->account, "444455556666");
    ck_assert_str_eq(off->region, "eu-west-1");
}
END_TEST

START_TEST(addresses_are_numeric_and_print_as_they_are_read)
{
    static const char *const fine[] = {"127.0.0.1:8443", "[::1]:0", "0.0.0.0:1",
                                       "[2001:db8::1]:65535"};
    static const char *const bad[] = {
        "",      ":1",      "127.0.0.1:", "127.0.0.1:+1", "127.0.0.1:0x1",   "::1:80",
        "[::1]", "[::1:80", "127.1:80",   "host:80",      "127.0.0.1:123456"};
    char text[KMS_ADDRESS_TEXT_MAX];
    struct kms_address a;

    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        ck_assert_int_eq(kms_address_parse(fine[i], &a), KMS_OK);
        kms_address_text(&a, text);
        ck_assert_str_eq(text, fine[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(kms_address_parse(bad[i], &a) == KMS_E_CONFIG, "%s", bad[i]);
}
END_TEST

START_TEST(the_documented_example_is_valid)
{
    KMS_AUTO(config) c = NULL;
    const char *example = getenv("KMSD_EXAMPLE_CONFIG");
    static char text[16384];
    FILE *f;

    ck_assert_ptr_nonnull(example);
    f = fopen(example, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_lt(fread(text, 1, sizeof text - 1, f), sizeof text - 1);
    fclose(f);
    ck_assert_msg(load(text, &c) == KMS_OK, "%s", kms_err_note(KMS_E_CONFIG));
    ck_assert_str_eq(c->identities, "/etc/kmsd/identities.yaml");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tc = tcase_create("file");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_minimal_file_gets_the_defaults);
    tcase_add_test(tc, relative_paths_are_relative_to_the_file);
    tcase_add_test(tc, a_listener_says_which_proofs_it_wants);
    tcase_add_test(tc, identities_are_the_file_named_or_the_one_beside_the_data);
    tcase_add_test(tc, unknown_keys_wrong_types_and_broken_yaml_name_their_place);
    tcase_add_test(tc, values_are_checked_and_the_message_says_what_to_write);
    tcase_add_test(tc,
                   only_the_dev_profile_has_a_plain_listener_and_both_are_on_loopback);
    tcase_add_test(tc, a_file_that_others_may_write_is_refused);
    tcase_add_test(tc, the_dev_preset_needs_only_a_directory);
    tcase_add_test(tc, addresses_are_numeric_and_print_as_they_are_read);
    tcase_add_test(tc, the_documented_example_is_valid);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
