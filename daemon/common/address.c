#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/address.h"

/* Digits only: strtoul would also take signs, spaces and hexadecimal. */
static bool parse_port(struct kms_str text, uint16_t *out)
{
    unsigned value = 0;

    if (text.n == 0 || text.n > 5)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text.p[i] - '0');
    }
    if (value > UINT16_MAX)
        return false;
    *out = (uint16_t)value;
    return true;
}

enum kms_rc kms_address_parse(const char *text, struct kms_address *out)
{
    struct kms_address a = {0};
    const char *colon = strrchr(text, ':');
    bool v6 = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
    size_t n = colon == NULL ? 0 : (size_t)(colon - text) - (v6 ? 2 : 0);
    char ip[KMS_ADDRESS_IP_MAX];
    uint16_t port = 0;
    bool ok = colon != NULL && n < sizeof ip && parse_port(kms_str_of(colon + 1), &port);

    if (ok) {
        memcpy(ip, text + (v6 ? 1 : 0), n);
        ip[n] = '\0';
        if (v6) {
            a.sa.v6.sin6_family = AF_INET6;
            a.sa.v6.sin6_port = htons(port);
            a.len = sizeof a.sa.v6;
            ok = inet_pton(AF_INET6, ip, &a.sa.v6.sin6_addr) == 1;
        } else {
            a.sa.v4.sin_family = AF_INET;
            a.sa.v4.sin_port = htons(port);
            a.len = sizeof a.sa.v4;
            ok = inet_pton(AF_INET, ip, &a.sa.v4.sin_addr) == 1;
        }
    }
    if (!ok)
        return kms_err(KMS_E_CONFIG,
                       "\"%s\" is no address to listen on: write a numeric address and a "
                       "port, as in 127.0.0.1:8443 or [::1]:8443",
                       text);
    *out = a;
    return KMS_OK;
}

bool kms_address_is_loopback(const struct kms_address *a)
{
    if (a->sa.any.sa_family == AF_INET)
        return ntohl(a->sa.v4.sin_addr.s_addr) >> 24 == 127;
    return a->sa.any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->sa.v6.sin6_addr);
}

uint16_t kms_address_port(const struct kms_address *a)
{
    return ntohs(a->sa.any.sa_family == AF_INET ? a->sa.v4.sin_port : a->sa.v6.sin6_port);
}

void kms_address_ip(const struct sockaddr *sa, char out[KMS_ADDRESS_IP_MAX])
{
    const void *ip = NULL;
    int family = sa->sa_family;

    if (family == AF_INET) {
        ip = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
    } else if (family == AF_INET6) {
        const struct in6_addr *v6 =
            &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;

        ip = v6;
        if (IN6_IS_ADDR_V4MAPPED(v6)) {
            ip = &v6->s6_addr[12];
            family = AF_INET;
        }
    }
    if (ip == NULL || inet_ntop(family, ip, out, KMS_ADDRESS_IP_MAX) == NULL)
        snprintf(out, KMS_ADDRESS_IP_MAX, "unknown");
}

void kms_address_text(const struct kms_address *a, char out[KMS_ADDRESS_TEXT_MAX])
{
    char ip[KMS_ADDRESS_IP_MAX];
    bool v6 = a->sa.any.sa_family == AF_INET6;

    kms_address_ip(&a->sa.any, ip);
    snprintf(out, KMS_ADDRESS_TEXT_MAX,
             v6 && strchr(ip, ':') != NULL ? "[%s]:%u" : "%s:%u", ip,
             (unsigned)kms_address_port(a));
}
