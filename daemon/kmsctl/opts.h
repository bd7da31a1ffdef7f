/*
 * opts.h - command-line options of one subcommand, declared once: parsing, the help text
 * and shell completion all come from the same rows.
 */
#ifndef KMSD_KMSCTL_OPTS_H
#define KMSD_KMSCTL_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/own.h"

struct kms_opt {
    const char *name; /* "data": --data VALUE or --data=VALUE; one letter also -n VALUE */
    const char *value; /* placeholder of its value, "DIR"; NULL: takes none */
    const char *doc;   /* one line, or several separated by '\n' */
    enum { KMS_OPT_ONCE, KMS_OPT_MANY } repeat;
};

struct kms_opts;
KMS_OWNED(opts);

/*
 * Parse argv[1..argc-1] against rows. KMS_E_USAGE with words for an option that is not
 * known, lacks its value, takes none, or is there twice. Option arguments and operands
 * are borrowed from argv. "--" ends the options. --help is known to every subcommand.
 */
KMS_RC kms_opts_parse(const struct kms_opt *rows, size_t n, int argc, char **argv,
                      struct kms_opts **out);

/* The value, or NULL when the option was not given ("" for one without a value). */
const char *kms_opts_get(const struct kms_opts *o, const char *name);
/* All values of an option in order into list[max], NULL-terminated: max - 1 at most. */
KMS_RC kms_opts_all(const struct kms_opts *o, const char *name, const char **list,
                    size_t max);
/* A whole number of an option from min to max; by_default when it was not given. */
KMS_RC kms_opts_number(const struct kms_opts *o, const char *name, long min, long max,
                       long by_default, long *out);
/* What is no option, in order; NULL past the last. */
const char *kms_opts_operand(const struct kms_opts *o, size_t i);
size_t kms_opts_n_operands(const struct kms_opts *o);

/* The options as the lower part of a help text. */
void kms_opts_help(const struct kms_opt *rows, size_t n, FILE *to);

#endif
