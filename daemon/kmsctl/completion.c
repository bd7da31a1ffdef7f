/* kmsctl completion - a bash script that completes what this very binary understands. */
#include <string.h>

#include "kmsctl/cmd.h"
#include "wire/api.h"

static void put_options(const struct kms_cmd *cmd)
{
    for (size_t i = 0; i < cmd->n_opts; i++)
        printf(" %s%s", cmd->opts[i].name[1] != '\0' ? "--" : "-", cmd->opts[i].name);
    printf(" --help");
}

static void put_commands(const struct kms_cmd *const *cmds, size_t n)
{
    printf("    local commands=\"");
    for (size_t i = 0; i < n; i++)
        if (cmds[i]->summary != NULL && strchr(cmds[i]->name, ' ') == NULL)
            printf("%s ", cmds[i]->name);
    printf("audit token\"\n");
}

/* One case a command, two words or one; for api, one a pair of command and operation. */
static void put_cases(const struct kms_cmd *const *cmds, size_t n)
{
    printf("    case \"${COMP_WORDS[1]-} ${COMP_WORDS[2]-}\" in\n");
    for (size_t i = 0; i < KMS_OP_COUNT; i++) {
        const struct kms_api_op *op = &kms_api_ops[i];

        printf("    \"api %s\"|\"api %s\") words=\"", op->command, op->op->name);
        for (size_t j = 0; j < op->n_flags; j++)
            printf("--%s ", op->flags[j].flag);
        printf("$api\" ;;\n");
    }
    for (size_t i = 0; i < n; i++) {
        if (cmds[i]->summary == NULL)
            continue;
        printf("    \"%s\"%s) words=\"", cmds[i]->name,
               strchr(cmds[i]->name, ' ') == NULL ? "\\ *" : "");
        if (cmds[i] != &kms_cmd_api)
            put_options(cmds[i]);
        else
            for (size_t j = 0; j < KMS_OP_COUNT; j++)
                printf("%s ", kms_api_ops[j].command);
        printf("\" ;;\n");
    }
    printf("    \"audit \"*) words=\"verify tail\" ;;\n"
           "    \"token \"*) words=\"selftest\" ;;\n"
           "    *) words=\"$commands\" ;;\n"
           "    esac\n");
}

static enum kms_rc run(const struct kms_opts *o)
{
    const struct kms_cmd *const *cmds;
    size_t n;

    if (strcmp(kms_opts_operand(o, 0), "bash") != 0)
        return kms_err(KMS_E_USAGE, "there is completion for bash only");
    cmds = kms_cmds(&n);
    printf("# bash completion for kmsctl, made by kmsctl completion bash\n"
           "_kmsctl()\n{\n    local words api=\"");
    put_options(&kms_cmd_api);
    printf("\"\n");
    put_commands(cmds, n);
    put_cases(cmds, n);
    printf("    if [ \"$COMP_CWORD\" -eq 1 ]; then words=\"$commands --help --version\"; "
           "fi\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$2\")\n"
           "}\ncomplete -o default -F _kmsctl kmsctl\n");
    return KMS_OK;
}

const struct kms_cmd kms_cmd_completion = {
    .name = "completion",
    .operands = "bash",
    .summary = "print a completion script for the shell",
    .about = "Prints a script for bash: source <(kmsctl completion bash)",
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
