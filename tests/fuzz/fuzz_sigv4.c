/*
 * Any bytes as a signed request: taken apart and verified, they are refused in one of two
 * ways, for nobody who does not know the secret makes a signature. And what is canonical
 * stays as it is when it is made canonical again.
 *
 * The input is a target, then lines of headers, an empty line, and the body.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "authn/sigv4.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS_MAX = 32, INPUT_MAX = 8192 };

static struct kms_signer *signer;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    KMS_AUTO(secret) secret = NULL;
    enum kms_rc rc =
        kms_secret_copy(kms_bytes_of_str(KMS_LIT("no fuzzer knows this")), &secret);

    (void)argc;
    (void)argv;
    assert(rc == KMS_OK);
    rc = kms_signer_new(secret, &signer);
    assert(rc == KMS_OK);
    return 0;
}

static struct kms_str line(struct kms_str *rest)
{
    const char *end = rest->n != 0 ? memchr(rest->p, '\n', rest->n) : NULL;
    struct kms_str s = {rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n};

    *rest = kms_str_skip(*rest, s.n + (end != NULL ? 1 : 0));
    return s;
}

static void read_request(struct kms_str rest, struct kms_header *headers,
                         struct kms_request *out)
{
    struct kms_str target = line(&rest), one;
    const char *mark = target.n != 0 ? memchr(target.p, '?', target.n) : NULL;

    *out = (struct kms_request){.method = KMS_LIT("POST"),
                                .path = target,
                                .query = KMS_LIT(""),
                                .headers = headers};
    if (mark != NULL) {
        out->path.n = (size_t)(mark - target.p);
        out->query = kms_str_skip(target, out->path.n + 1);
    }
    while (out->n_headers < HEADERS_MAX && (one = line(&rest)).n != 0) {
        const char *colon = memchr(one.p, ':', one.n);
        struct kms_header h = {one, KMS_LIT("")};

        if (colon != NULL) {
            h.name.n = (size_t)(colon - one.p);
            h.value = kms_str_skip(one, h.name.n + 1);
        }
        headers[out->n_headers++] = h;
    }
    out->body = kms_bytes_of_str(rest);
}

static void check_canonical(const struct kms_request *r, struct kms_arena *a)
{
    KMS_AUTO_BUF once = {0};
    KMS_AUTO_BUF twice = {0};

    if (kms_canonical_query(r->query, a, &once) != KMS_OK || once.n == 0)
        return;
    assert(kms_canonical_query(kms_buf_text(&once), a, &twice) == KMS_OK);
    assert(kms_bytes_eq(kms_buf_view(&once), kms_buf_view(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_header headers[HEADERS_MAX];
    struct kms_request request;
    struct kms_signature s;
    enum kms_rc rc;

    if (size == 0 || size > INPUT_MAX || kms_arena_new(&a) != KMS_OK)
        return 0;
    read_request((struct kms_str){(const char *)data, size}, headers, &request);
    check_canonical(&request, a);
    if (!kms_signature_there(&request))
        return 0;
    rc = kms_signature_parse(&request, a, &s);
    if (rc == KMS_OK)
        rc = kms_signature_verify(&s, &request, signer, INT64_C(1795488715000), a);
    assert(rc == KMS_E_INCOMPLETE_SIGNATURE || rc == KMS_E_SIGV4_SIGNATURE);
    return 0;
}
