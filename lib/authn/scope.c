#include <string.h>

#include "authn/scope.h"

/* The text up to sep and what follows it; false when sep does not occur. */
static bool cut(struct kms_str *rest, char sep, struct kms_str *head)
{
    const char *at = rest->n != 0 ? memchr(rest->p, sep, rest->n) : NULL;

    if (at == NULL)
        return false;
    *head = (struct kms_str){rest->p, (size_t)(at - rest->p)};
    *rest = kms_str_skip(*rest, head->n + 1);
    return true;
}

static struct kms_str trim(struct kms_str s)
{
    while (s.n != 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = kms_str_skip(s, 1);
    while (s.n != 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static bool is_word(struct kms_str s, size_t max)
{
    if (s.n == 0 || s.n > max)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return true;
}

static bool is_region(struct kms_str s)
{
    if (s.n == 0 || s.n > 32)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return true;
}

/* <access key id>/<date>/<region>/<service>/aws4_request */
static enum kms_rc split_scope(struct kms_str text, struct kms_credential *out)
{
    struct kms_str rest = text;

    if (!cut(&rest, '/', &out->access_key_id) || !cut(&rest, '/', &out->date) ||
        !cut(&rest, '/', &out->region) || !cut(&rest, '/', &out->service) ||
        !kms_str_is(rest, "aws4_request") || !is_word(out->access_key_id, 128) ||
        out->date.n != 8 || !is_region(out->region))
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "Credential must have exactly 5 slash-delimited elements, e.g. "
                       "keyid/date/region/service/term, got '%.*s'",
                       (int)(text.n < 256 ? text.n : 256), text.p);
    if (!kms_str_is(out->service, "kms"))
        return kms_err(KMS_E_SIGV4_SIGNATURE,
                       "Credential should be scoped to correct service: 'kms'. ");
    return KMS_OK;
}

enum kms_rc kms_credential_parse(struct kms_str authorization, struct kms_credential *out)
{
    static const char scheme[] = "AWS4-HMAC-SHA256 ";
    struct kms_credential c = {0};
    struct kms_str rest = authorization, part, scope = {NULL, 0};

    if (!kms_str_starts(rest, scheme))
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "Authorization header requires 'AWS4-HMAC-SHA256' algorithm.");
    rest = kms_str_skip(rest, sizeof scheme - 1);
    while (rest.n != 0) {
        if (!cut(&rest, ',', &part)) {
            part = rest;
            rest.n = 0;
        }
        part = trim(part);
        if (kms_str_starts(part, "Credential="))
            scope = kms_str_skip(part, strlen("Credential="));
        else if (kms_str_starts(part, "SignedHeaders="))
            c.signed_headers = kms_str_skip(part, strlen("SignedHeaders="));
        else if (kms_str_starts(part, "Signature="))
            c.signature = kms_str_skip(part, strlen("Signature="));
    }
    if (scope.p == NULL)
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "Authorization header requires 'Credential' parameter.");
    if (c.signature.p == NULL)
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "Authorization header requires 'Signature' parameter.");
    if (c.signed_headers.p == NULL)
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "Authorization header requires 'SignedHeaders' parameter.");
    KMS_TRY(split_scope(scope, &c));
    *out = c;
    return KMS_OK;
}
