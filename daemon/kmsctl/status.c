/* kmsctl status - what the running daemon says about itself. */
#include "kmsctl/admin_socket.h"

enum { LABEL = 26 };

/* One line a member, those of an object inside indented below its name. */
static void print_members(json_t *object, int indent)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (json_is_object(value)) {
            printf("%*s%s\n", indent, "", name);
            print_members(value, indent + 2);
            continue;
        }
        printf("%*s%-*s ", indent, "", LABEL - indent, name);
        if (json_is_string(value))
            printf("%s", json_string_value(value));
        else
            json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
        putchar('\n');
    }
}

static enum kms_rc run(const struct kms_opts *o)
{
    KMS_AUTO_BUF reply = {0};
    KMS_AUTO_JSON json = NULL;
    struct kms_str text;

    KMS_TRY(kms_admin_ask(o, "status", NULL, &reply, &json));
    text = kms_buf_text(&reply);
    if (kms_opts_get(o, "json") != NULL)
        printf("%.*s%s", KMS_FMT(text), text.p[text.n - 1] == '\n' ? "" : "\n");
    else
        print_members(json, 0);
    return KMS_OK;
}

static const struct kms_opt opts[] = {
    KMS_SITE_OPT,
    KMS_SOCKET_OPT,
    {"json", NULL, "the answer as it comes, one JSON object", KMS_OPT_ONCE},
};

const struct kms_cmd kms_cmd_status = {
    .name = "status",
    .operands = "",
    .summary = "ask a running kmsd how it is",
    .about =
        "Asks the daemon over its admin socket and prints what it says. Needs to be\n"
        "root or the user kmsd runs as. Exits with 1 when no daemon answers.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .run = run,
};
