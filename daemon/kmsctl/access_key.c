/* kmsctl identities access-key - makes, lists and revokes access keys. */
#include <string.h>

#include "common/disk.h"
#include "kmsctl/admin_socket.h"

enum { POLICY_MAX = 65536, TTL_MAX_S = 36 * 3600 };

/* The answer as one JSON object, for jq and for credential_process alike. */
static enum kms_rc show(const struct kms_opts *o, const char *command, json_t *with)
{
    KMS_AUTO_BUF reply = {0};
    KMS_AUTO_JSON json = NULL;

    KMS_TRY(kms_admin_ask(o, command, with, &reply, &json));
    if (json_dumpf(json, stdout, JSON_INDENT(2)) != 0)
        return kms_err(KMS_E_IO, "the answer cannot be written");
    putchar('\n');
    return KMS_OK;
}

static enum kms_rc add_policy(const struct kms_opts *o, json_t *with)
{
    const char *file = kms_opts_get(o, "policy");
    KMS_AUTO_BUF text = {0};

    if (file == NULL)
        return KMS_OK;
    KMS_TRY(kms_disk_read(file, POLICY_MAX, &text));
    KMS_TRY(kms_buf_ok(&text));
    if (json_object_set_new(with, "policy", json_stringn((const char *)text.p, text.n)) !=
        0)
        return kms_err(KMS_E_USAGE, "%s: is no text", file);
    return KMS_OK;
}

static enum kms_rc create(const struct kms_opts *o)
{
    KMS_AUTO_JSON with = json_object();
    const char *principal = kms_opts_get(o, "principal");
    long ttl_s;

    if (principal == NULL)
        return kms_err(KMS_E_USAGE, "whose? --principal ARN");
    KMS_TRY(kms_opts_number(o, "ttl", 0, TTL_MAX_S, 0, &ttl_s));
    if (json_object_set_new(with, "principal", json_string(principal)) != 0 ||
        json_object_set_new(with, "ttl_s", json_integer(ttl_s)) != 0)
        return kms_err(KMS_E_USAGE, "--principal: is no text");
    KMS_TRY(add_policy(o, with));
    return show(o, "access-key-create", with);
}

static enum kms_rc revoke(const struct kms_opts *o)
{
    KMS_AUTO_JSON with = json_object();
    const char *id = kms_opts_operand(o, 1);

    if (id == NULL)
        return kms_err(KMS_E_USAGE, "which? revoke ID");
    if (json_object_set_new(with, "id", json_string(id)) != 0)
        return kms_err(KMS_E_USAGE, "\"%s\": is no text", id);
    return show(o, "access-key-revoke", with);
}

static enum kms_rc run(const struct kms_opts *o)
{
    const char *what = kms_opts_operand(o, 0);

    if (strcmp(what, "create") == 0)
        return create(o);
    if (strcmp(what, "list") == 0)
        return show(o, "access-key-list", NULL);
    if (strcmp(what, "revoke") == 0)
        return revoke(o);
    return kms_err(KMS_E_USAGE, "\"%s\" is none of create, list, revoke", what);
}

static const struct kms_opt opts[] = {
    KMS_SITE_OPT,
    KMS_SOCKET_OPT,
    {"principal", "ARN",
     "create: a user, or a session of a role\n"
     "(arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME)",
     KMS_OPT_ONCE},
    {"ttl", "SECONDS", "create: a session of 900 to 129600 seconds; needed for roles",
     KMS_OPT_ONCE},
    {"policy", "FILE", "create: a session policy, which narrows the session",
     KMS_OPT_ONCE},
};

const struct kms_cmd kms_cmd_access_key = {
    .name = "identities access-key",
    .operands = "create|list|revoke [ID]",
    .summary = "make, list and revoke access keys for SigV4",
    .about =
        "create prints the key once, as the JSON that credential_process of an AWS SDK\n"
        "takes; kmsd keeps its secret sealed, as it keeps key material. A session has a\n"
        "token as well, and ends by itself. Who loses a key revokes it: from then on it\n"
        "is as if it had never been. Talks to the running daemon's admin socket.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .min_operands = 1,
    .max_operands = 2,
    .run = run,
};
