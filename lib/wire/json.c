#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

/* In front of every allocation: its size, so that free can wipe it. */
union head {
    size_t size;
    max_align_t align;
};

static void *allocate(size_t size)
{
    union head *head;

    if (size > SIZE_MAX - sizeof *head || (head = malloc(sizeof *head + size)) == NULL)
        return NULL;
    head->size = size;
    return head + 1;
}

static void wipe_and_free(void *p)
{
    union head *head;

    if (p == NULL)
        return;
    head = (union head *)p - 1;
    kms_wipe(p, head->size);
    free(head);
}

void kms_json_setup(void)
{
    json_set_alloc_funcs(allocate, wipe_and_free);
    json_object_seed(0);
}

/*
 * Only brackets outside strings count; whether they match is the parser's business. What
 * is no JSON at all may be miscounted, and fails in the parser.
 */
static bool too_deep(struct kms_bytes text)
{
    size_t depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > KMS_JSON_DEPTH)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

enum kms_rc kms_json_parse(struct kms_bytes text, json_t **out, const char **why)
{
    const char *reason = NULL;
    json_error_t error;
    json_t *v = NULL;

    if (text.n == 0)
        reason = "empty";
    else if (text.n > KMS_JSON_MAX)
        reason = "too large";
    else if (too_deep(text))
        reason = "too deep";
    if (reason == NULL) {
        v = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
        if (v == NULL && json_error_code(&error) == json_error_out_of_memory)
            return kms_err(KMS_E_NOMEM, "out of memory for JSON");
        if (v == NULL)
            reason = "not valid JSON";
    }
    if (why != NULL)
        *why = reason;
    if (v == NULL)
        return KMS_E_SERIALIZATION;
    *out = v;
    return KMS_OK;
}

struct kms_str kms_json_text(const json_t *v)
{
    return (struct kms_str){json_string_value(v), json_string_length(v)};
}
