#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "authn/sigv4.h"
#include "crypto/digest.h"
#include "wire/json.h"

static struct kms_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
}

static void teardown(void)
{
    kms_arena_free(arena);
}

static struct kms_str member(json_t *object, const char *name)
{
    return kms_json_text(json_object_get(object, name));
}

static void same(const char *name, const char *what, struct kms_str is,
                 struct kms_str wanted)
{
    ck_assert_msg(kms_str_eq(is, wanted), "%s: %s is\n%.*s\nand not\n%.*s", name, what,
                  KMS_FMT(is), KMS_FMT(wanted));
}

enum { HEADERS_MAX = 16 };

static struct kms_request request_of(json_t *c, struct kms_header headers[HEADERS_MAX])
{
    struct kms_request r = {.method = member(c, "method"),
                            .path = member(c, "path"),
                            .query = member(c, "query"),
                            .headers = headers,
                            .body = kms_bytes_of_str(member(c, "body"))};
    json_t *v;
    size_t i;

    json_array_foreach(json_object_get(c, "headers"), i, v)
    {
        ck_assert_uint_lt(r.n_headers, HEADERS_MAX);
        headers[r.n_headers++] = (struct kms_header){kms_json_text(json_array_get(v, 0)),
                                                     kms_json_text(json_array_get(v, 1))};
    }
    return r;
}

/* The scope is of another service than ours, which parsing refuses: take it apart here.
 */
static void take_apart(const struct kms_request *r, struct kms_signature *s)
{
    struct kms_str credential = {NULL, 0}, slash;
    const char *at;

    if (kms_request_header(r, "authorization").p != NULL) {
        struct kms_str h = kms_request_header(r, "authorization");
        const char *list = memmem(h.p, h.n, "SignedHeaders=", 14);
        const char *given = memmem(h.p, h.n, "Signature=", 10);

        at = memmem(h.p, h.n, "Credential=", 11);
        ck_assert(at != NULL && list != NULL && given != NULL);
        credential = (struct kms_str){at + 11, (size_t)(strchr(at, ',') - at) - 11};
        s->credential.signed_headers =
            (struct kms_str){list + 14, (size_t)(strchr(list, ',') - list) - 14};
        s->credential.signature = (struct kms_str){given + 10, 64};
        s->time = kms_request_header(r, "x-amz-date");
    } else {
        ck_assert_int_eq(
            kms_query_value(r->query, "X-Amz-Credential", arena, &credential), KMS_OK);
        ck_assert_int_eq(kms_query_value(r->query, "X-Amz-SignedHeaders", arena,
                                         &s->credential.signed_headers),
                         KMS_OK);
        ck_assert_int_eq(
            kms_query_value(r->query, "X-Amz-Signature", arena, &s->credential.signature),
            KMS_OK);
        ck_assert_int_eq(kms_query_value(r->query, "X-Amz-Date", arena, &s->time),
                         KMS_OK);
    }
    at = memchr(credential.p, '/', credential.n);
    s->credential.scope = kms_str_skip(credential, (size_t)(at - credential.p) + 1);
    slash = s->credential.scope;
    s->credential.date = (struct kms_str){slash.p, 8};
    slash = kms_str_skip(slash, 9);
    s->credential.region = (struct kms_str){
        slash.p, (size_t)((const char *)memchr(slash.p, '/', slash.n) - slash.p)};
    slash = kms_str_skip(slash, s->credential.region.n + 1);
    s->credential.service = (struct kms_str){
        slash.p, (size_t)((const char *)memchr(slash.p, '/', slash.n) - slash.p)};
}

/* Paths of the suite that are not to be normalised: nobody calls those here. */
static void check_raw(json_t *c, const char *name, const struct kms_request *r)
{
    KMS_AUTO_BUF path = {0};
    struct kms_str canonical = member(c, "canonical");
    const char *from = (const char *)memchr(canonical.p, '\n', canonical.n) + 1;

    kms_canonical_path(r->path, true, &path);
    same(name, "path", kms_buf_text(&path),
         (struct kms_str){from, (size_t)(strchr(from, '\n') - from)});
}

static void check_case(json_t *c)
{
    const char *name = json_string_value(json_object_get(c, "name"));
    KMS_AUTO_BUF canonical = {0};
    KMS_AUTO_BUF text = {0};
    KMS_AUTO(secret) secret = NULL;
    KMS_AUTO(signer) signer = NULL;
    struct kms_header headers[HEADERS_MAX];
    struct kms_request r = request_of(c, headers);
    struct kms_signature s = {0};
    uint8_t digest[KMS_SHA256_LEN], mac[32];
    char payload[2 * KMS_SHA256_LEN + 1], hex[65];

    if (json_is_true(json_object_get(c, "raw"))) {
        check_raw(c, name, &r);
        return;
    }
    take_apart(&r, &s);
    ck_assert_int_eq(kms_sha256(r.body, digest), KMS_OK);
    kms_hex_encode(digest, sizeof digest, payload);
    ck_assert_int_eq(kms_canonical_request(&r, s.credential.signed_headers, payload,
                                           arena, &canonical),
                     KMS_OK);
    same(name, "canonical request", kms_buf_text(&canonical), member(c, "canonical"));
    ck_assert_int_eq(
        kms_signature_string(s.time, s.credential.scope, kms_buf_view(&canonical), &text),
        KMS_OK);
    same(name, "string to sign", kms_buf_text(&text), member(c, "string"));
    ck_assert_int_eq(kms_secret_copy(kms_bytes_of_str(member(c, "secret")), &secret),
                     KMS_OK);
    ck_assert_int_eq(kms_signer_new(secret, &signer), KMS_OK);
    ck_assert_int_eq(kms_signer_sign(signer, &s.credential, kms_buf_view(&text), mac),
                     KMS_OK);
    kms_hex_encode(mac, sizeof mac, hex);
    same(name, "signature", kms_str_of(hex), member(c, "signature"));
    same(name, "signature sent", s.credential.signature, member(c, "signature"));
}

START_TEST(every_case_of_the_public_test_suite_is_canonical_and_signed_as_it_says)
{
    json_t *suite = json_load_file(KMS_TEST_VECTORS "/sigv4.json", 0, NULL), *c;
    size_t i;

    ck_assert(json_array_size(suite) > 60);
    json_array_foreach(suite, i, c) check_case(c);
    json_decref(suite);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sigv4_suite");
    TCase *t = tcase_create("sigv4_suite");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(
        t, every_case_of_the_public_test_suite_is_canonical_and_signed_as_it_says);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
