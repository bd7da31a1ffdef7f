/* main.c - kmsd: arguments, the process, one daemon, the exit code. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "kmsd/daemon.h"
#include "kmsd/options.h"
#include "kmsd/process.h"
#include "wire/json.h"

enum { EXIT_USAGE = 2 };

/* Before it serves, whatever is wrong is the installation's; afterwards it is life's. */
static int exit_code(enum kms_rc rc, bool served)
{
    if (rc == KMS_OK)
        return EXIT_SUCCESS;
    if (rc == KMS_E_USAGE)
        return EXIT_USAGE;
    return served || rc == KMS_E_NOMEM ? EXIT_FAILURE : EX_CONFIG;
}

static const char *words_of(enum kms_rc rc)
{
    const char *note = kms_err_note(rc);

    return *note != '\0' ? note : kms_rc_info(rc)->id;
}

/* For the person who typed the command. */
static int complain(enum kms_rc rc)
{
    fprintf(stderr, "kmsd: %s\nkmsd --help tells what there is\n", words_of(rc));
    return exit_code(rc, false);
}

/* Tests of a dev daemon make it fail where they want; a server has no such hooks. */
static enum kms_rc arm_faults(const struct kms_config *c)
{
    const char *spec = getenv("KMSD_FAULTS");

    if (c->dev && spec != NULL && !kms_fault_parse(spec))
        return kms_err(KMS_E_CONFIG, "KMSD_FAULTS: \"%s\" is not understood", spec);
    return KMS_OK;
}

static enum kms_rc configure(const struct kms_options *o, const char *temp_dir,
                             struct kms_config **out)
{
    struct kms_dev_opts dev = o->dev;

    if (o->mode == KMS_MODE_FILE)
        return kms_config_load(o->config, out);
    if (temp_dir != NULL)
        dev.data = temp_dir;
    return kms_config_dev(&dev, out);
}

static enum kms_rc run(const struct kms_options *o, const char *temp_dir, bool *served)
{
    struct kms_config *config = NULL; /* kept: threads may look at it until the end */
    int signal_fd = -1;

    KMS_TRY(configure(o, temp_dir, &config));
    KMS_TRY(arm_faults(config));
    kms_log_level_set(config->log_level);
    KMS_TRY(kms_process_signals(&signal_fd));
    kms_json_setup();
    return kms_daemon_run(config, signal_fd, served);
}

int main(int argc, char **argv)
{
    struct kms_options o;
    char *temp_dir = NULL;
    bool served = false;
    enum kms_rc rc = kms_options_parse(argc, argv, &o);

    if (rc != KMS_OK)
        return complain(rc);
    if (o.mode == KMS_MODE_HELP) {
        printf("%s", kms_options_help());
        return EXIT_SUCCESS;
    }
    if (o.mode == KMS_MODE_VERSION) {
        printf("kmsd %s\n", KMSD_VERSION);
        return EXIT_SUCCESS;
    }
    rc = kms_process_harden();
    if (rc == KMS_OK && o.mode == KMS_MODE_DEV && o.dev.data == NULL)
        rc = kms_process_temp_dir(&temp_dir);
    if (rc == KMS_OK)
        rc = run(&o, temp_dir, &served);
    if (rc != KMS_OK)
        kms_log_say(KMS_LOG_ERROR, "exit", "%s", words_of(rc));
    if (temp_dir != NULL)
        kms_process_remove_dir(temp_dir);
    fflush(NULL);
    _exit(exit_code(rc, served));
}
