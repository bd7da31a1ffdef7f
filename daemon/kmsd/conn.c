#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "kmsd/front_int.h"

enum MHD_Result kms_conn_policy(void *cls, const struct sockaddr *addr, socklen_t len)
{
    struct kms_listener *l = cls;
    char ip[KMS_ADDRESS_IP_MAX];

    (void)len;
    if (atomic_load(&l->front->draining))
        return MHD_NO;
    if (!l->tls || kms_sources_admit(l->front->sources, addr, kms_clock_mono_us()))
        return MHD_YES;
    kms_address_ip(addr, ip);
    kms_service_refused(l->front->service, kms_str_of(ip), "handshake:too-many");
    return MHD_NO;
}

struct kms_conn *kms_conn_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

static void set_timeout(struct kms_conn *c, unsigned seconds)
{
    (void)MHD_set_connection_option(c->mhd, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}

/* At the end of a good handshake the connection may be idle for as long as others. */
static void admitted(void *arg)
{
    struct kms_conn *c = arg;

    set_timeout(c, c->front->config->limits.idle_timeout_s);
}

static struct kms_conn *conn_new(struct kms_listener *l, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info;
    struct kms_conn *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->front = l->front;
    c->mhd = mhd;
    c->tls = l->tls;
    info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info != NULL && info->client_addr != NULL)
        kms_address_ip(info->client_addr, c->ip);
    c->peer.source_ip = kms_str_of(c->ip);
    c->peer.listener = c->tls ? KMS_LIT("https") : KMS_LIT("http");
    return c;
}

/* Runs before the first byte of the handshake is read. */
static struct kms_conn *started(struct kms_listener *l, struct MHD_Connection *mhd)
{
    struct kms_conn *c = conn_new(l, mhd);
    const union MHD_ConnectionInfo *info;

    if (c == NULL || !c->tls)
        return c;
    set_timeout(c, l->front->config->limits.handshake_timeout_s);
    c->link.peer = &c->peer;
    c->link.admitted = admitted;
    c->link.admitted_arg = c;
    info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info != NULL && info->tls_session != NULL)
        (void)kms_tls_begin(l->front->tls, (gnutls_session_t)info->tls_session, &c->link);
    return c;
}

static void report_refusal(const struct kms_conn *c, const char *reason)
{
    const struct kms_log_field fields[] = {
        KMS_LOG_TEXT("source", c->peer.source_ip),
        {"reason", {reason, kms_str_of(reason).n}, 0},
    };

    kms_service_refused(c->front->service, c->peer.source_ip, reason);
    kms_log(KMS_LOG_WARN, "handshake_refused", fields, sizeof fields / sizeof fields[0]);
}

static void closed(struct kms_conn *c)
{
    const char *reason = c->tls ? kms_tls_refusal(&c->link) : NULL;

    if (reason != NULL)
        report_refusal(c, reason);
    if (c->tls)
        kms_tls_end(&c->link);
    free(c);
}

void kms_conn_notify(void *cls, struct MHD_Connection *mhd, void **context,
                     enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = started(cls, mhd);
    } else if (*context != NULL) {
        closed(*context);
        *context = NULL;
    }
}
