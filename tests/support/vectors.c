#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/vectors.h"

#ifndef KMS_TEST_VECTORS
#define KMS_TEST_VECTORS "tests/vectors"
#endif

FILE *vector_open(const char *name)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", KMS_TEST_VECTORS, name);
    f = fopen(path, "re");
    ck_assert_msg(f != NULL, "%s is missing", path);
    return f;
}

static void add_field(struct vector *v, const char *name, const char *hex)
{
    struct kms_str digits = kms_str_of(strcmp(hex, "-") == 0 ? "" : hex);
    size_t at = v->n > 0 ? v->field[v->n - 1].at + v->field[v->n - 1].len : 0;

    ck_assert_uint_lt(v->n, VECTOR_FIELDS);
    ck_assert_uint_le(digits.n / 2, sizeof v->bytes - at);
    ck_assert(kms_hex_decode(digits, v->bytes + at, digits.n / 2));
    snprintf(v->field[v->n].name, VECTOR_NAME, "%s", name);
    v->field[v->n].at = at;
    v->field[v->n].len = digits.n / 2;
    v->n++;
}

bool vector_next(FILE *f, struct vector *v)
{
    char *line = NULL;
    size_t cap = 0;

    v->n = 0;
    while (getline(&line, &cap, f) > 0) {
        char *value;

        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || (line[0] == '\0' && v->n == 0))
            continue;
        if (line[0] == '\0')
            break;
        value = strchr(line, ' ');
        ck_assert_msg(value != NULL, "a line without a value: %s", line);
        *value = '\0';
        add_field(v, line, value + 1);
    }
    free(line);
    return v->n != 0;
}

static int find(const struct vector *v, const char *name)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->field[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool vector_has(const struct vector *v, const char *name)
{
    return find(v, name) >= 0;
}

struct kms_bytes vector_get(const struct vector *v, const char *name)
{
    int i = find(v, name);

    ck_assert_msg(i >= 0, "the group has no %s", name);
    return (struct kms_bytes){v->bytes + v->field[i].at, v->field[i].len};
}
