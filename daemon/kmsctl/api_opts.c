#include <string.h>

#include "kmsctl/api.h"

enum { WORDS_WIDTH = 61 }; /* what an option's doc leaves of a line */

const struct kms_opt kms_api_own_opts[KMS_API_OWN_OPTS] = {
    {"data", "DIR",
     "the installation whose certificates and Region are used;\n"
     "default: the environment's KMSCTL_DATA",
     KMS_OPT_ONCE},
    {"endpoint", "URL",
     "where kmsd listens; default: KMSCTL_ENDPOINT, else as\n"
     "kmsd.yaml says, else https://localhost:8443",
     KMS_OPT_ONCE},
    {"ca", "FILE", "PEM, who issued the server's certificate; default DIR/pki/ca.pem",
     KMS_OPT_ONCE},
    {"cert", "FILE", "PEM, the client certificate; default DIR/pki/client.pem",
     KMS_OPT_ONCE},
    {"key", "FILE", "PEM, its private key; default DIR/pki/client.key", KMS_OPT_ONCE},
    {"account", "ID", "the access key id is this account; counts in the dev profile only",
     KMS_OPT_ONCE},
    {"region", "NAME",
     "Region of the request; default: AWS_REGION, then\n"
     "AWS_DEFAULT_REGION, then as kmsd.yaml says, then us-east-1",
     KMS_OPT_ONCE},
    {"json", "OBJECT",
     "the request as JSON, or file://PATH; options are set on top of it", KMS_OPT_ONCE},
    {"output", "MEMBER", "print this member alone, as KeyMetadata.KeyId", KMS_OPT_ONCE},
    {"raw", NULL, "with --output: decode its base64, add no line end", KMS_OPT_ONCE},
    {"timeout", "SECONDS", "give up after this long; default 30", KMS_OPT_ONCE},
};

static bool repeats(const struct kms_api_flag *flag)
{
    return flag->member->type->kind == KMS_KIND_LIST ||
           flag->member->type->kind == KMS_KIND_MAP;
}

/* The words of an enumeration, "A|B|C", as lines of doc. */
static void put_words(struct kms_buf *doc, const char *words)
{
    size_t column = WORDS_WIDTH;

    while (*words != '\0') {
        size_t n = strcspn(words, "|");

        if (column + n + 3 > WORDS_WIDTH) {
            kms_buf_byte(doc, '\n');
            column = 0;
        } else {
            kms_buf_byte(doc, ' ');
        }
        kms_buf_add(doc, words, n);
        words += n + (words[n] == '|');
        kms_buf_z(doc, *words != '\0' ? "," : "");
        column += n + 2;
    }
}

static enum kms_rc member_opt(const struct kms_api_flag *flag, struct kms_arena *a,
                              struct kms_opt *row)
{
    bool words = flag->member->type->kind == KMS_KIND_ENUM;
    KMS_AUTO_BUF doc = {0};
    struct kms_str text;

    kms_buf_z(&doc, flag->doc);
    if (flag->member->required)
        kms_buf_z(&doc, " (required)");
    if (flag->by_default != NULL && flag->by_default[0] != '\0')
        kms_buf_fmt(&doc, " (default %s)", flag->by_default);
    if (words)
        put_words(&doc, flag->hint);
    KMS_TRY(kms_buf_ok(&doc));
    KMS_TRY(kms_arena_fmt(a, &text, "%.*s", KMS_FMT(kms_buf_text(&doc))));
    *row = (struct kms_opt){flag->flag, words ? "WORD" : flag->hint, text.p,
                            repeats(flag) ? KMS_OPT_MANY : KMS_OPT_ONCE};
    return KMS_OK;
}

enum kms_rc kms_api_opts(const struct kms_api_op *op, struct kms_arena *a,
                         const struct kms_opt **rows, size_t *n)
{
    size_t total = KMS_API_OWN_OPTS + op->n_flags;
    struct kms_opt *all = kms_arena_alloc(a, total * sizeof *all);

    if (all == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    memcpy(all, kms_api_own_opts, sizeof kms_api_own_opts);
    for (size_t i = 0; i < op->n_flags; i++)
        KMS_TRY(member_opt(&op->flags[i], a, &all[KMS_API_OWN_OPTS + i]));
    *rows = all;
    *n = total;
    return KMS_OK;
}

void kms_api_help(FILE *to)
{
    fputs(
        "usage: kmsctl api OPERATION [OPTION]...\n\n"
        "Sends one request to a running kmsd, over mutual TLS or plain HTTP, and prints\n"
        "the answer as JSON. kmsctl api OPERATION --help lists the members of a request\n"
        "as options. A blob is given in base64 or as fileb://PATH, a text also as\n"
        "file://PATH, a list or a map as JSON or by repeating the option. When the\n"
        "service refuses, its error goes to standard error and the exit status is 1.\n\n"
        "The request is signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and\n"
        "AWS_SESSION_TOKEN); without them, with a name in place of both, which\n"
        "proves nothing: the client certificate says who calls.\n\n",
        to);
    kms_opts_help(kms_api_own_opts, KMS_API_OWN_OPTS, to);
    fputs("\nOperations, also by the names of the API (GenerateDataKey):\n", to);
    for (size_t i = 0; i < KMS_OP_COUNT; i++)
        fprintf(to, "  %s\n", kms_api_ops[i].command);
}

enum kms_rc kms_api_op_help(const struct kms_api_op *op, FILE *to)
{
    KMS_AUTO(arena) a = NULL;
    const struct kms_opt *rows;
    size_t n;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_api_opts(op, a, &rows, &n));
    fprintf(to, "usage: kmsctl api %s [OPTION]...\n\n%s: %s\n\n", op->command,
            op->op->name, op->doc);
    kms_opts_help(rows + KMS_API_OWN_OPTS, n - KMS_API_OWN_OPTS, to);
    fputs("\nOptions of kmsctl api itself:\n", to);
    kms_opts_help(rows, KMS_API_OWN_OPTS, to);
    return KMS_OK;
}
