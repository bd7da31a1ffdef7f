/*
 * Any text as a principal, as a resource, and as a pattern: who is named is nobody else,
 * and a text without wildcards matches itself alone.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/policy.h"
#include "policy/who.h"
#include "wire/utf8.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 4096, POOL = 32 * TEXT_MAX };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static enum kms_grade grade(const struct kms_who *who, struct kms_str arn)
{
    struct kms_principal user = {
        .kind = KMS_PRINCIPAL_USER, .arn = arn, .unique_id = arn};

    return kms_who_grade(who, &user);
}

/* A principal is the caller whose name it is, and not one whose name is longer. */
static void check_who(struct kms_str text)
{
    struct kms_who who;

    if (!kms_who_parse(text, &who))
        return;
    assert(text.n > 0 && memchr(text.p, '?', text.n) == NULL);
    assert(who.form == KMS_WHO_EVERYBODY || memchr(text.p, '*', text.n) == NULL);
    if (who.form == KMS_WHO_ARN || who.form == KMS_WHO_UNIQUE_ID) {
        assert(grade(&who, text) == KMS_GRADE_SELF);
        assert(grade(&who, (struct kms_str){text.p, text.n - 1}) == KMS_GRADE_NONE);
    } else if (who.form != KMS_WHO_EVERYBODY) {
        assert(who.text.n == 12 && grade(&who, text) == KMS_GRADE_NONE);
    }
}

static void check_pattern(struct kms_str text, enum kms_glob_kind kind, bool variables,
                          char *memory)
{
    struct kms_policy_context context = {0};
    struct kms_glob_env env = {&context, false, KMS_POLICY_FUEL};
    struct kms_pool pool = {memory, 0, POOL, false};
    struct kms_glob g;
    enum kms_match m;
    bool wild = text.n != 0 && (memchr(text.p, '*', text.n) != NULL ||
                                memchr(text.p, '?', text.n) != NULL);
    bool plain = text.n == 0 || !variables || memchr(text.p, '$', text.n) == NULL;

    if (!kms_glob_compile(&pool, text, kind, variables, kind == KMS_GLOB_RESOURCE, &g))
        return;
    assert(!pool.full);
    m = kms_glob_match(&g, text, &env);
    if (plain && kind != KMS_GLOB_RESOURCE && (!wild || kind == KMS_GLOB_EXACT)) {
        assert(m == KMS_MATCH_YES);
        assert(text.n == 0 || kms_glob_match(&g, (struct kms_str){text.p, text.n - 1},
                                             &env) == KMS_MATCH_NO);
    }
    /* What a pattern with stars matches, it matches when it is read as text, too. */
    assert(m != KMS_MATCH_NO || !wild || !plain || kind != KMS_GLOB_TEXT);
}

/* Patterns come out of JSON. */
static bool is_utf8(struct kms_str text)
{
    uint32_t code;

    while (text.n > 0) {
        if (!kms_utf8_next(&text, &code))
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kms_str text = {(const char *)data, size < TEXT_MAX ? size : TEXT_MAX};
    char *memory = malloc(POOL);

    if (memory == NULL || data == NULL) {
        free(memory);
        return 0;
    }
    check_who(text);
    for (int kind = KMS_GLOB_EXACT; is_utf8(text) && kind <= KMS_GLOB_RESOURCE; kind++) {
        check_pattern(text, (enum kms_glob_kind)kind, false, memory);
        check_pattern(text, (enum kms_glob_kind)kind, true, memory);
    }
    free(memory);
    return 0;
}
