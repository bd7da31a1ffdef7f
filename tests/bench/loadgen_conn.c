/* The connections of loadgen: each a small state machine on its thread's epoll. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "loadgen.h"

enum state { CONNECTING, HANDSHAKE, WRITING, READING };

struct conn {
    int fd;
    SSL *ssl;
    SSL_SESSION *sess;
    enum state st;
    uint32_t ev;
    const char *out;
    size_t outlen, outoff;
    char buf[65536];
    size_t len;
    size_t hdrend; /* 0 = header not complete */
    long clen;     /* -1 = chunked */
    int status, close_after;
    uint64_t t0, due;
    long done;
};

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

static unsigned bucket(uint64_t us)
{
    if (us < SUB)
        return us;
    unsigned e = 63 - __builtin_clzll(us); /* >= 6 */
    unsigned b = (e - 5) * SUB + ((us >> (e - 6)) & (SUB - 1));
    return b < NBUCKET ? b : NBUCKET - 1;
}

double bucket_us(unsigned b)
{
    if (b < SUB)
        return b;
    unsigned e = b / SUB + 5;
    return (double)((uint64_t)(SUB + b % SUB) << (e - 6));
}

int new_session_cb(SSL *s, SSL_SESSION *sess)
{
    struct conn *c = SSL_get_app_data(s);
    if (c->sess)
        SSL_SESSION_free(c->sess);
    c->sess = sess;
    return 1; /* keep the reference */
}

static void want(struct thread *t, struct conn *c, uint32_t ev)
{
    if (c->ev == ev)
        return;
    struct epoll_event e = {.events = ev, .data.ptr = c};
    epoll_ctl(t->ep, EPOLL_CTL_MOD, c->fd, &e);
    c->ev = ev;
}

static void conn_close(struct conn *c)
{
    if (c->ssl) {
        if (c->st != HANDSHAKE)
            SSL_shutdown(c->ssl);
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static void conn_open(struct thread *t, struct conn *c)
{
    c->fd = socket(o.sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket");
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->t0 = now_ns();
    c->done = 0;
    c->len = c->hdrend = 0;
    if (connect(c->fd, (struct sockaddr *)&o.sa, o.salen) && errno != EINPROGRESS) {
        t->neterr++;
        if (t->neterr > 1000000)
            die("connect keeps failing");
    }
    c->st = CONNECTING;
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
    c->ev = EPOLLOUT;
    epoll_ctl(t->ep, EPOLL_CTL_ADD, c->fd, &e);
    if (o.tls) {
        c->ssl = SSL_new(ctx);
        SSL_set_app_data(c->ssl, c);
        SSL_set_fd(c->ssl, c->fd);
        SSL_set_connect_state(c->ssl);
        struct in6_addr tmp;
        if (inet_pton(AF_INET, o.sni, &tmp) != 1 &&
            inet_pton(AF_INET6, o.sni, &tmp) != 1) {
            SSL_set_tlsext_host_name(c->ssl, o.sni);
            if (o.ca)
                SSL_set1_host(c->ssl, o.sni);
        } else if (o.ca)
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), o.sni);
        if (o.mode == RESUME && c->sess)
            SSL_set_session(c->ssl, c->sess);
    }
}

static void next_request(struct thread *t, struct conn *c)
{
    unsigned i = t->next++ % nreq;
    c->out = reqs[i];
    c->outlen = reqlen[i];
    c->outoff = 0;
    c->len = c->hdrend = 0;
    c->st = WRITING;
}

/* Whether TLS waits for the socket, and for which way. */
static int tls_waits(struct thread *t, struct conn *c, int r)
{
    int e = SSL_get_error(c->ssl, r);
    if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
        return 0;
    want(t, c, e == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT);
    return 1;
}

/* >0 bytes, 0 would block, -1 closed/error */
static ssize_t io_read(struct thread *t, struct conn *c)
{
    size_t room = sizeof c->buf - 1 - c->len;
    ssize_t n;
    if (c->ssl) {
        n = SSL_read(c->ssl, c->buf + c->len, room);
        if (n > 0)
            return n;
        if (tls_waits(t, c, n))
            return 0;
        ERR_clear_error();
        return -1;
    }
    n = recv(c->fd, c->buf + c->len, room, 0);
    if (n > 0)
        return n;
    if (n < 0 && errno == EAGAIN) {
        want(t, c, EPOLLIN);
        return 0;
    }
    return -1;
}

/* 1 complete, 0 more, -1 malformed */
static int parse(struct conn *c)
{
    c->buf[c->len] = 0;
    if (!c->hdrend) {
        char *e = memmem(c->buf, c->len, "\r\n\r\n", 4);
        if (!e)
            return c->len >= sizeof c->buf - 1 ? -1 : 0;
        c->hdrend = e + 4 - c->buf;
        if (strncmp(c->buf, "HTTP/1.", 7))
            return -1;
        c->status = atoi(c->buf + 9);
        c->clen = 0;
        c->close_after = c->buf[7] == '0';
        for (char *l = strstr(c->buf, "\r\n"); l && l < e; l = strstr(l + 2, "\r\n")) {
            if (!strncasecmp(l + 2, "content-length:", 15))
                c->clen = atol(l + 17);
            else if (!strncasecmp(l + 2, "connection: close", 17))
                c->close_after = 1;
            else if (!strncasecmp(l + 2, "transfer-encoding: chunked", 26))
                c->clen = -1;
        }
    }
    if (c->clen < 0)
        return c->len >= c->hdrend + 5 && !memcmp(c->buf + c->len - 5, "0\r\n\r\n", 5);
    return c->len >= c->hdrend + (size_t)c->clen;
}

/* What a state comes to: the next one at once, wait for the socket, or open anew. */
enum step { ON, WAIT, REOPEN };

static enum step connecting(struct thread *t, struct conn *c)
{
    int err = 0;
    socklen_t l = sizeof err;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &l);
    if (err) {
        t->neterr++;
        return REOPEN;
    }
    if (c->ssl)
        c->st = HANDSHAKE;
    else
        next_request(t, c);
    return ON;
}

