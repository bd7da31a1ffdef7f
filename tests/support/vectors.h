/*
 * vectors.h - reads the files of tests/vectors: groups of lines "name hex", parted by
 * empty lines; "-" is an empty value, '#' begins a comment.
 */
#ifndef KMS_TESTS_SUPPORT_VECTORS_H
#define KMS_TESTS_SUPPORT_VECTORS_H

#include <stdio.h>

#include "base/bytes.h"

enum { VECTOR_FIELDS = 12, VECTOR_NAME = 16, VECTOR_BYTES = 16384 };

struct vector {
    size_t n;
    struct {
        char name[VECTOR_NAME];
        size_t at, len;
    } field[VECTOR_FIELDS];
    uint8_t bytes[VECTOR_BYTES];
};

/* Opens tests/vectors/<name>; fails the test when it cannot. */
FILE *vector_open(const char *name);
/* The next group; false at the end of the file. What cannot be read fails the test. */
bool vector_next(FILE *f, struct vector *v);
bool vector_has(const struct vector *v, const char *name);
/* A field of the group, which must have it. */
struct kms_bytes vector_get(const struct vector *v, const char *name);

#endif
