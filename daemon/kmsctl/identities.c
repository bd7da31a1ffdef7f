/* kmsctl identities check - is this file one that kmsd would take? */
#include <string.h>

#include "common/identities.h"
#include "kmsctl/cmd.h"

static enum kms_rc run(const struct kms_opts *o)
{
    KMS_AUTO(directory) d = NULL;
    const char *file = kms_opts_operand(o, 0);
    struct kms_str digest;
    size_t n_rules;

    KMS_TRY(kms_identities_load(file, kms_opts_get(o, "dev") != NULL, &d));
    digest = kms_directory_digest(d);
    (void)kms_directory_rules(d, &n_rules);
    printf("%s: good: %zu principals, %zu certificate rules\nsha256 %.*s\n", file,
           kms_identities_count(kms_directory_identities(d)), n_rules, KMS_FMT(digest));
    return KMS_OK;
}

static const struct kms_opt opts[] = {
    {"dev", NULL, "as the dev profile would read it: credentials are taken",
     KMS_OPT_ONCE},
};

const struct kms_cmd kms_cmd_identities_check = {
    .name = "identities check",
    .operands = "FILE",
    .summary = "say what is wrong with an identities.yaml, and where",
    .about =
        "Reads the file as kmsd does, with every policy in it, and prints its digest,\n"
        "which is what the audit log records when kmsd takes it. What is wrong is told\n"
        "by line, and the exit status is 1.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
