/* front_int.h - what the sources of the front share; nobody else includes it. */
#ifndef KMSD_FRONT_INT_H
#define KMSD_FRONT_INT_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "kmsd/accept.h"
#include "kmsd/front.h"
#include "kmsd/http_rules.h"
#include "kmsd/sources.h"
#include "kmsd/tls.h"

struct kms_listener {
    struct kms_front *front;
    struct MHD_Daemon *daemon;
    struct kms_acceptor *acceptor;
    struct kms_address address;
    int fd;
    bool tls;
};

struct kms_front {
    const struct kms_config *config;
    struct kms_service *service;
    struct kms_tls *tls;
    struct kms_sources *sources;
    struct kms_http_limits limits;
    struct kms_listener https, http;
    atomic_uint arriving;  /* requests whose head was read and whose body was not */
    atomic_uint in_flight; /* requests that were read whole and are not over */
    atomic_bool draining;  /* take no connection, close after each answer */
    atomic_bool closing;   /* begin nothing */
};

/* A connection, from accept to close. */
struct kms_conn {
    struct kms_front *front;
    struct MHD_Connection *mhd;
    char ip[KMS_ADDRESS_IP_MAX];
    struct kms_peer peer;
    bool tls;
    struct kms_tls_link link;
};

/* conn.c: hooks of the HTTP library. cls is the listener. */
enum MHD_Result kms_conn_policy(void *cls, const struct sockaddr *addr, socklen_t len);
void kms_conn_notify(void *cls, struct MHD_Connection *mhd, void **context,
                     enum MHD_ConnectionNotificationCode code);
/* The context of a connection; NULL when it could not be made. */
struct kms_conn *kms_conn_of(struct MHD_Connection *mhd);

/* http.c: hooks of the HTTP library. cls is the listener. */
void *kms_http_begin(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result kms_http_handle(void *cls, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version,
                                const char *upload, size_t *upload_len, void **context);
void kms_http_end(void *cls, struct MHD_Connection *mhd, void **context,
                  enum MHD_RequestTerminationCode code);

#endif
