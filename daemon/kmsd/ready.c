#include <stdio.h>
#include <unistd.h>

#include "kmsd/daemon.h"
#include "wire/jw.h"

void kms_daemon_url(const struct kms_address *at, bool tls, char out[80])
{
    char text[KMS_ADDRESS_TEXT_MAX];

    /* The server's certificate names localhost. */
    if (tls && kms_address_is_loopback(at)) {
        snprintf(out, 80, "https://localhost:%u", (unsigned)kms_address_port(at));
        return;
    }
    kms_address_text(at, text);
    snprintf(out, 80, "%s://%s", tls ? "https" : "http", text);
}

/* The path of a file of the installation's own PKI; null when it is kept elsewhere. */
static void put_pki(struct kms_jw *w, const struct kms_daemon *d, const char *name,
                    const char *file)
{
    char path[sizeof d->data + 32];

    snprintf(path, sizeof path, "%s/pki/%s", d->data, file);
    kms_jw_key(w, name);
    if (access(path, R_OK) == 0)
        kms_jw_z(w, path);
    else
        kms_jw_null(w);
}

enum kms_rc kms_daemon_ready(const struct kms_daemon *d, struct kms_buf *out)
{
    struct kms_jw w = kms_jw_start(out);
    const struct kms_address *http = kms_front_http(d->front);
    char url[80];

    kms_jw_object(&w);
    kms_jw_key(&w, "event");
    kms_jw_z(&w, "ready");
    kms_jw_key(&w, "http");
    if (http != NULL) {
        kms_daemon_url(http, false, url);
        kms_jw_z(&w, url);
    } else {
        kms_jw_null(&w);
    }
    kms_daemon_url(kms_front_https(d->front), true, url);
    kms_jw_key(&w, "https");
    kms_jw_z(&w, url);
    put_pki(&w, d, "ca", "ca.pem");
    put_pki(&w, d, "client_cert", "client.pem");
    put_pki(&w, d, "client_key", "client.key");
    kms_jw_key(&w, "data");
    kms_jw_z(&w, d->data);
    kms_jw_key(&w, "pid");
    kms_jw_int(&w, getpid());
    kms_jw_end(&w);
    kms_buf_byte(out, '\n');
    return kms_buf_ok(out);
}
