/*
 * Any bytes as the body of any operation: decoding ends in one of four ways, and what was
 * accepted survives being written and read again.
 *
 * The input is "<Operation>\n<body>"; without a known operation the first byte picks one
 * and all of the input is the body.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/json.h"
#include "wire/ops.gen.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    kms_json_setup();
    return 0;
}

static const struct kms_op *pick(const uint8_t *data, size_t size, struct kms_bytes *body)
{
    const uint8_t *end = memchr(data, '\n', size);
    const struct kms_op *op = NULL;

    if (end != NULL)
        op = kms_op_find((struct kms_str){(const char *)data, (size_t)(end - data)});
    if (op != NULL)
        *body = (struct kms_bytes){end + 1, size - (size_t)(end + 1 - data)};
    else
        *body = (struct kms_bytes){data, size};
    return op != NULL ? op : kms_op_at(data[0] % kms_op_count());
}

/* What was decoded, written again as a request. */
static void rewrite(const struct kms_op *op, const void *in, struct kms_buf *out)
{
    enum kms_rc rc = kms_encode(op->in, in, out);

    assert(rc == KMS_OK);
}

static void again(const struct kms_op *op, const void *in, struct kms_arena *arena)
{
    KMS_AUTO_BUF first = {0};
    KMS_AUTO_BUF second = {0};
    KMS_AUTO_BUF record = {0};
    struct kms_jw w = kms_jw_start(&record);
    const void *in2 = NULL;
    enum kms_rc rc;

    rewrite(op, in, &first);
    rc = kms_decode(op->in, kms_buf_view(&first), arena, &in2);
    assert(rc == KMS_OK);
    rewrite(op, in2, &second);
    assert(kms_str_eq(kms_buf_text(&first), kms_buf_text(&second)));
    kms_encode_record(op->in, in, &w);
    rc = kms_buf_ok(&record);
    assert(rc == KMS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    KMS_AUTO(arena) arena = NULL;
    const struct kms_op *op;
    struct kms_bytes body;
    const void *in = NULL;
    enum kms_rc rc;

    if (size == 0 || kms_arena_new(&arena) != KMS_OK)
        return 0;
    op = pick(data, size, &body);
    rc = kms_decode(op->in, body, arena, &in);
    assert(rc == KMS_OK || rc == KMS_E_SERIALIZATION || rc == KMS_E_VALIDATION ||
           rc == KMS_E_NOMEM);
    assert((rc == KMS_OK) == (in != NULL));
    if (rc == KMS_OK)
        again(op, in, arena);
    return 0;
}
