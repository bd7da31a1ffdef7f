#include <string.h>

#include "key/ident.h"

/* Cuts the text before sep off *rest; false when there is no sep. */
static bool cut(struct kms_str *rest, char sep, struct kms_str *head)
{
    const char *at = rest->n > 0 ? memchr(rest->p, sep, rest->n) : NULL;

    if (at == NULL)
        return false;
    *head = (struct kms_str){rest->p, (size_t)(at - rest->p)};
    *rest = kms_str_skip(*rest, head->n + 1);
    return true;
}

static KMS_RC parse_arn(struct kms_str text, struct kms_ident *out)
{
    struct kms_ident id = {0};
    struct kms_str rest = kms_str_skip(text, sizeof "arn:" - 1), service;

    if (!cut(&rest, ':', &id.partition) || !cut(&rest, ':', &service) ||
        !cut(&rest, ':', &id.region) || !cut(&rest, ':', &id.account) ||
        !kms_str_is(service, "kms"))
        return kms_err(KMS_E_INVALID_ARN, "Invalid arn %.*s", KMS_FMT(text));

    if (kms_str_starts(rest, "key/")) {
        id.kind = KMS_IDENT_KEY_ARN;
        id.name = kms_str_skip(rest, sizeof "key/" - 1);
    } else if (kms_str_starts(rest, "alias/")) {
        id.kind = KMS_IDENT_ALIAS_ARN;
        id.name = rest;
    } else {
        return kms_err(KMS_E_INVALID_ARN, "Invalid arn %.*s", KMS_FMT(text));
    }
    *out = id;
    return KMS_OK;
}

enum kms_rc kms_ident_parse(struct kms_str text, struct kms_ident *out)
{
    if (kms_str_starts(text, "arn:"))
        return parse_arn(text, out);
    *out = (struct kms_ident){
        .kind = kms_str_starts(text, "alias/") ? KMS_IDENT_ALIAS_NAME : KMS_IDENT_KEY_ID,
        .name = text,
    };
    return KMS_OK;
}

/* Where a UUID's text has its four hyphens. */
static bool hyphen_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool kms_ident_uuid(struct kms_str id, uint8_t uuid[KMS_UUID_LEN], bool *multi_region)
{
    char hex[2 * KMS_UUID_LEN];
    size_t n = 0;

    if (kms_str_starts(id, "mrk-")) {
        if (!kms_hex_decode(kms_str_skip(id, sizeof "mrk-" - 1), uuid, KMS_UUID_LEN))
            return false;
        *multi_region = true;
        return true;
    }
    if (id.n != 36)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        if (hyphen_at(i) != (id.p[i] == '-'))
            return false;
        if (!hyphen_at(i))
            hex[n++] = id.p[i];
    }
    if (!kms_hex_decode((struct kms_str){hex, n}, uuid, KMS_UUID_LEN))
        return false;
    *multi_region = false;
    return true;
}

void kms_ident_format(const uint8_t uuid[KMS_UUID_LEN], bool multi_region,
                      char out[KMS_KEY_ID_MAX + 1])
{
    char hex[2 * KMS_UUID_LEN + 1];

    kms_hex_encode(uuid, KMS_UUID_LEN, hex);
    if (multi_region) {
        memcpy(out, "mrk-", 4);
        memcpy(out + 4, hex, sizeof hex);
        return;
    }
    for (size_t i = 0, h = 0; i < 36; i++)
        out[i] = hyphen_at(i) ? '-' : hex[h++];
    out[36] = '\0';
}

enum kms_rc kms_ident_arn(struct kms_arena *a, struct kms_str partition,
                          struct kms_str region, struct kms_str account,
                          const char *resource_prefix, struct kms_str resource,
                          struct kms_str *out)
{
    return kms_arena_fmt(a, out, "arn:%.*s:kms:%.*s:%.*s:%s%.*s", KMS_FMT(partition),
                         KMS_FMT(region), KMS_FMT(account), resource_prefix,
                         KMS_FMT(resource));
}
