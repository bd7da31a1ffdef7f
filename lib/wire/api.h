/*
 * api.h - the operations as a command line: what `kmsctl api` and its help are made of.
 *
 * kmsctl api generate-data-key --key-id alias/a --number-of-bytes 32
 * kmsctl api GenerateDataKey --json '{"KeyId": "alias/a", "NumberOfBytes": 32}'
 *
 * Every input member has a flag. How its value is written follows member->type->kind: a
 * string or a word as it is, a blob in base64, numbers and true or false as in JSON, a
 * list of strings or words as the flag repeated or a JSON array, a map as the flag
 * repeated with KEY=VALUE or a JSON object, structures and lists of them as JSON. hint
 * says so in a word or two.
 */
#ifndef KMS_WIRE_API_H
#define KMS_WIRE_API_H

#include "wire/ops.gen.h"

struct kms_api_flag {
    const struct kms_member *member; /* name on the wire, kind, required, secret */
    const char *flag;                /* "key-id", without the dashes */
    const char *hint;                /* "TEXT", "BASE64", "AES_256|AES_128" */
    const char *doc;                 /* one line */
    const char *by_default;          /* what the service takes when absent, or NULL */
};

struct kms_api_op {
    const struct kms_op *op;
    const char *command; /* "generate-data-key" */
    const char *doc;     /* one line */
    const struct kms_api_flag *flags;
    size_t n_flags;
};

extern const struct kms_api_op kms_api_ops[KMS_OP_COUNT];

/* By operation ("GenerateDataKey") or command ("generate-data-key"), or NULL. */
const struct kms_api_op *kms_api_find(struct kms_str name);
/* By flag without dashes ("key-id") or member name ("KeyId"), or NULL. */
const struct kms_api_flag *kms_api_flag(const struct kms_api_op *op, struct kms_str name);

#endif
