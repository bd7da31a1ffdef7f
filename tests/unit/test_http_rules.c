/* The head of a request: what passes, and what each refusal is called. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "kmsd/http_rules.h"

enum { MAX_HEADERS = 128 };

static const struct kms_http_limits limits = {.header_bytes = 4096, .body_bytes = 1000};
static const struct kms_http_limits dev_limits = {
    .header_bytes = 4096, .body_bytes = 1000, .hooks = true};

/* A head under construction, good until a test spoils it. */
struct sample {
    struct kms_header headers[MAX_HEADERS];
    struct kms_http_head head;
};

static void add(struct sample *s, const char *name, const char *value)
{
    s->headers[s->head.n_headers++] =
        (struct kms_header){kms_str_of(name), kms_str_of(value)};
}

static struct sample *good(void)
{
    static struct sample s;

    memset(&s, 0, sizeof s);
    s.head = (struct kms_http_head){.method = KMS_LIT("POST"),
                                    .uri = KMS_LIT("/"),
                                    .version = KMS_LIT("HTTP/1.1"),
                                    .headers = s.headers};
    add(&s, "Host", "localhost:8443");
    add(&s, "Content-Type", "application/x-amz-json-1.1");
    add(&s, "X-Amz-Target", "TrentService.ListKeys");
    add(&s, "content-length", "2");
    return &s;
}

static struct sample *with(const char *name, const char *value)
{
    struct sample *s = good();

    add(s, name, value);
    return s;
}

/* The good head with the value of one field replaced, or the field left out. */
static struct sample *changed(const char *name, const char *value)
{
    struct sample *s = good();

    for (size_t i = 0; i < s->head.n_headers; i++) {
        if (!kms_str_is(s->headers[i].name, name))
            continue;
        if (value != NULL)
            s->headers[i].value = kms_str_of(value);
        else
            s->headers[i] = s->headers[--s->head.n_headers];
    }
    return s;
}

static enum kms_http_fault check(const struct sample *s)
{
    size_t len = 77;
    enum kms_http_fault fault = kms_http_check(&s->head, &limits, &len);

    /* Results are untouched on failure. */
    if (fault != KMS_HTTP_OK)
        ck_assert_uint_eq(len, 77);
    return fault;
}

START_TEST(a_kms_request_passes_and_says_how_long_its_body_is)
{
    size_t len = 0;

    ck_assert_int_eq(kms_http_check(&good()->head, &limits, &len), KMS_HTTP_OK);
    ck_assert_uint_eq(len, 2);
    ck_assert_int_eq(
        kms_http_check(&changed("content-length", "1000")->head, &limits, &len),
        KMS_HTTP_OK);
    ck_assert_uint_eq(len, 1000);
}
END_TEST

START_TEST(other_methods_targets_and_versions_are_refused)
{
    static const char *const targets[] = {"",
                                          "//",
                                          "/x",
                                          "/?",
                                          "/?a=b",
                                          "*",
                                          "%2f",
                                          "http://localhost/",
                                          "/_kmsd/test/clock"};
    static const char *const methods[] = {"", "GET", "post", "POST ", "PUT", "OPTIONS"};
    static const char *const versions[] = {"", "HTTP/1.0", "HTTP/1.2", "http/1.1",
                                           "HTTP/1.1 "};

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct sample *s = good();

        s->head.uri = kms_str_of(targets[i]);
        ck_assert_int_eq(check(s), KMS_HTTP_TARGET);
    }
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct sample *s = good();

        s->head.method = kms_str_of(methods[i]);
        ck_assert_int_eq(check(s), KMS_HTTP_METHOD);
    }
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        struct sample *s = good();

        s->head.version = kms_str_of(versions[i]);
        ck_assert_int_eq(check(s), KMS_HTTP_VERSION);
    }
}
END_TEST

