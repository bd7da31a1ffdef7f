#include <jansson.h>
#include <string.h>

#include "policy/document.h"

/* Frees a parsed document on every way out; jansson's own macro is for another house. */
static void decref(json_t **v)
{
    json_decref(*v);
}

static bool is_text(const json_t *v, const char *text)
{
    return json_is_string(v) && strcmp(json_string_value(v), text) == 0;
}

/* A string, or a list of strings that is not empty. */
static bool strings(const json_t *v)
{
    if (json_is_string(v))
        return true;
    if (!json_is_array(v) || json_array_size(v) == 0)
        return false;
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (!json_is_string(json_array_get(v, i)))
            return false;
    }
    return true;
}

/* Values of a condition key: strings, numbers and booleans, alone or in a list. */
static bool scalar(const json_t *v)
{
    return json_is_string(v) || json_is_number(v) || json_is_boolean(v);
}

static bool scalars(const json_t *v)
{
    if (!json_is_array(v))
        return scalar(v);
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (!scalar(json_array_get(v, i)))
            return false;
    }
    return true;
}

static bool principal(json_t *v)
{
    static const char *const kinds[] = {"AWS", "Service", "Federated", "CanonicalUser"};
    const char *name;
    json_t *who;

    if (!json_is_object(v))
        return is_text(v, "*");
    json_object_foreach(v, name, who)
    {
        bool known = false;

        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            known = known || strcmp(name, kinds[i]) == 0;
        if (!known || !strings(who))
            return false;
    }
    return json_object_size(v) > 0;
}

/* {"StringEquals": {"kms:KeySpec": ["..."]}}: operators, then keys, then values. */
static bool condition(json_t *v)
{
    const char *op, *key;
    json_t *keys, *values;

    if (!json_is_object(v))
        return false;
    json_object_foreach(v, op, keys)
    {
        if (!json_is_object(keys))
            return false;
        json_object_foreach(keys, key, values)
        {
            if (!scalars(values))
                return false;
        }
    }
    return true;
}

static bool element(const char *name, json_t *v)
{
    if (strcmp(name, "Sid") == 0)
        return json_is_string(v);
    if (strcmp(name, "Effect") == 0)
        return is_text(v, "Allow") || is_text(v, "Deny");
    if (strcmp(name, "Principal") == 0 || strcmp(name, "NotPrincipal") == 0)
        return principal(v);
    if (strcmp(name, "Action") == 0 || strcmp(name, "NotAction") == 0 ||
        strcmp(name, "Resource") == 0 || strcmp(name, "NotResource") == 0)
        return strings(v);
    return strcmp(name, "Condition") == 0 && condition(v);
}

/* An element and its opposite exclude each other. */
static bool both(const json_t *v, const char *name, const char *opposite)
{
    return json_object_get(v, name) != NULL && json_object_get(v, opposite) != NULL;
}

static bool statement(json_t *v)
{
    const char *name;
    json_t *part;

    if (!json_is_object(v))
        return false;
    json_object_foreach(v, name, part)
    {
        if (!element(name, part))
            return false;
    }
    if (both(v, "Principal", "NotPrincipal") || both(v, "Action", "NotAction") ||
        both(v, "Resource", "NotResource"))
        return false;
    return json_object_get(v, "Effect") != NULL &&
           (json_object_get(v, "Principal") != NULL ||
            json_object_get(v, "NotPrincipal") != NULL);
}

static bool document(json_t *v)
{
    json_t *statements = json_object_get(v, "Statement"), *part;
    const char *name;

    json_object_foreach(v, name, part)
    {
        if (strcmp(name, "Version") == 0) {
            if (!is_text(part, "2012-10-17") && !is_text(part, "2008-10-17"))
                return false;
        } else if (strcmp(name, "Id") == 0) {
            if (!json_is_string(part))
                return false;
        } else if (strcmp(name, "Statement") != 0) {
            return false;
        }
    }
    if (json_is_object(statements))
        return statement(statements);
    if (!json_is_array(statements) || json_array_size(statements) == 0)
        return false;
    for (size_t i = 0; i < json_array_size(statements); i++) {
        if (!statement(json_array_get(statements, i)))
            return false;
    }
    return true;
}

enum kms_rc kms_policy_check(struct kms_str text)
{
    __attribute__((cleanup(decref))) json_t *doc = NULL;
    json_error_t err;

    if (text.n > KMS_POLICY_MAX)
        return kms_err(KMS_E_LIMIT_EXCEEDED,
                       "Key policy size quota is %d bytes, the given policy has %zu.",
                       KMS_POLICY_MAX, text.n);
    doc = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &err);
    if (!json_is_object(doc) || !document(doc))
        return KMS_E_MALFORMED_POLICY_DOCUMENT;
    return KMS_OK;
}
