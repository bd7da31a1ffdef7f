#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "authn/principal.h"
#include "crypto/digest.h"
#include "signed.h"

static struct kms_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
}

static void teardown(void)
{
    kms_arena_free(arena);
}

#define ALICE "arn:aws:iam::111122223333:user/alice"

struct keys {
    struct kms_access access;
};

static enum kms_rc find(void *arg, struct kms_str id, struct kms_access *out)
{
    const struct keys *k = arg;

    if (!kms_str_is(id, "AKIDEXAMPLE"))
        return KMS_E_NOT_FOUND;
    *out = k->access;
    return KMS_OK;
}

static enum kms_rc authenticate(struct signed_request *m, struct keys *k,
                                const struct kms_peer *peer, enum kms_proof wanted,
                                const struct kms_identity_rule *rule,
                                struct kms_proven *out)
{
    const struct kms_access_source source = {find, k};

    m->request.peer = peer;
    return kms_authenticate(&(struct kms_proofs){.request = &m->request,
                                                 .wanted = wanted,
                                                 .now_ms = signed_at(TIME),
                                                 .partition = KMS_LIT("aws"),
                                                 .rules = rule,
                                                 .n_rules = rule != NULL ? 1 : 0,
                                                 .access = &source},
                            arena, out);
}

START_TEST(an_access_key_is_its_principal_and_no_other)
{
    const struct kms_peer nobody = {0};
    const struct kms_peer alice = {.uri_san = KMS_LIT(ALICE),
                                   .spki_sha256 = KMS_LIT("00")};
    const struct kms_peer bob = {.subject = KMS_LIT("CN=bob"),
                                 .uri_san = KMS_LIT("arn:aws:iam::111122223333:user/bob"),
                                 .spki_sha256 = KMS_LIT("01")};
    const struct kms_identity_rule gateway = {
        .match = KMS_MATCH_SUBJECT,
        .value = KMS_LIT("CN=bob"),
        .principal = KMS_LIT("arn:aws:iam::111122223333:user/bob"),
        .signs_for = KMS_LIT("arn:aws:iam::111122223333:user/*")};
    const enum kms_proof all[] = {KMS_PROOF_CERTIFICATE, KMS_PROOF_BOTH,
                                  KMS_PROOF_EITHER};
    struct kms_proven p;
    struct keys k;
    struct signed_request m;

    signed_make(&m, arena);
    k.access = (struct kms_access){.principal = KMS_LIT(ALICE), .signer = m.signer};
    ck_assert_int_eq(authenticate(&m, &k, &nobody, KMS_PROOF_SIGNATURE, NULL, &p),
                     KMS_OK);
    ck_assert(kms_str_is(p.caller.principal_arn, ALICE) && p.signed_by_key);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(authenticate(&m, &k, &alice, all[i], NULL, &p), KMS_OK);
        ck_assert_int_eq(authenticate(&m, &k, &bob, all[i], NULL, &p),
                         KMS_E_ACCESS_DENIED);
        ck_assert_int_eq(authenticate(&m, &k, &bob, all[i], &gateway, &p), KMS_OK);
        ck_assert(kms_str_is(p.caller.principal_arn, ALICE));
    }
    /* A signature that is wrong is refused, even where a certificate would do. */
    m.authorization[strlen(m.authorization) - 1] ^= 1;
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(authenticate(&m, &k, &alice, all[i], NULL, &p),
                         KMS_E_SIGV4_SIGNATURE);
    kms_signer_free(m.signer);
}
END_TEST

/* Sign again, with a session token that is signed too. */
static void add_token(struct signed_request *m, const char *token)
{
    m->headers[5] =
        (struct kms_header){KMS_LIT("X-Amz-Security-Token"), kms_str_of(token)};
    m->headers[4] = m->headers[5];
    m->request.n_headers = 5;
    signed_sign(m, "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
                arena);
    m->request.n_headers = 6;
}

START_TEST(a_session_needs_its_token_and_ends)
{
    const struct kms_peer nobody = {0};
    struct kms_proven p;
    struct keys k;
    struct signed_request m;
    uint8_t digest[KMS_SHA256_LEN];

    signed_make(&m, arena);
    ck_assert_int_eq(kms_sha256(kms_bytes_of_str(KMS_LIT("token")), digest), KMS_OK);
    k.access = (struct kms_access){.principal = KMS_LIT(ALICE),
                                   .signer = m.signer,
                                   .expires_ms = signed_at(TIME) + 1,
                                   .issued_ms = signed_at(TIME) - 1,
                                   .token_sha256 = KMS_BYTES(digest)};
    ck_assert_int_eq(authenticate(&m, &k, &nobody, KMS_PROOF_SIGNATURE, NULL, &p),
                     KMS_E_UNRECOGNIZED_CLIENT);
    add_token(&m, "token");
    ck_assert_int_eq(authenticate(&m, &k, &nobody, KMS_PROOF_SIGNATURE, NULL, &p),
                     KMS_OK);
    ck_assert_int_eq(p.issued_ms, signed_at(TIME) - 1);
    add_token(&m, "Token");
    ck_assert_int_eq(authenticate(&m, &k, &nobody, KMS_PROOF_SIGNATURE, NULL, &p),
                     KMS_E_UNRECOGNIZED_CLIENT);
    add_token(&m, "token");
    k.access.expires_ms = signed_at(TIME);
    ck_assert_int_eq(authenticate(&m, &k, &nobody, KMS_PROOF_SIGNATURE, NULL, &p),
                     KMS_E_EXPIRED_TOKEN);
    /* A long-term key has no token, and takes none. */
    k.access.expires_ms = 0;
    k.access.token_sha256 = (struct kms_bytes){NULL, 0};
    ck_assert_int_eq(authenticate(&m, &k, &nobody, KMS_PROOF_SIGNATURE, NULL, &p),
                     KMS_E_UNRECOGNIZED_CLIENT);
    kms_signer_free(m.signer);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sigv4_keys");
    TCase *t = tcase_create("sigv4_keys");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, an_access_key_is_its_principal_and_no_other);
    tcase_add_test(t, a_session_needs_its_token_and_ends);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
