#include <errno.h>
#include <gnutls/abstract.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "kmsd/front_int.h"
#include "kmsd/listen.h"

enum {
    POOL_EXTRA_BYTES = 16 * 1024,
    DRAIN_STEP_NS = 2 * 1000 * 1000,
    ARRIVE_US = 500000
};

/* What the HTTP library has to say is about its own state: of use when debugging. */
__attribute__((format(printf, 2, 0))) static void library_log(void *cls, const char *fmt,
                                                              va_list args)
{
    char text[512];

    (void)cls;
    if (!kms_log_wanted(KMS_LOG_DEBUG))
        return;
    vsnprintf(text, sizeof text, fmt, args);
    text[strcspn(text, "\n")] = '\0';
    kms_log_say(KMS_LOG_DEBUG, "http", "%s", text);
}

/*
 * The library's own credentials have no certificate: should the hook that replaces them
 * ever not run, the handshake fails instead of letting somebody in.
 */
static int no_certificate(gnutls_session_t session,
                          const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
                          unsigned *n_certs, gnutls_ocsp_data_st **ocsp, unsigned *n_ocsp,
                          gnutls_privkey_t *key, unsigned *flags)
{
    (void)session;
    (void)info;
    (void)certs;
    (void)n_certs;
    (void)ocsp;
    (void)n_ocsp;
    (void)key;
    (void)flags;
    return -1;
}

/*
 * One for each core: the writer's thread waits for the disk most of its time, and a core
 * kept free for it would idle.
 */
static unsigned thread_count(const struct kms_limits *limits)
{
    cpu_set_t cores;

    if (limits->threads != 0)
        return limits->threads;
    return sched_getaffinity(0, sizeof cores, &cores) == 0 ? (unsigned)CPU_COUNT(&cores)
                                                           : 1;
}

/* Flags, and the options that only some listeners have. */
static unsigned plan(const struct kms_listener *l, struct MHD_OptionItem options[4])
{
    const struct kms_config *cfg = l->front->config;
    unsigned threads = l->tls ? thread_count(&cfg->limits) : 1;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG |
                     MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    size_t n = 0;

    if (l->tls) {
        flags |= MHD_USE_TLS;
        options[n++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
                                    (void *)(uintptr_t)kms_tls_priorities(cfg->tls12)};
    }
    /* A pool of one is a single thread with more to do. */
    if (threads > 1)
        options[n++] =
            (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, threads, NULL};
#if MHD_VERSION >= 0x00097701
    options[n++] = (struct MHD_OptionItem){MHD_OPTION_CLIENT_DISCIPLINE_LVL, 2, NULL};
#else
    options[n++] = (struct MHD_OptionItem){MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL};
#endif
    options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    return flags;
}

static unsigned connections(const struct kms_listener *l)
{
    const union MHD_DaemonInfo *info = NULL;

    if (l->daemon != NULL)
        info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info != NULL ? info->num_connections : 0;
}

static bool has_room(void *arg)
{
    const struct kms_listener *l = arg;

    return connections(l) < l->front->config->limits.connections;
}

/* The library deals them out to its threads, by the number of the descriptor. */
static void take(void *arg, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct kms_listener *l = arg;

    (void)MHD_add_connection(l->daemon, fd, addr, len); /* closes what it refuses */
}

static enum kms_rc start(struct kms_listener *l, const struct kms_address *wanted)
{
    const struct kms_limits *limits = &l->front->config->limits;
    struct MHD_OptionItem options[4];
    unsigned flags;

    KMS_TRY(kms_listen_open(wanted, &l->fd, &l->address));
    flags = plan(l, options);
    /* One option a line. */
    /* clang-format off */
    l->daemon = MHD_start_daemon(
        flags, 0, kms_conn_policy, l, kms_http_handle, l,
        MHD_OPTION_EXTERNAL_LOGGER, library_log, NULL,
        MHD_OPTION_CONNECTION_LIMIT, limits->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits->connections_per_source,
        MHD_OPTION_CONNECTION_TIMEOUT, limits->idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)limits->header_bytes + POOL_EXTRA_BYTES,
        MHD_OPTION_NOTIFY_CONNECTION, kms_conn_notify, l,
        MHD_OPTION_URI_LOG_CALLBACK, kms_http_begin, l,
        MHD_OPTION_NOTIFY_COMPLETED, kms_http_end, l,
        MHD_OPTION_ARRAY, options,
        l->tls ? MHD_OPTION_HTTPS_CERT_CALLBACK2 : MHD_OPTION_END, no_certificate,
        MHD_OPTION_END);
    /* clang-format on */
    if (l->daemon == NULL)
        return kms_err(KMS_E_IO, "the listener does not start: %s", strerror(errno));
    return kms_acceptor_new(
        &(struct kms_acceptor_opts){
            .fd = l->fd, .has_room = has_room, .take = take, .arg = l},
        &l->acceptor);
}

