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

enum kms_rc kms_credential_scope(struct kms_str text, struct kms_credential *out)
{
    struct kms_credential c = *out;
    struct kms_str rest = text;
    bool whole = cut(&rest, '/', &c.access_key_id);

    c.scope = rest;
    whole = whole && cut(&rest, '/', &c.date) && cut(&rest, '/', &c.region) &&
            cut(&rest, '/', &c.service);
    if (!whole || memchr(rest.p, '/', rest.n) != NULL || !is_word(c.access_key_id, 128))
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "Credential must have exactly 5 slash-delimited elements, e.g. "
                       "keyid/date/region/service/term, got '%.*s'",
                       (int)(text.n < 256 ? text.n : 256), text.p);
    if (!kms_str_is(c.service, "kms"))
        return kms_err(KMS_E_SIGV4_SIGNATURE,
                       "Credential should be scoped to correct service: 'kms'. ");
    if (!kms_str_is(rest, "aws4_request"))
        return kms_err(KMS_E_SIGV4_SIGNATURE,
                       "Credential should be scoped with a valid terminator: "
                       "'aws4_request', not '%.*s'. ",
                       (int)(rest.n < 64 ? rest.n : 64), rest.p);
    if (!is_region(c.region))
        return kms_err(KMS_E_SIGV4_SIGNATURE,
                       "Credential should be scoped to a valid region. ");
    if (c.date.n != 8)
        return kms_err(KMS_E_SIGV4_SIGNATURE,
                       "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
                       "version of date from HTTP.");
    *out = c;
    return KMS_OK;
}

/* A parameter of the header; false when it was there before. */
static bool take(struct kms_str part, const char *name, struct kms_str *out)
{
    if (!kms_str_starts(part, name))
        return true;
    if (out->p != NULL)
        return false;
    *out = kms_str_skip(part, strlen(name));
    return true;
}

/* Everything that is missing, in one text. */
static enum kms_rc missing(const struct kms_credential *c, struct kms_str scope)
{
    return kms_err(KMS_E_INCOMPLETE_SIGNATURE, "%s%s%s",
                   scope.p == NULL ? "Authorization header requires 'Credential' "
                                     "parameter. "
                                   : "",
                   c->signature.p == NULL ? "Authorization header requires 'Signature' "
                                            "parameter. "
                                          : "",
                   c->signed_headers.p == NULL ? "Authorization header requires "
                                                 "'SignedHeaders' parameter. "
                                               : "");
}

enum kms_rc kms_credential_parse(struct kms_str authorization, struct kms_credential *out)
{
    static const char scheme[] = "AWS4-HMAC-SHA256";
    struct kms_credential c = {0};
    struct kms_str rest = authorization, part, scope = {NULL, 0};

    if (!kms_str_starts(rest, scheme) || rest.n == sizeof scheme - 1 ||
        (rest.p[sizeof scheme - 1] != ' ' && rest.p[sizeof scheme - 1] != '\t'))
        return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                       "Authorization header requires 'AWS4-HMAC-SHA256' algorithm.");
    rest = kms_str_skip(rest, sizeof scheme);
    while (rest.n != 0) {
        if (!cut(&rest, ',', &part)) {
            part = rest;
            rest.n = 0;
        }
        part = trim(part);
        if (!take(part, "Credential=", &scope) ||
            !take(part, "SignedHeaders=", &c.signed_headers) ||
            !take(part, "Signature=", &c.signature))
            return kms_err(KMS_E_INCOMPLETE_SIGNATURE,
                           "Authorization header has a parameter twice.");
    }
    if (scope.p == NULL || c.signature.p == NULL || c.signed_headers.p == NULL)
        return missing(&c, scope);
    KMS_TRY(kms_credential_scope(scope, &c));
    *out = c;
    return KMS_OK;
}
