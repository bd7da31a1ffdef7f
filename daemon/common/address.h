/*
 * address.h - where a listener binds: "ADDR:PORT" with a numeric address.
 *
 * Names are not resolved: what a daemon is bound to must not depend on a resolver.
 */
#ifndef KMSD_COMMON_ADDRESS_H
#define KMSD_COMMON_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/err.h"

struct kms_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } sa;
    socklen_t len;
};

enum {
    KMS_ADDRESS_IP_MAX = INET6_ADDRSTRLEN, /* with its NUL */
    KMS_ADDRESS_TEXT_MAX = 64              /* "[ip]:port" with its NUL */
};

/* "127.0.0.1:8443", "[::1]:0"; KMS_E_CONFIG says what is wrong with the text. */
KMS_RC kms_address_parse(const char *text, struct kms_address *out);
/* 127.0.0.0/8 and ::1. */
bool kms_address_is_loopback(const struct kms_address *a);
uint16_t kms_address_port(const struct kms_address *a);
/* The IP alone, an IPv4 address mapped into IPv6 as IPv4; "unknown" for other families.
 */
void kms_address_ip(const struct sockaddr *sa, char out[KMS_ADDRESS_IP_MAX]);
/* "127.0.0.1:8443", "[::1]:8443". */
void kms_address_text(const struct kms_address *a, char out[KMS_ADDRESS_TEXT_MAX]);

#endif
