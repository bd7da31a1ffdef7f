/*
 * cbor.h - reads CBOR (RFC 8949), item by item, out of bytes that stay the caller's.
 *
 * What attestation documents are made of and no more: whole strings, arrays and maps
 * (also of indefinite length), null. Nothing is allocated and nothing recurses.
 */
#ifndef KMS_WIRE_CBOR_H
#define KMS_WIRE_CBOR_H

#include "base/bytes.h"

enum kms_cbor_kind {
    KMS_CBOR_UINT,   /* number */
    KMS_CBOR_NEGINT, /* -1 - number */
    KMS_CBOR_BYTES,  /* bytes */
    KMS_CBOR_TEXT,   /* bytes; whether they are UTF-8 is not looked at */
    KMS_CBOR_ARRAY,  /* number items follow; see kms_cbor_next */
    KMS_CBOR_MAP,    /* number pairs of items follow */
    KMS_CBOR_NULL,
    KMS_CBOR_BREAK /* the end of an array or map of indefinite length */
};

struct kms_cbor {
    enum kms_cbor_kind kind;
    bool indefinite; /* of an array or map: number says nothing */
    uint64_t number;
    struct kms_bytes bytes; /* borrowed */
};

/*
 * Take the item at the front of rest: a whole string, or the head of an array or a map,
 * whose contents come next. False, with both untouched, when there is none, it is cut
 * off, or it is of another kind (tags, floats, booleans, strings in pieces).
 */
bool kms_cbor_take(struct kms_bytes *rest, struct kms_cbor *out);
/* The same; only an item of this kind is taken. */
bool kms_cbor_take_kind(struct kms_bytes *rest, enum kms_cbor_kind kind,
                        struct kms_cbor *out);

/*
 * Whether another item of an array, or pair of a map, comes next at the front of rest:
 * for loops over their contents. Takes the end of one of indefinite length.
 */
bool kms_cbor_next(struct kms_bytes *rest, struct kms_cbor *container);

#endif