START_TEST(what_is_needed_once_must_come_exactly_once)
{
    static const char *const singles[] = {"host", "CONTENT-LENGTH", "Content-type",
                                          "x-amz-target"};
    static const char *const optional[] = {"Authorization", "X-Amz-Date",
                                           "X-Amz-Content-Sha256", "X-Amz-Security-Token",
                                           "Expect"};

    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++)
        ck_assert_int_eq(check(with(singles[i], "2")), KMS_HTTP_DUPLICATE);
    for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++) {
        struct sample *s = with(optional[i], "a");

        ck_assert_int_eq(check(s), KMS_HTTP_OK);
        add(s, optional[i], "a");
        ck_assert_int_eq(check(s), KMS_HTTP_DUPLICATE);
    }
    ck_assert_int_eq(check(changed("Host", NULL)), KMS_HTTP_HOST);
    ck_assert_int_eq(check(changed("Content-Type", NULL)), KMS_HTTP_CONTENT_TYPE);
    ck_assert_int_eq(check(changed("content-length", NULL)), KMS_HTTP_CONTENT_LENGTH);
    /* Dispatch answers this one as the service does. */
    ck_assert_int_eq(check(changed("X-Amz-Target", NULL)), KMS_HTTP_OK);
}
END_TEST

START_TEST(no_transfer_encoding_whatever_it_says)
{
    static const char *const values[] = {"chunked", "identity", "", "xchunked"};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        ck_assert_int_eq(check(with("Transfer-Encoding", values[i])),
                         KMS_HTTP_TRANSFER_ENCODING);
        ck_assert_int_eq(check(with("transfer-encoding", values[i])),
                         KMS_HTTP_TRANSFER_ENCODING);
    }
}
END_TEST

