/* kmsctl authorize explain - why somebody may or may not do something. */
#include <string.h>

#include "kmsctl/admin_socket.h"

enum { PAIRS_MAX = 65 };

static enum kms_rc add_text(const struct kms_opts *o, const char *option,
                            const char *name, json_t *with)
{
    const char *text = kms_opts_get(o, option);

    if (text != NULL && json_object_set_new(with, name, json_string(text)) != 0)
        return kms_err(KMS_E_USAGE, "--%s: is no text", option);
    return KMS_OK;
}

/* Every k=v of an option as one object. */
static enum kms_rc add_pairs(const struct kms_opts *o, const char *option,
                             const char *name, json_t *with)
{
    const char *given[PAIRS_MAX];
    json_t *object = json_object();

    if (json_object_set_new(with, name, object) != 0)
        return kms_err(KMS_E_NOMEM, "out of memory");
    KMS_TRY(kms_opts_all(o, option, given, PAIRS_MAX));
    for (size_t i = 0; given[i] != NULL; i++) {
        const char *equals = strchr(given[i], '=');
        KMS_AUTO_BUF key = {0};

        if (equals == NULL)
            return kms_err(KMS_E_USAGE, "--%s takes name=value", option);
        kms_buf_add(&key, given[i], (size_t)(equals - given[i]));
        kms_buf_byte(&key, '\0');
        if (key.bad || json_object_set_new(object, (const char *)key.p,
                                           json_string(equals + 1)) != 0)
            return kms_err(KMS_E_USAGE, "--%s %s: is no text", option, given[i]);
    }
    return KMS_OK;
}

static enum kms_rc run(const struct kms_opts *o)
{
    KMS_AUTO_JSON with = json_object();
    KMS_AUTO_JSON json = NULL;
    KMS_AUTO_BUF reply = {0};

    if (kms_opts_get(o, "principal") == NULL || kms_opts_get(o, "action") == NULL)
        return kms_err(KMS_E_USAGE, "who does what? --principal ARN --action kms:X");
    KMS_TRY(add_text(o, "principal", "principal", with));
    KMS_TRY(add_text(o, "action", "action", with));
    KMS_TRY(add_text(o, "key", "key", with));
    KMS_TRY(add_text(o, "region", "region", with));
    KMS_TRY(add_text(o, "source-ip", "sourceIp", with));
    KMS_TRY(add_pairs(o, "context", "context", with));
    KMS_TRY(add_pairs(o, "condition", "conditions", with));
    KMS_TRY(kms_admin_ask(o, "authorize-explain", with, &reply, &json));
    printf("%s%s\n", json_string_value(json_object_get(json, "trace")),
           json_is_true(json_object_get(json, "allowed")) ? "ALLOWED" : "DENIED");
    return KMS_OK;
}

static const struct kms_opt opts[] = {
    KMS_SITE_OPT,
    KMS_SOCKET_OPT,
    {"principal", "ARN", "who: a user, a session of a role, or an account's root",
     KMS_OPT_ONCE},
    {"action", "kms:X", "what: the name of a permission, as policies have it",
     KMS_OPT_ONCE},
    {"key", "ID", "with which key: id, ARN or alias", KMS_OPT_ONCE},
    {"region", "NAME", "in which Region; default: the configured one", KMS_OPT_ONCE},
    {"source-ip", "ADDR", "from where, for aws:SourceIp", KMS_OPT_ONCE},
    {"context", "K=V", "a pair of the encryption context; again for more", KMS_OPT_MANY},
    {"condition", "K=V",
     "a condition key of the request, as kms:ViaService=...; again\n"
     "for more",
     KMS_OPT_MANY},
};

const struct kms_cmd kms_cmd_authorize_explain = {
    .name = "authorize explain",
    .operands = "",
    .summary = "show how a permission would be decided, step by step",
    .about = "Asks the running daemon to decide, by the key policy, identities and "
             "grants it has\n"
             "now, and prints every statement it looked at, what matched and what not, "
             "and the\n"
             "outcome. Nothing is done and nothing is recorded. Prints ALLOWED or DENIED "
             "last;\n"
             "the exit status is 0 for either.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .run = run,
};
