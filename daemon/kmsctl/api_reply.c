#include <string.h>

#include "kmsctl/api.h"
#include "wire/base64.h"

/* Timestamps are seconds with milliseconds: 13 digits; 15 hide the binary fraction. */
enum { DUMP = JSON_INDENT(4) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) };

/* "NotFoundException: words", as kms_err. */
static enum kms_rc refusal(long status, const json_t *reply)
{
    const char *type = json_string_value(json_object_get(reply, "__type"));
    const char *words = json_string_value(json_object_get(reply, "message"));

    if (words == NULL)
        words = json_string_value(json_object_get(reply, "Message"));
    if (type == NULL)
        return kms_err(KMS_E_IO, "the answer has status %ld and names no error", status);
    return kms_err(KMS_E_IO, "%s%s%s", type, words != NULL ? ": " : "",
                   words != NULL ? words : "");
}

/* The value at a path of names with dots between; NULL when there is none. */
static const json_t *at(const json_t *value, const char *path)
{
    char name[128];

    while (value != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");

        if (n >= sizeof name)
            return NULL;
        memcpy(name, path, n);
        name[n] = '\0';
        value = json_object_get(value, name);
        path += n + (path[n] == '.');
    }
    return value;
}

static enum kms_rc print_raw(const json_t *value, const char *path)
{
    struct kms_str text = kms_json_text(value);
    KMS_AUTO_BUF bytes = {0};
    size_t n = kms_base64_size(text);
    uint8_t *room = kms_buf_room(&bytes, n + 1);

    if (room == NULL || !kms_base64_decode(text, room))
        return kms_err(KMS_E_IO, "%s is not base64; leave --raw out", path);
    return fwrite(room, 1, n, stdout) == n ? KMS_OK
                                           : kms_err(KMS_E_IO, "standard output failed");
}

static enum kms_rc print_member(const struct kms_opts *o, const json_t *reply,
                                const char *path)
{
    const json_t *value = at(reply, path);
    bool raw = kms_opts_get(o, "raw") != NULL;

    if (value == NULL)
        return kms_err(KMS_E_IO, "the answer has no member %s", path);
    if (raw && json_is_string(value))
        return print_raw(value, path);
    if (raw)
        return kms_err(KMS_E_IO, "%s is not base64; leave --raw out", path);
    if (json_is_string(value))
        printf("%s", json_string_value(value));
    else
        json_dumpf(value, stdout, DUMP);
    putchar('\n');
    return KMS_OK;
}

enum kms_rc kms_api_print(const struct kms_opts *o, long status, struct kms_bytes reply)
{
    const char *path = kms_opts_get(o, "output");
    KMS_AUTO_JSON json = NULL;

    if (status == 200 && reply.n == 0 && path == NULL)
        return KMS_OK;
    if (kms_json_parse(reply, &json, NULL) != KMS_OK)
        return kms_err(KMS_E_IO, "the answer has status %ld and is no JSON", status);
    if (status != 200)
        return refusal(status, json);
    if (path != NULL)
        return print_member(o, json, path);
    json_dumpf(json, stdout, DUMP);
    putchar('\n');
    return KMS_OK;
}
