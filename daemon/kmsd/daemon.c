#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "kmsd/daemon.h"
#include "kmsd/process.h"
#include "kmsd/roots.h"
#include "kmsd/sandbox.h"

/* How long a stop waits for answers that are on their way. */
enum { STOP_BOUND_MS = 10 * 1000, FATAL_BOUND_MS = 2 * 1000 };

/*
 * From the writer's thread, at most once. Nothing new is begun from here on; what has
 * begun is answered, with the error that the store hands to everybody now.
 */
static void store_failed(void *arg, const char *why)
{
    struct kms_daemon *d = arg;
    struct kms_front *front = atomic_load(&d->serving);
    const uint64_t one = 1;

    if (front != NULL)
        kms_front_close(front);
    kms_log_say(KMS_LOG_ERROR, "fatal", "%s", why);
    if (write(d->fatal_fd, &one, sizeof one) != (ssize_t)sizeof one)
        abort();
}

static enum kms_rc open_home(struct kms_daemon *d)
{
    const struct kms_config *c = d->config;
    struct kms_home_opts opts = {
        .data = c->data,
        .profile = c->dev ? "dev" : "server",
        .module = c->token_module,
        .label = c->token_label,
        .pin_file = c->token_pin_file,
        .on_fatal = store_failed,
        .on_fatal_arg = d,
    };

    /* A server's installation is made on purpose, by kmsctl init. */
    if (c->dev && !kms_home_exists(c->data)) {
        struct kms_home_names names = {.account = c->account, .client = "dev"};

        KMS_TRY(kms_home_make(&opts));
        KMS_TRY(kms_home_make_pki(c->data, &names));
    }
    KMS_TRY(kms_home_open(&opts, &d->home));
    return realpath(c->data, d->data) != NULL
               ? KMS_OK
               : kms_err(KMS_E_IO, "%s: %s", c->data, strerror(errno));
}

static enum kms_rc open_service(struct kms_daemon *d)
{
    const struct kms_config *c = d->config;
    KMS_AUTO(directory) directory = NULL;
    struct kms_service_opts opts = {
        .store = d->home->store,
        .keyring = d->home->keyring,
        .realm = {.partition = kms_str_of(c->partition),
                  .default_region = kms_str_of(c->region),
                  .default_account = kms_str_of(c->account),
                  .attestation_roots = d->roots},
        .dev = c->dev,
        .proof = c->proof,
        .no_authz = c->no_authz,
    };

    KMS_TRY(kms_daemon_identities(d, &directory));
    opts.directory = directory;
    return kms_service_new(&opts, &d->service);
}

static enum kms_rc announce(const struct kms_daemon *d)
{
    KMS_AUTO_BUF line = {0};

    KMS_TRY(kms_daemon_ready(d, &line));
    if (write(STDOUT_FILENO, line.p, line.n) != (ssize_t)line.n)
        return kms_err(KMS_E_IO, "the ready line cannot be written: %s", strerror(errno));
    kms_process_notify("READY=1");
    return KMS_OK;
}

/*
 * After everything is open: a token's module may do as it likes while it starts. The
 * sanitizers' reports need the programs that this forbids.
 */
static void enter_sandbox(struct kms_daemon *d)
{
    enum kms_rc rc = KMSD_SANDBOX ? kms_sandbox_enter() : KMS_OK;

    d->sandboxed = KMSD_SANDBOX && rc == KMS_OK;
    if (rc != KMS_OK)
        kms_log_say(KMS_LOG_WARN, "sandbox", "%s", kms_err_note(rc));
}

static enum kms_rc start(struct kms_daemon *d)
{
    d->started_us = kms_clock_mono_us();
    d->fatal_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (d->fatal_fd < 0)
        return kms_err(KMS_E_IO, "no eventfd: %s", strerror(errno));
    KMS_TRY(open_home(d));
    KMS_TRY(kms_roots_load(d->config, &d->roots));
    KMS_TRY(open_service(d));
    KMS_TRY(kms_front_open(d->config, d->service, &d->front));
    atomic_store(&d->serving, d->front);
    KMS_TRY(kms_admin_open(&(struct kms_admin_opts){.path = d->config->admin_socket,
                                                    .command = kms_daemon_command,
                                                    .arg = d},
                           &d->admin));
    enter_sandbox(d);
    return announce(d);
}

static void reload_tls(struct kms_daemon *d)
{
    enum kms_rc rc = kms_front_reload(d->front);

    if (rc != KMS_OK)
        kms_log_say(KMS_LOG_ERROR, "reload", "nothing changed: %s", kms_err_note(rc));
    else if ((rc = kms_service_event(d->service, "Reload", KMS_LIT("tls"))) != KMS_OK)
        kms_log_say(KMS_LOG_ERROR, "reload", "not recorded: %s", kms_err_note(rc));
    else
        kms_log_say(KMS_LOG_INFO, "reload", "certificates were read again");
}

static void reload(struct kms_daemon *d)
{
    kms_process_notify("RELOADING=1");
    reload_tls(d);
    kms_daemon_reload_identities(d);
    kms_process_notify("READY=1");
}

/* The next signal, or 0 when the store has failed. */
static int wait_for_event(const struct kms_daemon *d)
{
    struct pollfd fds[2] = {{.fd = d->signal_fd, .events = POLLIN},
                            {.fd = d->fatal_fd, .events = POLLIN}};
    struct signalfd_siginfo info;

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return 0;
        if (fds[1].revents != 0)
            return 0;
        if (read(d->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
            return (int)info.ssi_signo;
    }
}

static int serve(struct kms_daemon *d)
{
    int sig;

    while ((sig = wait_for_event(d)) == SIGHUP)
        reload(d);
    return sig;
}

/* Answers finish, the record of the stop is written, then everything closes in order. */
static enum kms_rc stop(struct kms_daemon *d, int sig)
{
    const char *word = sig == SIGTERM ? "SIGTERM" : "SIGINT";
    bool drained;
    enum kms_rc rc;

    kms_process_notify("STOPPING=1");
    if (sig == 0)
        kms_front_close(d->front);
    drained = kms_front_drain(d->front, sig == 0 ? FATAL_BOUND_MS : STOP_BOUND_MS);
    if (!drained) {
        kms_log_say(KMS_LOG_ERROR, "stop", "requests are still waiting for the disk");
        d->front = NULL; /* the writer may yet come back to a suspended connection */
        d->home = NULL;
        d->service = NULL;
        d->roots = NULL;
        return kms_err(KMS_E_IO, "stopped without answering every request");
    }
    if (sig == 0)
        return kms_err(KMS_E_STORE, "stopped because the store failed");
    rc = kms_service_event(d->service, "Stop", kms_str_of(word));
    if (rc == KMS_OK)
        kms_log_say(KMS_LOG_INFO, "stop", "%s: every request is answered", word);
    return rc;
}

enum kms_rc kms_daemon_run(const struct kms_config *config, int signal_fd, bool *served)
{
    struct kms_daemon *d = calloc(1, sizeof *d);
    enum kms_rc rc;

    if (d == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory at start");
    d->config = config;
    d->signal_fd = signal_fd;
    rc = start(d);
    if (rc == KMS_OK) {
        *served = true;
        rc = stop(d, serve(d));
    }
    kms_admin_free(d->admin);
    kms_front_free(d->front);
    kms_service_free(d->service);
    kms_attest_roots_free(d->roots);
    kms_home_free(d->home);
    /* d and its eventfd stay: the writer of an undrained store may still refer to them.
     */
    return rc;
}
