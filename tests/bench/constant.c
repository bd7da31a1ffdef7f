/*
 * constant - a constant answer over mutual TLS: what the front alone can do.
 *
 * The same libmicrohttpd and GnuTLS set-up as kmsd's front (epoll threads, client
 * certificates required and checked in the handshake, body read whole), but the answer is
 * fixed. kmsd's throughput is told as a share of this one's.
 *
 * Usage:  constant CA CERT KEY THREADS [BYTES]
 *   Listens on a free port of 127.0.0.1, prints {"port":N,"pid":N}, and serves until
 *   standard input ends. BYTES is the length of the answer's body (default 300).
 */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct MHD_Response *answer;

static char *slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 16);

    if (f == NULL || text == NULL || fread(text, 1, (1 << 16) - 1, f) == 0) {
        fprintf(stderr, "constant: cannot read %s\n", path);
        exit(2);
    }
    fclose(f);
    return text;
}

/* Runs before the handshake: a connection without a good certificate ends there. */
static void require_certificate(void *cls, struct MHD_Connection *c, void **socket_ctx,
                                enum MHD_ConnectionNotificationCode code)
{
    const union MHD_ConnectionInfo *info;

    (void)cls;
    (void)socket_ctx;
    if (code != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info == NULL)
        exit(2);
    gnutls_certificate_server_set_request((gnutls_session_t)info->tls_session,
                                          GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_cert((gnutls_session_t)info->tls_session, NULL, 0);
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **req_ctx)
{
    static int begun;

    (void)cls;
    (void)url;
    (void)method;
    (void)version;
    (void)upload;
    if (*req_ctx == NULL) {
        *req_ctx = &begun;
        return MHD_YES;
    }
    if (*upload_size != 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    return MHD_queue_response(c, MHD_HTTP_OK, answer);
}

static struct MHD_Response *make_answer(size_t len)
{
    char *body = malloc(len);
    struct MHD_Response *r;

    if (body == NULL)
        return NULL;
    memset(body, 'x', len);
    r = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (r == NULL ||
        MHD_add_response_header(r, "Content-Type", "application/x-amz-json-1.1") ==
            MHD_NO ||
        MHD_add_response_header(r, "x-amzn-RequestId",
                                "00000000-0000-4000-8000-000000000000") == MHD_NO)
        return NULL;
    return r;
}

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 ||
        listen(fd, SOMAXCONN) != 0 || getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        return -1;
    *port = ntohs(at.sin_port);
    return fd;
}

/* Connections are dealt out to the threads as kmsd does it, until standard input ends. */
static void serve(struct MHD_Daemon *d, int fd)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = fd, .events = POLLIN}};
    struct sockaddr_storage from;
    char c;

    for (;;) {
        socklen_t len = sizeof from;
        int conn;

        if (poll(fds, 2, -1) < 0 ||
            (fds[0].revents != 0 && read(STDIN_FILENO, &c, 1) <= 0))
            return;
        if (fds[1].revents == 0)
            continue;
        conn = accept4(fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (conn >= 0)
            (void)MHD_add_connection(d, conn, (struct sockaddr *)&from, len);
    }
}

int main(int argc, char **argv)
{
    struct MHD_OptionItem pool[] = {{MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}};
    struct MHD_Daemon *d;
    unsigned threads, port = 0;
    int fd;

    if (argc < 5) {
        fprintf(stderr, "usage: constant CA CERT KEY THREADS [BYTES]\n");
        return 2;
    }
    threads = (unsigned)strtoul(argv[4], NULL, 10);
    if (threads > 1)
        pool[0] = (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, threads, NULL};
    answer = make_answer(argc > 5 ? strtoul(argv[5], NULL, 10) : 300);
    if (answer == NULL || threads == 0)
        return 2;
    fd = listen_somewhere(&port);
    d = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_USE_ERROR_LOG | MHD_USE_ITC |
            MHD_USE_NO_LISTEN_SOCKET,
        0, NULL, NULL, handle, NULL, MHD_OPTION_ARRAY, pool, MHD_OPTION_CONNECTION_LIMIT,
        4096u, MHD_OPTION_HTTPS_MEM_TRUST, slurp(argv[1]), MHD_OPTION_HTTPS_MEM_CERT,
        slurp(argv[2]), MHD_OPTION_HTTPS_MEM_KEY, slurp(argv[3]),
        MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3",
        MHD_OPTION_NOTIFY_CONNECTION, require_certificate, NULL, MHD_OPTION_END);
    if (fd < 0 || d == NULL) {
        fprintf(stderr, "constant: cannot listen\n");
        return 1;
    }
    printf("{\"port\":%u,\"pid\":%ld}\n", port, (long)getpid());
    fflush(stdout);
    serve(d, fd);
    MHD_stop_daemon(d);
    MHD_destroy_response(answer);
    return 0;
}
