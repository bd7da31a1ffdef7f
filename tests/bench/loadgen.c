/*
 * loadgen - small closed-loop HTTP/1.1 load generator with TLS client
 * certificates (OpenSSL + epoll, no pipelining).
 *
 * Usage:  loadgen [options] HOST:PORT
 *   -c N      connections in total (default 64)
 *   -t N      threads; connections are split between them (default 1)
 *   -d SEC    measured duration (default 5; always bounded)
 *   -w SEC    warm-up before measuring (default 0.5)
 *   -s        use TLS
 *   -C FILE   client certificate chain, PEM      -K FILE  client key, PEM
 *   -A FILE   CA file: verify the server (also the name/IP given by -S)
 *   -S NAME   SNI / name to verify (default HOST)
 *   -V 1.2|1.3   force one TLS version (default: newest)
 *   -y LIST   TLS 1.3 ciphersuites (OpenSSL names)   -g LIST  groups
 *   -m MODE   keepalive  many requests on each connection (default)
 *             full       new connection + full handshake for each request
 *             resume     new connection + resumed session for each request
 *   -n N      keepalive mode: close a connection after N requests (0 = never)
 *   -X METHOD (default POST, GET without body)   -u PATH (default /)
 *   -H LINE   extra header line, repeatable
 *   -b FILE   request body; repeatable: bodies are used round-robin
 *   -B STR    request body given on the command line, repeatable
 *   -x CODE   expected status (default 200); any other counts as an error
 *   -r RATE   open-loop pacing: at most RATE requests/s in total (0 = closed)
 *   -p PID    also report the CPU time process PID used (server), repeatable;
 *             children (threads) of PID are included, child processes are not
 *   -q        print one line: rps p50us p99us errs srv_cpu_us cli_cpu_us
 *
 * Output: requests/s, latency percentiles (request write -> response end; in
 * full/resume mode connect -> response end), errors, share of resumed
 * handshakes, CPU microseconds a request on the client and the server side.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SUB 64 /* sub-buckets a power of two: ~1.6 % error */
#define NBUCKET (40 * SUB)
#define MAXBODY 4096
#define MAXPID 16

enum mode { KEEPALIVE, FULL, RESUME };
enum state { CONNECTING, HANDSHAKE, WRITING, READING };

static struct {
    int conns, threads, tls, expect, quiet;
    double dur, warm, rate;
    const char *cert, *key, *ca, *sni, *ver, *suites, *groups, *method, *path;
    enum mode mode;
    long per_conn;
    char hdr[8192];
    int npid;
    pid_t pid[MAXPID];
    struct sockaddr_storage sa;
    socklen_t salen;
    char host[256];
} o = {.conns = 64, .threads = 1, .expect = 200, .dur = 5, .warm = 0.5, .path = "/"};

static char *reqs[MAXBODY];
static size_t reqlen[MAXBODY];
static int nreq;
static SSL_CTX *ctx;
static atomic_int measuring, stop;

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

