/* options.h - the command line of kmsd. */
#ifndef KMSD_OPTIONS_H
#define KMSD_OPTIONS_H

#include "common/config.h"

struct kms_options {
    enum { KMS_MODE_FILE, KMS_MODE_DEV, KMS_MODE_HELP, KMS_MODE_VERSION } mode;
    const char *config;      /* KMS_MODE_FILE */
    struct kms_dev_opts dev; /* data NULL: a temporary directory */
};

/* KMS_E_USAGE says what is wrong; texts are borrowed from argv. */
KMS_RC kms_options_parse(int argc, char **argv, struct kms_options *out);
/* The text of --help. */
const char *kms_options_help(void);

#endif
