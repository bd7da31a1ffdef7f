#include <stdlib.h>
#include <string.h>

#include "kmsctl/opts.h"

struct given {
    const char *name, *value;
};

struct kms_opts {
    struct given *given;
    const char **operands;
    size_t n_given, n_operands;
};

static const struct kms_opt help_row = {"help", NULL, "this text", KMS_OPT_ONCE};

void kms_opts_free(struct kms_opts *o)
{
    if (o == NULL)
        return;
    free(o->given);
    free(o->operands);
    free(o);
}

static const struct kms_opt *find(const struct kms_opt *rows, size_t n, const char *name,
                                  size_t len)
{
    if (strlen(help_row.name) == len && strncmp(help_row.name, name, len) == 0)
        return &help_row;
    for (size_t i = 0; i < n; i++)
        if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
            return &rows[i];
    return NULL;
}

/* One option at argv[*at]; moves *at over a value of its own. */
static enum kms_rc take(const struct kms_opt *rows, size_t n, int argc, char **argv,
                        int *at, struct kms_opts *o)
{
    const char *name = argv[*at] + (argv[*at][1] == '-' ? 2 : 1);
    const char *value = strchr(name, '=');
    size_t len = value != NULL ? (size_t)(value - name) : strlen(name);
    const struct kms_opt *row = find(rows, n, name, len);

    if (row == NULL || (argv[*at][1] != '-' && len != 1))
        return kms_err(KMS_E_USAGE, "%s is not known here", argv[*at]);
    if (row->value == NULL && value != NULL)
        return kms_err(KMS_E_USAGE, "--%s takes no value", row->name);
    if (row->value != NULL && value == NULL && *at + 1 == argc)
        return kms_err(KMS_E_USAGE, "--%s needs a value: %s", row->name, row->value);
    if (row->repeat == KMS_OPT_ONCE && kms_opts_get(o, row->name) != NULL)
        return kms_err(KMS_E_USAGE, "--%s is given twice", row->name);
    if (row->value == NULL)
        value = "";
    else
        value = value != NULL ? value + 1 : argv[++*at];
    o->given[o->n_given++] = (struct given){row->name, value};
    return KMS_OK;
}

enum kms_rc kms_opts_parse(const struct kms_opt *rows, size_t n, int argc, char **argv,
                           struct kms_opts **out)
{
    KMS_AUTO(opts) o = calloc(1, sizeof *o);
    bool options = true;

    if (o == NULL || (o->given = calloc((size_t)argc, sizeof *o->given)) == NULL ||
        (o->operands = calloc((size_t)argc, sizeof *o->operands)) == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    for (int at = 1; at < argc; at++) {
        if (!options || argv[at][0] != '-' || argv[at][1] == '\0') {
            o->operands[o->n_operands++] = argv[at];
        } else if (strcmp(argv[at], "--") == 0) {
            options = false;
        } else {
            KMS_TRY(take(rows, n, argc, argv, &at, o));
        }
    }
    *out = KMS_TAKE(o);
    return KMS_OK;
}

const char *kms_opts_get(const struct kms_opts *o, const char *name)
{
    for (size_t i = 0; i < o->n_given; i++)
        if (strcmp(o->given[i].name, name) == 0)
            return o->given[i].value;
    return NULL;
}

enum kms_rc kms_opts_all(const struct kms_opts *o, const char *name, const char **list,
                         size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < o->n_given; i++) {
        if (strcmp(o->given[i].name, name) != 0)
            continue;
        if (n + 1 == max)
            return kms_err(KMS_E_USAGE, "--%s: at most %zu times", name, max - 1);
        list[n++] = o->given[i].value;
    }
    list[n] = NULL;
    return KMS_OK;
}

enum kms_rc kms_opts_number(const struct kms_opts *o, const char *name, long min,
                            long max, long by_default, long *out)
{
    const char *text = kms_opts_get(o, name);
    char *end;
    long n;

    if (text == NULL) {
        *out = by_default;
        return KMS_OK;
    }
    n = strtol(text, &end, 10);
    if (end == text || *end != '\0' || n < min || n > max)
        return kms_err(KMS_E_USAGE, "--%s takes a number from %ld to %ld", name, min,
                       max);
    *out = n;
    return KMS_OK;
}

const char *kms_opts_operand(const struct kms_opts *o, size_t i)
{
    return i < o->n_operands ? o->operands[i] : NULL;
}

size_t kms_opts_n_operands(const struct kms_opts *o)
{
    return o->n_operands;
}

static void help_line(const struct kms_opt *row, FILE *to)
{
    const char *doc = row->doc;
    int n = fprintf(to, "  %s%s%s%s", row->name[1] != '\0' ? "--" : "-", row->name,
                    row->value != NULL ? " " : "", row->value != NULL ? row->value : "");

    if (n > 25)
        fprintf(to, "\n%27s", "");
    else
        fprintf(to, "%*s", 27 - n, "");
    for (; *doc != '\0'; doc++) {
        if (*doc == '\n')
            fprintf(to, "\n%27s", "");
        else
            fputc(*doc, to);
    }
    fputc('\n', to);
}

void kms_opts_help(const struct kms_opt *rows, size_t n, FILE *to)
{
    for (size_t i = 0; i < n; i++)
        help_line(&rows[i], to);
    help_line(&help_row, to);
}
