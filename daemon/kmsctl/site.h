/* site.h - the installation a command works on, as its configuration describes it. */
#ifndef KMSD_KMSCTL_SITE_H
#define KMSD_KMSCTL_SITE_H

#include "common/config.h"
#include "common/home.h"
#include "kmsctl/cmd.h"

/* An installation; config is NULL where there is none: data of kmsd --dev. */
struct kms_site {
    const char *data;
    struct kms_config *config;
    struct kms_home_opts home; /* for kms_home_open; borrows from config */
};
KMS_OWNED(site);

/* The row of the option, for the table of a command. */
#define KMS_SITE_OPT                                                                     \
    {                                                                                    \
        "data", "DIR", "the installation; default: the environment's KMSCTL_DATA",       \
            KMS_OPT_ONCE                                                                 \
    }

/* Read DATA/kmsd.yaml, if any, of the installation that --data or KMSCTL_DATA names. */
KMS_RC kms_site_open(const struct kms_opts *o, struct kms_site **out);

#endif
