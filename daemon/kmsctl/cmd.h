/*
 * cmd.h - the subcommands of kmsctl: one row each, one file each.
 *
 * Exit status: 0 done, 1 failed, 2 the command line is wrong. What was asked for goes to
 * standard output, everything else to standard error.
 */
#ifndef KMSD_KMSCTL_CMD_H
#define KMSD_KMSCTL_CMD_H

#include "kmsctl/opts.h"

struct kms_cmd {
    const char *name;     /* "init", or two words: "audit verify" */
    const char *operands; /* of the usage line: "NAME", or "" */
    const char *summary;  /* one line */
    const char *about;    /* what it does and leaves, wrapped; before the options */
    const struct kms_opt *opts;
    size_t n_opts;
    size_t min_operands, max_operands;
    enum kms_rc (*run)(const struct kms_opts *o);
    /* Instead of run and opts, for a command that parses by itself: exit status. */
    int (*raw)(int argc, char **argv);
};

extern const struct kms_cmd kms_cmd_init;
extern const struct kms_cmd kms_cmd_client_cert;
extern const struct kms_cmd kms_cmd_server_cert;
extern const struct kms_cmd kms_cmd_crl;
extern const struct kms_cmd kms_cmd_status;
extern const struct kms_cmd kms_cmd_api;
extern const struct kms_cmd kms_cmd_identities_check;
extern const struct kms_cmd kms_cmd_access_key;
extern const struct kms_cmd kms_cmd_authorize_explain;
extern const struct kms_cmd kms_cmd_audit_verify;
extern const struct kms_cmd kms_cmd_audit_tail;
extern const struct kms_cmd kms_cmd_token_selftest;
extern const struct kms_cmd kms_cmd_token_canary;
extern const struct kms_cmd kms_cmd_completion;

/* Every row, in the order of the help text. */
const struct kms_cmd *const *kms_cmds(size_t *n);

/* Usage, about and options of one subcommand. */
void kms_cmd_help(const struct kms_cmd *cmd, FILE *to);

/*
 * The end of a subcommand: prints "kmsctl: <words>" on standard error for an error (and
 * where help is, for a wrong command line) and gives the exit status.
 */
int kms_cmd_end(const char *name, enum kms_rc rc);

/* The value of --data, else of the environment variable KMSCTL_DATA; KMS_E_USAGE. */
KMS_RC kms_cmd_data(const struct kms_opts *o, const char **out);

/* KMS_E_IO when standard output could not be written to its end. */
KMS_RC kms_cmd_flush(void);

#endif
