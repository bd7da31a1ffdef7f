/* kmsctl - the operator's tool: makes installations, asks the daemon, reads its log. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmsctl/cmd.h"

static const struct kms_cmd *const cmds[] = {
    &kms_cmd_init,
    &kms_cmd_status,
    &kms_cmd_api,
    &kms_cmd_client_cert,
    &kms_cmd_server_cert,
    &kms_cmd_crl,
    &kms_cmd_identities_check,
    &kms_cmd_access_key,
    &kms_cmd_authorize_explain,
    &kms_cmd_audit_verify,
    &kms_cmd_audit_tail,
    &kms_cmd_token_selftest,
    &kms_cmd_token_canary,
    &kms_cmd_completion,
};

enum { CMDS = sizeof cmds / sizeof cmds[0] };

const struct kms_cmd *const *kms_cmds(size_t *n)
{
    *n = CMDS;
    return cmds;
}

static void help(FILE *to)
{
    fputs("usage: kmsctl COMMAND [OPTION]...\n\n", to);
    for (size_t i = 0; i < CMDS; i++)
        if (cmds[i]->summary != NULL)
            fprintf(to, "  %-15s %s\n", cmds[i]->name, cmds[i]->summary);
    fputs("\nkmsctl COMMAND --help tells more; kmsctl --version names the version.\n"
          "Exit status: 0 done, 1 failed, 2 the command line is wrong.\n",
          to);
}

void kms_cmd_help(const struct kms_cmd *cmd, FILE *to)
{
    fprintf(to, "usage: kmsctl %s%s%s [OPTION]...\n\n%s\n\n", cmd->name,
            cmd->operands[0] != '\0' ? " " : "", cmd->operands, cmd->about);
    kms_opts_help(cmd->opts, cmd->n_opts, to);
}

int kms_cmd_end(const char *name, enum kms_rc rc)
{
    const char *words = kms_err_note(rc);

    if (rc == KMS_OK)
        return 0;
    fprintf(stderr, "kmsctl: %s\n", words[0] != '\0' ? words : kms_rc_info(rc)->id);
    if (rc != KMS_E_USAGE)
        return 1;
    fprintf(stderr, "kmsctl %s --help tells how\n", name);
    return 2;
}

enum kms_rc kms_cmd_data(const struct kms_opts *o, const char **out)
{
    const char *data = kms_opts_get(o, "data");

    if (data == NULL)
        data = getenv("KMSCTL_DATA");
    if (data == NULL || data[0] == '\0')
        return kms_err(KMS_E_USAGE, "which installation? --data DIR, or KMSCTL_DATA");
    *out = data;
    return KMS_OK;
}

enum kms_rc kms_cmd_flush(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return kms_err(KMS_E_IO, "standard output: %s", strerror(errno));
    return KMS_OK;
}

/* The words of a command's name that argv starts with: 1, 2, or 0 for another command. */
static int words_of(const char *name, int argc, char **argv)
{
    const char *space = strchr(name, ' ');
    size_t first = space != NULL ? (size_t)(space - name) : strlen(name);

    if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], name, first) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static enum kms_rc run(const struct kms_cmd *cmd, int argc, char **argv)
{
    KMS_AUTO(opts) o = NULL;

    KMS_TRY(kms_opts_parse(cmd->opts, cmd->n_opts, argc, argv, &o));
    if (kms_opts_get(o, "help") != NULL) {
        kms_cmd_help(cmd, stdout);
        return kms_cmd_flush();
    }
    if (kms_opts_n_operands(o) < cmd->min_operands)
        return kms_err(KMS_E_USAGE, "%s is missing", cmd->operands);
    if (kms_opts_n_operands(o) > cmd->max_operands)
        return kms_err(KMS_E_USAGE, "%s is too much",
                       kms_opts_operand(o, cmd->max_operands));
    KMS_TRY(cmd->run(o));
    return kms_cmd_flush();
}

static int start(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        help(stdout);
        return kms_cmd_end("", kms_cmd_flush());
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("kmsctl %s\n", KMSD_VERSION);
        return kms_cmd_end("", kms_cmd_flush());
    }
    for (size_t i = 0; i < CMDS; i++) {
        int words = words_of(cmds[i]->name, argc - 1, argv + 1);

        if (words != 0 && cmds[i]->raw != NULL)
            return cmds[i]->raw(argc - words, argv + words);
        if (words != 0)
            return kms_cmd_end(cmds[i]->name, run(cmds[i], argc - words, argv + words));
    }
    fprintf(stderr, "kmsctl: no command \"%s\"; kmsctl --help lists them\n", argv[1]);
    return 2;
}

int main(int argc, char **argv)
{
    int status;

    umask(0077);
    status = start(argc, argv);
    /* A PKCS#11 module that was used must not run its exit handlers (token.h). */
    _exit(status);
}