static enum step handshake(struct thread *t, struct conn *c)
{
    int r = SSL_do_handshake(c->ssl);
    if (r == 1) {
        if (measuring) {
            t->hs++;
            t->hs_resumed += SSL_session_reused(c->ssl);
        }
        next_request(t, c);
        return ON;
    }
    if (tls_waits(t, c, r))
        return WAIT;
    if (t->neterr++ == 0 && t->id == 0) {
        fprintf(stderr, "loadgen: handshake failed\n");
        ERR_print_errors_fp(stderr);
    }
    ERR_clear_error();
    return REOPEN;
}

/* Notes when the request began; 0 when its turn (-r) has not come. */
static int begin(struct thread *t, struct conn *c)
{
    uint64_t n = now_ns();
    if (o.rate <= 0) {
        c->t0 = n;
        return 1;
    }
    if (!c->due)
        c->due = n;
    if (n < c->due) {
        want(t, c, 0);
        return 0;
    }
    c->t0 = c->due;
    c->due += (uint64_t)(1e9 * o.conns / o.rate);
    return 1;
}

static enum step writing(struct thread *t, struct conn *c)
{
    ssize_t n;
    if (o.mode == KEEPALIVE && c->outoff == 0 && !begin(t, c))
        return WAIT;
    if (c->ssl) {
        n = SSL_write(c->ssl, c->out + c->outoff, c->outlen - c->outoff);
        if (n <= 0 && tls_waits(t, c, n))
            return WAIT;
        if (n <= 0)
            ERR_clear_error();
    } else {
        n = send(c->fd, c->out + c->outoff, c->outlen - c->outoff, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            want(t, c, EPOLLOUT);
            return WAIT;
        }
    }
    if (n <= 0) {
        t->neterr++;
        return REOPEN;
    }
    c->outoff += n;
    if (c->outoff != c->outlen)
        return ON;
    c->st = READING;
    want(t, c, EPOLLIN);
    return WAIT; /* closed loop: the answer is not there yet */
}

static void count(struct thread *t, struct conn *c)
{
    if (c->status == o.expect)
        t->ok++;
    else if (t->bad++ == 0 && t->id == 0)
        fprintf(stderr, "loadgen: status %d: %.300s\n", c->status, c->buf + c->hdrend);
    t->bytes += c->len;
    t->hist[bucket((now_ns() - c->t0) / 1000)]++;
}

static enum step reading(struct thread *t, struct conn *c)
{
    ssize_t n = io_read(t, c);
    int p;
    if (n == 0)
        return WAIT;
    if (n > 0)
        c->len += n;
    p = n > 0 ? parse(c) : -1;
    if (p < 0) {
        t->neterr++;
        return REOPEN;
    }
    if (p == 0)
        return ON;
    if (measuring)
        count(t, c);
    c->done++;
    if (o.mode != KEEPALIVE || c->close_after || (o.per_conn && c->done >= o.per_conn))
        return REOPEN;
    next_request(t, c);
    return ON;
}

/* As far as the socket goes. */
static void drive(struct thread *t, struct conn *c)
{
    static enum step (*const states[])(struct thread *,
                                       struct conn *) = {[CONNECTING] = connecting,
                                                         [HANDSHAKE] = handshake,
                                                         [WRITING] = writing,
                                                         [READING] = reading};
    enum step step;

    do
        step = states[c->st](t, c);
    while (step == ON);
    if (step == REOPEN) {
        conn_close(c);
        conn_open(t, c);
    }
}

void *worker(void *arg)
{
    struct thread *t = arg;
    t->ep = epoll_create1(EPOLL_CLOEXEC);
    t->c = calloc(t->nconn, sizeof *t->c);
    t->next = t->id * 7919;
    for (int i = 0; i < t->nconn; i++)
        conn_open(t, &t->c[i]);
    int was = 0;
    struct epoll_event ev[256];
    while (!stop) {
        if (measuring && !was) {
            was = 1;
            getrusage(RUSAGE_THREAD, &t->r0);
        }
        int n = epoll_wait(t->ep, ev, 256, o.rate > 0 ? 1 : 50);
        for (int i = 0; i < n; i++)
            drive(t, ev[i].data.ptr);
        if (o.rate > 0) {
            uint64_t x = now_ns();
            for (int i = 0; i < t->nconn; i++) {
                struct conn *c = &t->c[i];
                if (c->st == WRITING && c->ev == 0 && x >= c->due)
                    drive(t, c);
            }
        }
    }
    getrusage(RUSAGE_THREAD, &t->r1);
    for (int i = 0; i < t->nconn; i++)
        conn_close(&t->c[i]);
    return NULL;
}