/* Whoever comes from now on is told by the system that nobody listens. */
static void stop_accepting(struct kms_listener *l)
{
    kms_acceptor_free(l->acceptor);
    l->acceptor = NULL;
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

static void stop(struct kms_listener *l)
{
    stop_accepting(l);
    if (l->daemon != NULL)
        MHD_stop_daemon(l->daemon);
}

void kms_front_free(struct kms_front *f)
{
    if (f == NULL)
        return;
    stop(&f->http);
    stop(&f->https);
    kms_sources_free(f->sources);
    kms_tls_free(f->tls);
    free(f);
}

enum kms_rc kms_front_open(const struct kms_config *config, struct kms_service *service,
                           struct kms_front **out)
{
    KMS_AUTO(front) f = calloc(1, sizeof *f);

    if (f == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for the listeners");
    f->config = config;
    f->service = service;
    f->limits = (struct kms_http_limits){
        .header_bytes = config->limits.header_bytes,
        .body_bytes = config->limits.body_bytes,
        .hooks = config->dev,
    };
    f->https = (struct kms_listener){.front = f, .fd = -1, .tls = true};
    f->http = (struct kms_listener){.front = f, .fd = -1};
    KMS_TRY(kms_sources_new(config->limits.handshakes_per_source_s, &f->sources));
    KMS_TRY(kms_tls_new(config, service, &f->tls));
    KMS_TRY(start(&f->https, &config->https));
    if (config->has_http)
        KMS_TRY(start(&f->http, &config->http));
    *out = KMS_TAKE(f);
    return KMS_OK;
}

const struct kms_address *kms_front_https(const struct kms_front *f)
{
    return &f->https.address;
}

const struct kms_address *kms_front_http(const struct kms_front *f)
{
    return f->http.daemon != NULL ? &f->http.address : NULL;
}

unsigned kms_front_connections(const struct kms_front *f)
{
    return connections(&f->https) + connections(&f->http);
}

int64_t kms_front_expires_ms(const struct kms_front *f)
{
    return kms_tls_expires_ms(f->tls);
}

enum kms_rc kms_front_reload(struct kms_front *f)
{
    return kms_tls_reload(f->tls);
}

void kms_front_close(struct kms_front *f)
{
    atomic_store(&f->draining, true);
    atomic_store(&f->closing, true);
}

static bool wait_for_none(atomic_uint *count, int64_t end_us)
{
    const struct timespec step = {.tv_nsec = DRAIN_STEP_NS};

    while (atomic_load(count) != 0) {
        if (kms_clock_mono_us() >= end_us)
            return false;
        nanosleep(&step, NULL);
    }
    return true;
}

/*
 * A request that is still arriving gets a moment: most of it is on its way. One whose
 * client hung up in the middle would wait for ever (the library may not see that before
 * the connection's time-out), and nothing of it was done, so it may be cut.
 *
 * The library also aborts when it is stopped with a suspended connection: a request that
 * was read whole either was counted before closing, then the last wait sees it, or sees
 * closing and ends at once.
 */
bool kms_front_drain(struct kms_front *f, int64_t bound_ms)
{
    int64_t now_us = kms_clock_mono_us(), end_us = now_us + bound_ms * 1000;

    atomic_store(&f->draining, true);
    stop_accepting(&f->https);
    stop_accepting(&f->http);
    (void)wait_for_none(&f->arriving,
                        end_us < now_us + ARRIVE_US ? end_us : now_us + ARRIVE_US);
    atomic_store(&f->closing, true);
    return wait_for_none(&f->in_flight, end_us);
}
