/* test_wire_op.h - operations by their names, and an arena to decode into. */
#ifndef KMS_TESTS_TEST_WIRE_OP_H
#define KMS_TESTS_TEST_WIRE_OP_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "wire/ops.gen.h"

static struct kms_arena *arena __attribute__((unused));

static inline void arena_setup(void)
{
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    kms_err_clear();
}

static inline void arena_teardown(void)
{
    kms_arena_free(arena);
    arena = NULL;
}

static inline const struct kms_op *op_of(const char *name)
{
    const struct kms_op *op = kms_op_find(kms_str_of(name));

    ck_assert_msg(op != NULL, "no operation %s", name);
    return op;
}

#endif