struct thread {
    pthread_t th;
    int nconn, id;
    unsigned next;
    struct conn *c;
    int ep;
    uint64_t ok, bad, neterr, hs, hs_resumed, bytes;
    uint32_t hist[NBUCKET];
    struct rusage r0, r1;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

static void die(const char *m)
{
    fprintf(stderr, "loadgen: %s\n", m);
    ERR_print_errors_fp(stderr);
    exit(2);
}

static unsigned bucket(uint64_t us)
{
    if (us < SUB)
        return us;
    unsigned e = 63 - __builtin_clzll(us); /* >= 6 */
    unsigned b = (e - 5) * SUB + ((us >> (e - 6)) & (SUB - 1));
    return b < NBUCKET ? b : NBUCKET - 1;
}
static double bucket_us(unsigned b)
{
    if (b < SUB)
        return b;
    unsigned e = b / SUB + 5;
    return (double)((uint64_t)(SUB + b % SUB) << (e - 6));
}

static int new_session_cb(SSL *s, SSL_SESSION *sess)
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

static int drive(struct thread *t, struct conn *c);

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

/* >0 bytes, 0 would block, -1 closed/error */
static ssize_t io_read(struct thread *t, struct conn *c)
{
    size_t room = sizeof c->buf - 1 - c->len;
    ssize_t n;
    if (c->ssl) {
        n = SSL_read(c->ssl, c->buf + c->len, room);
        if (n > 0)
            return n;
        int e = SSL_get_error(c->ssl, n);
        if (e == SSL_ERROR_WANT_READ) {
            want(t, c, EPOLLIN);
            return 0;
        }
        if (e == SSL_ERROR_WANT_WRITE) {
            want(t, c, EPOLLOUT);
            return 0;
        }
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

/* returns -1 when the connection must be reopened */
static int drive(struct thread *t, struct conn *c)
{
    for (;;) {
        switch (c->st) {
        case CONNECTING: {
            int err = 0;
            socklen_t l = sizeof err;
            getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &l);
            if (err) {
                t->neterr++;
                return -1;
            }
            if (c->ssl)
                c->st = HANDSHAKE;
            else
                next_request(t, c);
            break;
        }
        case HANDSHAKE: {
            int r = SSL_do_handshake(c->ssl);
            if (r == 1) {
                if (measuring) {
                    t->hs++;
                    t->hs_resumed += SSL_session_reused(c->ssl);
                }
                next_request(t, c);
                break;
            }
            int e = SSL_get_error(c->ssl, r);
            if (e == SSL_ERROR_WANT_READ) {
                want(t, c, EPOLLIN);
                return 0;
            }
            if (e == SSL_ERROR_WANT_WRITE) {
                want(t, c, EPOLLOUT);
                return 0;
            }
            if (t->neterr++ == 0 && t->id == 0) {
                fprintf(stderr, "loadgen: handshake failed\n");
                ERR_print_errors_fp(stderr);
            }
            ERR_clear_error();
            return -1;
        }
        case WRITING: {
            if (o.mode == KEEPALIVE && c->outoff == 0) {
                uint64_t n = now_ns();
                if (o.rate > 0) {
                    if (!c->due)
                        c->due = n;
                    if (n < c->due) {
                        want(t, c, 0);
                        return 0;
                    }
                    c->t0 = c->due;
                    c->due += (uint64_t)(1e9 * o.conns / o.rate);
                } else
                    c->t0 = n;
            }
            ssize_t n;
            if (c->ssl) {
                n = SSL_write(c->ssl, c->out + c->outoff, c->outlen - c->outoff);
                if (n <= 0) {
                    int e = SSL_get_error(c->ssl, n);
                    if (e == SSL_ERROR_WANT_WRITE) {
                        want(t, c, EPOLLOUT);
                        return 0;
                    }
                    if (e == SSL_ERROR_WANT_READ) {
                        want(t, c, EPOLLIN);
                        return 0;
                    }
                    ERR_clear_error();
                    t->neterr++;
                    return -1;
                }
            } else {
                n = send(c->fd, c->out + c->outoff, c->outlen - c->outoff, MSG_NOSIGNAL);
                if (n < 0) {
                    if (errno == EAGAIN) {
                        want(t, c, EPOLLOUT);
                        return 0;
                    }
                    t->neterr++;
                    return -1;
                }
            }
            c->outoff += n;
            if (c->outoff == c->outlen) {
                c->st = READING;
                want(t, c, EPOLLIN);
                return 0; /* closed loop: the answer is not there yet */
            }
            break;
        }
        case READING: {
            ssize_t n = io_read(t, c);
            if (n == 0)
                return 0;
            if (n < 0) {
                t->neterr++;
                return -1;
            }
            c->len += n;
            int p = parse(c);
            if (p < 0) {
                t->neterr++;
                return -1;
            }
            if (p == 0)
                break;
            if (measuring) {
                if (c->status == o.expect)
                    t->ok++;
                else if (t->bad++ == 0 && t->id == 0)
                    fprintf(stderr, "loadgen: status %d: %.300s\n", c->status,
                            c->buf + c->hdrend);
                t->bytes += c->len;
                t->hist[bucket((now_ns() - c->t0) / 1000)]++;
            }
            c->done++;
            if (o.mode != KEEPALIVE || c->close_after ||
                (o.per_conn && c->done >= o.per_conn))
                return -1;
            next_request(t, c);
            break;
        }
        }
    }
}

static void *worker(void *arg)
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
        for (int i = 0; i < n; i++) {
            struct conn *c = ev[i].data.ptr;
            if (drive(t, c) < 0) {
                conn_close(c);
                conn_open(t, c);
            }
        }
        if (o.rate > 0) {
            uint64_t x = now_ns();
            for (int i = 0; i < t->nconn; i++) {
                struct conn *c = &t->c[i];
                if (c->st == WRITING && c->ev == 0 && x >= c->due)
                    if (drive(t, c) < 0) {
                        conn_close(c);
                        conn_open(t, c);
                    }
            }
        }
    }
    getrusage(RUSAGE_THREAD, &t->r1);
    for (int i = 0; i < t->nconn; i++)
        conn_close(&t->c[i]);
    return NULL;
}