START_TEST(a_length_is_decimal_digits_and_within_the_limit)
{
    static const char *const bad[] = {"",   "-1",  "+2",   "0x2", " 2",
                                      "2 ", "2,2", "2, 2", "1e3", "9999999999999999999"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(check(changed("content-length", bad[i])),
                         KMS_HTTP_CONTENT_LENGTH);
    ck_assert_int_eq(check(changed("content-length", "1001")), KMS_HTTP_BODY_SIZE);
    ck_assert_int_eq(check(changed("content-length", "999999999999999999")),
                     KMS_HTTP_BODY_SIZE);
}
END_TEST

START_TEST(names_are_tokens_and_values_hold_no_control_characters)
{
    static const char *const names[] = {"",   "X Y",   "X ",        " X", "X\t",
                                        "X:", "X\x01", "X\xc3\xa9", "(X)"};
    static const char *const values[] = {"a\rb", "a\nb", "a\x01", "a\x7f"};
    struct sample *s;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_int_eq(check(with(names[i], "a")), KMS_HTTP_HEADER_NAME);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        ck_assert_int_eq(check(with("X", values[i])), KMS_HTTP_HEADER_VALUE);
    s = with("X", "");
    s->headers[s->head.n_headers - 1].value = (struct kms_str){"a\0b", 3};
    ck_assert_int_eq(check(s), KMS_HTTP_HEADER_VALUE);
    ck_assert_int_eq(check(with("X", "tab\tand \xc3\xa9")), KMS_HTTP_OK);
}
END_TEST

START_TEST(a_host_is_a_host_and_port)
{
    static const char *const fine[] = {"localhost", "kms.example.org:443", "[::1]:8443",
                                       "127.0.0.1"};
    static const char *const bad[] = {"", "a b", "a,b", "a/b", "user@host", "a\tb"};

    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        ck_assert_int_eq(check(changed("Host", fine[i])), KMS_HTTP_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(check(changed("Host", bad[i])), KMS_HTTP_HOST);
}
END_TEST

START_TEST(too_many_or_too_large_fields_are_refused)
{
    struct sample *s = good();
    char big[4096];

    while (s->head.n_headers < 100)
        add(s, "X", "a");
    ck_assert_int_eq(check(s), KMS_HTTP_OK);
    add(s, "X", "a");
    ck_assert_int_eq(check(s), KMS_HTTP_HEADER_COUNT);
    memset(big, 'a', sizeof big);
    big[sizeof big - 1] = '\0';
    ck_assert_int_eq(check(with("X", big)), KMS_HTTP_HEADER_SIZE);
}
END_TEST

START_TEST(hooks_pass_in_the_dev_profile_with_any_method_and_without_a_body)
{
    struct sample *s = good();
    size_t len = 9;

    s->head.method = KMS_LIT("GET");
    s->head.uri = KMS_LIT("/_kmsd/test/clock?x=%20");
    s->head.n_headers = 1;
    ck_assert_int_eq(kms_http_check(&s->head, &dev_limits, &len), KMS_HTTP_OK);
    ck_assert_uint_eq(len, 0);
    ck_assert(kms_http_is_hook(&s->head, &dev_limits));
    ck_assert(!kms_http_is_hook(&s->head, &limits));
    add(s, "Transfer-Encoding", "chunked");
    ck_assert_int_eq(kms_http_check(&s->head, &dev_limits, &len),
                     KMS_HTTP_TRANSFER_ENCODING);
    s->head.n_headers = 1;
    s->head.uri = KMS_LIT("/_kmsd/te st");
    ck_assert_int_eq(kms_http_check(&s->head, &dev_limits, &len), KMS_HTTP_TARGET);
}
END_TEST

/* --- lines: a received head as the old parser leaves it ------------------------- */

struct parsed {
    char bytes[512];
    struct kms_header headers[8];
    struct kms_http_head head;
    const char *uri_at, *body_at;
};

/* What libmicrohttpd 0.9.75 makes of received bytes: NULs for separators, in place. */
static void parse(struct parsed *p, const char *received, size_t n)
{
    char *at = p->bytes, *space, *version;

    memset(p, 0, sizeof *p);
    ck_assert_uint_lt(n, sizeof p->bytes - 8);
    memcpy(p->bytes, received, n);
    p->head.headers = p->headers;
    for (bool first = true;; first = false) {
        char *lf = memchr(at, '\n', n - (size_t)(at - p->bytes));
        char *line = at, *colon;

        ck_assert_ptr_nonnull(lf);
        at = lf + 1;
        *lf = '\0';
        if (lf > line && lf[-1] == '\r')
            lf[-1] = '\0';
        if (!first && *line == '\0')
            break;
        if (first) {
            space = strchr(line, ' ');
            version = strrchr(line, ' ') + 1;
            *space = version[-1] = '\0';
            for (space++; *space == ' '; space++)
                ;
            p->uri_at = space;
            p->head.method = kms_str_of(line);
            p->head.uri = kms_str_of(space);
            p->head.version = kms_str_of(version);
            continue;
        }
        colon = strchr(line, ':');
        *colon++ = '\0';
        colon += strspn(colon, " \t");
        p->headers[p->head.n_headers++] =
            (struct kms_header){kms_str_of(line), kms_str_of(colon)};
    }
    p->body_at = at;
}

static enum kms_http_fault lines(const char *received, size_t n)
{
    struct parsed p;
    enum kms_http_fault fault;

    parse(&p, received, n);
    fault = kms_http_check_lines(&p.head, p.uri_at);
    return fault != KMS_HTTP_OK ? fault : kms_http_check_end(&p.head, p.body_at);
}

#define LINES(literal) lines(literal, sizeof literal - 1)

START_TEST(lines_that_end_in_cr_lf_pass)
{
    ck_assert_int_eq(LINES("POST / HTTP/1.1\r\nHost: a\r\nX:\r\nY:\t b\r\n\r\n{}"),
                     KMS_HTTP_OK);
    ck_assert_int_eq(LINES("GET /_kmsd/x HTTP/1.1\r\nHost: a\r\n\r\n"), KMS_HTTP_OK);
}
END_TEST

START_TEST(a_bare_lf_anywhere_in_the_head_is_found)
{
    ck_assert_int_eq(LINES("POST / HTTP/1.1\nHost: a\r\nX: b\r\n\r\n{}"),
                     KMS_HTTP_LINE_END);
    ck_assert_int_eq(LINES("POST / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n{}"),
                     KMS_HTTP_LINE_END);
    ck_assert_int_eq(LINES("POST / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n{}"),
                     KMS_HTTP_LINE_END);
    ck_assert_int_eq(LINES("POST / HTTP/1.1\r\nHost: a\r\nX: b\r\n\n{}"),
                     KMS_HTTP_LINE_END);
    /* The body's own NUL looks like the rest of a line end. */
    ck_assert_int_eq(LINES("POST / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n\0{}"),
                     KMS_HTTP_LINE_END);
}
END_TEST

START_TEST(a_nul_that_cuts_a_value_is_found)
{
    ck_assert_int_eq(LINES("POST / HTTP/1.1\r\nHost: a\0b\r\nX: b\r\n\r\n{}"),
                     KMS_HTTP_LINE_END);
    ck_assert_int_eq(LINES("POST / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n{}"),
                     KMS_HTTP_LINE_END);
    ck_assert_int_eq(LINES("POST / HTTP/1.1\r\nHost: a\r\nX: b\0\r\n\r\n{}"),
                     KMS_HTTP_LINE_END);
}
END_TEST

START_TEST(a_request_line_has_single_spaces)
{
    ck_assert_int_eq(LINES("POST  / HTTP/1.1\r\nHost: a\r\n\r\n{}"), KMS_HTTP_LINE_END);
}
END_TEST

START_TEST(a_name_that_was_glued_together_elsewhere_is_found)
{
    struct parsed p;
    const char received[] = "POST / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n{}";

    parse(&p, received, sizeof received - 1);
    p.headers[1].name = kms_str_of(strdup("Xfolded"));
    ck_assert_int_eq(kms_http_check_lines(&p.head, p.uri_at), KMS_HTTP_LINE_END);
    free((char *)(uintptr_t)p.headers[1].name.p);
}
END_TEST

START_TEST(every_fault_has_a_reason_and_words)
{
    for (int i = KMS_HTTP_OK + 1; i < KMS_HTTP_FAULTS; i++) {
        ck_assert(kms_str_starts(kms_str_of(kms_http_fault_reason(i)), "request:"));
        ck_assert_uint_gt(strlen(kms_http_fault_words(i)), 5);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_rules");
    TCase *head = tcase_create("head"), *line = tcase_create("lines");
    SRunner *runner;
    int failed;

    tcase_add_test(head, a_kms_request_passes_and_says_how_long_its_body_is);
    tcase_add_test(head, other_methods_targets_and_versions_are_refused);
    tcase_add_test(head, what_is_needed_once_must_come_exactly_once);
    tcase_add_test(head, no_transfer_encoding_whatever_it_says);
    tcase_add_test(head, a_length_is_decimal_digits_and_within_the_limit);
    tcase_add_test(head, names_are_tokens_and_values_hold_no_control_characters);
    tcase_add_test(head, a_host_is_a_host_and_port);
    tcase_add_test(head, too_many_or_too_large_fields_are_refused);
    tcase_add_test(head,
                   hooks_pass_in_the_dev_profile_with_any_method_and_without_a_body);
    tcase_add_test(head, every_fault_has_a_reason_and_words);
    tcase_add_test(line, lines_that_end_in_cr_lf_pass);
    tcase_add_test(line, a_bare_lf_anywhere_in_the_head_is_found);
    tcase_add_test(line, a_nul_that_cuts_a_value_is_found);
    tcase_add_test(line, a_request_line_has_single_spaces);
    tcase_add_test(line, a_name_that_was_glued_together_elsewhere_is_found);
    suite_add_tcase(suite, head);
    suite_add_tcase(suite, line);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
