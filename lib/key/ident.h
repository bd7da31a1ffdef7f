/*
 * ident.h - key identifiers: key id, key ARN, alias name, alias ARN.
 *
 * Source: AWS KMS API Reference, "KeyId" parameters; recorded texts in tests.
 */
#ifndef KMS_KEY_IDENT_H
#define KMS_KEY_IDENT_H

#include "key/key.h"

enum kms_ident_kind {
    KMS_IDENT_KEY_ID,
    KMS_IDENT_KEY_ARN,
    KMS_IDENT_ALIAS_NAME,
    KMS_IDENT_ALIAS_ARN
};

/* Parts of an identifier; texts are borrowed from the input. */
struct kms_ident {
    enum kms_ident_kind kind;
    struct kms_str partition, region, account; /* absent for a bare id or name */
    struct kms_str name; /* the key id, or the alias with its "alias/" prefix */
};

/*
 * Split an identifier. Only the form is looked at, not whether the key id is
 * well-formed. An ARN of another service or resource is KMS_E_INVALID_ARN; anything
 * that is neither ARN nor alias is a key id.
 */
KMS_RC kms_ident_parse(struct kms_str text, struct kms_ident *out);

/*
 * The 16 bytes behind a well-formed key id ("8-4-4-4-12" or "mrk-" and 32 hex digits,
 * lower or upper case); false for any other text.
 */
bool kms_ident_uuid(struct kms_str id, uint8_t uuid[KMS_UUID_LEN], bool *multi_region);
/* The text form; out holds KMS_KEY_ID_MAX + 1 bytes, NUL-terminated. */
void kms_ident_format(const uint8_t uuid[KMS_UUID_LEN], bool multi_region,
                      char out[KMS_KEY_ID_MAX + 1]);
/* arn:<partition>:kms:<region>:<account>:<prefix><resource>: "key/" and an id, or "" and
   an alias with its own prefix. */
KMS_RC kms_ident_arn(struct kms_arena *a, struct kms_str partition, struct kms_str region,
                     struct kms_str account, const char *resource_prefix,
                     struct kms_str resource, struct kms_str *out);

#endif