static double pid_cpu(pid_t p)
{
    char path[64], buf[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)p);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    size_t n = fread(buf, 1, sizeof buf - 1, f);
    fclose(f);
    buf[n] = 0;
    char *q = strrchr(buf, ')');
    unsigned long ut = 0, st = 0;
    if (q)
        sscanf(q + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &ut, &st);
    return (double)(ut + st) / sysconf(_SC_CLK_TCK);
}
static double pids_cpu(void)
{
    double s = 0;
    for (int i = 0; i < o.npid; i++)
        s += pid_cpu(o.pid[i]);
    return s;
}

static double tv(struct timeval a)
{
    return a.tv_sec + a.tv_usec / 1e6;
}

static char *bodybuf[MAXBODY];
static size_t bodylen[MAXBODY];
static int nbody;

int main(int argc, char **argv)
{
    int ch;
    signal(SIGPIPE, SIG_IGN);
    while ((ch = getopt(argc, argv, "c:t:d:w:sC:K:A:S:V:y:g:m:n:X:u:H:b:B:x:r:p:q")) !=
           -1)
        switch (ch) {
        case 'c':
            o.conns = atoi(optarg);
            break;
        case 't':
            o.threads = atoi(optarg);
            break;
        case 'd':
            o.dur = atof(optarg);
            break;
        case 'w':
            o.warm = atof(optarg);
            break;
        case 's':
            o.tls = 1;
            break;
        case 'C':
            o.cert = optarg;
            break;
        case 'K':
            o.key = optarg;
            break;
        case 'A':
            o.ca = optarg;
            break;
        case 'S':
            o.sni = optarg;
            break;
        case 'V':
            o.ver = optarg;
            break;
        case 'y':
            o.suites = optarg;
            break;
        case 'g':
            o.groups = optarg;
            break;
        case 'm':
            o.mode = !strcmp(optarg, "full")     ? FULL
                     : !strcmp(optarg, "resume") ? RESUME
                                                 : KEEPALIVE;
            break;
        case 'n':
            o.per_conn = atol(optarg);
            break;
        case 'X':
            o.method = optarg;
            break;
        case 'u':
            o.path = optarg;
            break;
        case 'H':
            if (strlen(o.hdr) + strlen(optarg) + 3 > sizeof o.hdr)
                die("headers too long");
            strcat(o.hdr, optarg);
            strcat(o.hdr, "\r\n");
            break;
        case 'b': {
            if (nbody == MAXBODY)
                die("too many bodies");
            FILE *f = fopen(optarg, "r");
            if (!f)
                die("body file");
            bodybuf[nbody] = malloc(1 << 20);
            bodylen[nbody] = fread(bodybuf[nbody], 1, 1 << 20, f);
            fclose(f);
            nbody++;
            break;
        }
        case 'B':
            if (nbody == MAXBODY)
                die("too many bodies");
            bodybuf[nbody] = optarg;
            bodylen[nbody++] = strlen(optarg);
            break;
        case 'x':
            o.expect = atoi(optarg);
            break;
        case 'r':
            o.rate = atof(optarg);
            break;
        case 'p':
            if (o.npid < MAXPID)
                o.pid[o.npid++] = atoi(optarg);
            break;
        case 'q':
            o.quiet = 1;
            break;
        default:
            die("see the usage at the head of loadgen.c");
        }
    if (optind + 1 != argc)
        die("one HOST:PORT wanted");
    char *colon = strrchr(argv[optind], ':');
    if (!colon)
        die("HOST:PORT");
    snprintf(o.host, sizeof o.host, "%.*s", (int)(colon - argv[optind]), argv[optind]);
    if (!o.sni)
        o.sni = o.host;
    struct addrinfo hi = {.ai_socktype = SOCK_STREAM}, *ai;
    if (getaddrinfo(o.host, colon + 1, &hi, &ai))
        die("cannot resolve host");
    memcpy(&o.sa, ai->ai_addr, ai->ai_addrlen);
    o.salen = ai->ai_addrlen;
    if (o.threads > o.conns)
        o.threads = o.conns;
    if (o.dur > 600)
        o.dur = 600;

    if (!nbody) {
        bodybuf[0] = "";
        bodylen[0] = 0;
        nbody = 1;
    }
    if (!o.method)
        o.method = bodylen[0] ? "POST" : "GET";
    for (nreq = 0; nreq < nbody; nreq++) {
        size_t cap = bodylen[nreq] + strlen(o.hdr) + 1024;
        reqs[nreq] = malloc(cap);
        int n = snprintf(reqs[nreq], cap, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", o.method,
                         o.path, argv[optind], o.hdr);
        if (bodylen[nreq] || strcmp(o.method, "GET"))
            n += snprintf(reqs[nreq] + n, cap - n, "Content-Length: %zu\r\n",
                          bodylen[nreq]);
        n += snprintf(reqs[nreq] + n, cap - n, "\r\n");
        memcpy(reqs[nreq] + n, bodybuf[nreq], bodylen[nreq]);
        reqlen[nreq] = n + bodylen[nreq];
    }

    if (o.tls) {
        ctx = SSL_CTX_new(TLS_client_method());
        if (o.ver) {
            int v = !strcmp(o.ver, "1.2") ? TLS1_2_VERSION : TLS1_3_VERSION;
            SSL_CTX_set_min_proto_version(ctx, v);
            SSL_CTX_set_max_proto_version(ctx, v);
        }
        if (o.suites && !SSL_CTX_set_ciphersuites(ctx, o.suites))
            die("ciphersuites");
        if (o.groups && !SSL_CTX_set1_groups_list(ctx, o.groups))
            die("groups");
        if (o.cert && SSL_CTX_use_certificate_chain_file(ctx, o.cert) != 1)
            die("certificate");
        if (o.key && SSL_CTX_use_PrivateKey_file(ctx, o.key, SSL_FILETYPE_PEM) != 1)
            die("key");
        if (o.ca) {
            if (!SSL_CTX_load_verify_locations(ctx, o.ca, NULL))
                die("CA file");
            SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
        }
        SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
                                                SSL_SESS_CACHE_NO_INTERNAL);
        if (o.mode == RESUME)
            SSL_CTX_sess_set_new_cb(ctx, new_session_cb);
    }

    struct thread *th = calloc(o.threads, sizeof *th);
    for (int i = 0; i < o.threads; i++) {
        th[i].id = i;
        th[i].nconn = o.conns / o.threads + (i < o.conns % o.threads);
        pthread_create(&th[i].th, NULL, worker, &th[i]);
    }
    usleep((useconds_t)(o.warm * 1e6));
    uint64_t a = now_ns();
    double cpu0 = pids_cpu();
    measuring = 1;
    usleep((useconds_t)(o.dur * 1e6));
    measuring = 0;
    double sec = (now_ns() - a) / 1e9;
    double cpu1 = pids_cpu();
    stop = 1;
    struct thread s = {0};
    static uint64_t hist[NBUCKET];
    double ccpu = 0;
    for (int i = 0; i < o.threads; i++) {
        pthread_join(th[i].th, NULL);
        s.ok += th[i].ok;
        s.bad += th[i].bad;
        s.neterr += th[i].neterr;
        s.hs += th[i].hs;
        s.hs_resumed += th[i].hs_resumed;
        s.bytes += th[i].bytes;
        ccpu += tv(th[i].r1.ru_utime) + tv(th[i].r1.ru_stime) - tv(th[i].r0.ru_utime) -
                tv(th[i].r0.ru_stime);
        for (int b = 0; b < NBUCKET; b++)
            hist[b] += th[i].hist[b];
    }
    uint64_t tot = s.ok + s.bad, acc = 0;
    double pct[4] = {0.5, 0.9, 0.99, 0.999}, val[4] = {0}, max = 0;
    for (int b = 0, k = 0; b < NBUCKET; b++) {
        acc += hist[b];
        while (k < 4 && tot && acc >= pct[k] * tot)
            val[k++] = bucket_us(b);
        if (hist[b])
            max = bucket_us(b);
    }
    double scpu = tot ? (cpu1 - cpu0) * 1e6 / tot : 0, cc = tot ? ccpu * 1e6 / tot : 0;
    if (o.quiet)
        printf("%.0f %.0f %.0f %llu %.1f %.1f\n", s.ok / sec, val[0], val[2],
               (unsigned long long)(s.bad + s.neterr), scpu, cc);
    else {
        printf("requests/s %.0f  (ok %llu, bad status %llu, net errors %llu, %.2f s)\n",
               s.ok / sec, (unsigned long long)s.ok, (unsigned long long)s.bad,
               (unsigned long long)s.neterr, sec);
        printf("latency us  p50 %.0f  p90 %.0f  p99 %.0f  p99.9 %.0f  max %.0f\n", val[0],
               val[1], val[2], val[3], max);
        if (s.hs)
            printf("handshakes/s %.0f  resumed %.1f %%\n", s.hs / sec,
                   100.0 * s.hs_resumed / s.hs);
        printf("cpu us/request  client %.1f  server %.1f\n", cc, scpu);
    }
    return s.bad + s.neterr ? 1 : 0;
}
