#include <cbor.h>

#include "wire/cbor.h"

/* What the library told of the one item it decoded. */
struct seen {
    struct kms_cbor item;
    bool known;
};

static void note(void *ctx, enum kms_cbor_kind kind, uint64_t number)
{
    struct seen *s = ctx;

    s->item = (struct kms_cbor){.kind = kind, .number = number};
    s->known = true;
}

static void note_bytes(void *ctx, enum kms_cbor_kind kind, cbor_data p, uint64_t n)
{
    struct seen *s = ctx;

    note(ctx, kind, 0);
    s->item.bytes = (struct kms_bytes){p, (size_t)n};
}

#define NUMBER(name, type, kind)                                                         \
    static void name(void *ctx, type number)                                             \
    {                                                                                    \
        note(ctx, kind, number);                                                         \
    }

NUMBER(uint8, uint8_t, KMS_CBOR_UINT)
NUMBER(uint16, uint16_t, KMS_CBOR_UINT)
NUMBER(uint32, uint32_t, KMS_CBOR_UINT)
NUMBER(uint64, uint64_t, KMS_CBOR_UINT)
NUMBER(negint8, uint8_t, KMS_CBOR_NEGINT)
NUMBER(negint16, uint16_t, KMS_CBOR_NEGINT)
NUMBER(negint32, uint32_t, KMS_CBOR_NEGINT)
NUMBER(negint64, uint64_t, KMS_CBOR_NEGINT)
NUMBER(array_start, size_t, KMS_CBOR_ARRAY)
NUMBER(map_start, size_t, KMS_CBOR_MAP)

static void null(void *ctx)
{
    note(ctx, KMS_CBOR_NULL, 0);
}

static void indef_break(void *ctx)
{
    note(ctx, KMS_CBOR_BREAK, 0);
}

static void indef_array_start(void *ctx)
{
    struct seen *s = ctx;

    note(ctx, KMS_CBOR_ARRAY, 0);
    s->item.indefinite = true;
}

static void indef_map_start(void *ctx)
{
    struct seen *s = ctx;

    note(ctx, KMS_CBOR_MAP, 0);
    s->item.indefinite = true;
}

static void byte_string(void *ctx, cbor_data p, size_t n)
{
    note_bytes(ctx, KMS_CBOR_BYTES, p, n);
}

static void string(void *ctx, cbor_data p, size_t n)
{
    note_bytes(ctx, KMS_CBOR_TEXT, p, n);
}

bool kms_cbor_take(struct kms_bytes *rest, struct kms_cbor *out)
{
    struct cbor_callbacks told = cbor_empty_callbacks;
    struct cbor_decoder_result result;
    struct seen s = {.known = false};

    told.uint8 = uint8;
    told.uint16 = uint16;
    told.uint32 = uint32;
    told.uint64 = uint64;
    told.negint8 = negint8;
    told.negint16 = negint16;
    told.negint32 = negint32;
    told.negint64 = negint64;
    told.byte_string = byte_string;
    told.string = string;
    told.array_start = array_start;
    told.map_start = map_start;
    told.null = null;
    told.indef_break = indef_break;
    told.indef_array_start = indef_array_start;
    told.indef_map_start = indef_map_start;
    if (rest->n == 0)
        return false;
    result = cbor_stream_decode(rest->p, rest->n, &told, &s);
    if (result.status != CBOR_DECODER_FINISHED || !s.known)
        return false;
    *rest = (struct kms_bytes){rest->p + result.read, rest->n - result.read};
    *out = s.item;
    return true;
}

bool kms_cbor_take_kind(struct kms_bytes *rest, enum kms_cbor_kind kind,
                        struct kms_cbor *out)
{
    struct kms_bytes at = *rest;
    struct kms_cbor item;

    if (!kms_cbor_take(&at, &item) || item.kind != kind)
        return false;
    *rest = at;
    *out = item;
    return true;
}

bool kms_cbor_next(struct kms_bytes *rest, struct kms_cbor *container)
{
    struct kms_cbor end;

    if (container->indefinite) {
        container->indefinite = !kms_cbor_take_kind(rest, KMS_CBOR_BREAK, &end);
        return container->indefinite; /* number is 0 from then on */
    }
    if (container->number == 0)
        return false;
    container->number--;
    return true;
}
