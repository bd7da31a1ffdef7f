/* log_path.h - which audit log a command reads. */
#ifndef KMSD_KMSCTL_LOG_PATH_H
#define KMSD_KMSCTL_LOG_PATH_H

#include "kmsctl/cmd.h"

/* The rows of the two options, for the table of a command. */
#define KMS_LOG_PATH_OPTS                                                                \
    {"data", "DIR", "the installation; default: the environment's KMSCTL_DATA",          \
     KMS_OPT_ONCE},                                                                      \
    {                                                                                    \
        "db", "FILE", "a database file instead, such as a backup", KMS_OPT_ONCE          \
    }

/* The database file they name into path; KMS_E_USAGE when both or none is given. */
KMS_RC kms_log_path(const struct kms_opts *o, char *path, size_t max);

#endif
