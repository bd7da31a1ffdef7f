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
#include <netdb.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loadgen.h"

struct options o = {
    .conns = 64, .threads = 1, .expect = 200, .dur = 5, .warm = 0.5, .path = "/"};
char *reqs[MAXBODY];
size_t reqlen[MAXBODY];
int nreq;
SSL_CTX *ctx;
atomic_int measuring, stop;

void die(const char *m)
{
    fprintf(stderr, "loadgen: %s\n", m);
    ERR_print_errors_fp(stderr);
    exit(2);
}

static char *bodybuf[MAXBODY];
static size_t bodylen[MAXBODY];
static int nbody;

static void add_body(char *p, size_t n)
{
    if (nbody == MAXBODY)
        die("too many bodies");
    bodybuf[nbody] = p;
    bodylen[nbody++] = n;
}

static void body_file(const char *path)
{
    char *p = malloc(1 << 20);
    FILE *f = fopen(path, "r");
    if (!f || !p)
        die("body file");
    add_body(p, fread(p, 1, 1 << 20, f));
    fclose(f);
}

static void read_options(int argc, char **argv)
{
    int ch;
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
        case 'b':
            body_file(optarg);
            break;
        case 'B':
            add_body(optarg, strlen(optarg));
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
}

static void find_target(const char *at)
{
    const char *colon = strrchr(at, ':');
    if (!colon)
        die("HOST:PORT");
    snprintf(o.host, sizeof o.host, "%.*s", (int)(colon - at), at);
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
}

static void make_requests(const char *at)
{
    if (!nbody)
        add_body("", 0);
    if (!o.method)
        o.method = bodylen[0] ? "POST" : "GET";
    for (nreq = 0; nreq < nbody; nreq++) {
        size_t cap = bodylen[nreq] + strlen(o.hdr) + 1024;
        reqs[nreq] = malloc(cap);
        int n = snprintf(reqs[nreq], cap, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", o.method,
                         o.path, at, o.hdr);
        if (bodylen[nreq] || strcmp(o.method, "GET"))
            n += snprintf(reqs[nreq] + n, cap - n, "Content-Length: %zu\r\n",
                          bodylen[nreq]);
        n += snprintf(reqs[nreq] + n, cap - n, "\r\n");
        memcpy(reqs[nreq] + n, bodybuf[nreq], bodylen[nreq]);
        reqlen[nreq] = n + bodylen[nreq];
    }
}

static void make_tls(void)
{
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
    SSL_CTX_set_mode(ctx,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ctx,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (o.mode == RESUME)
        SSL_CTX_sess_set_new_cb(ctx, new_session_cb);
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

static struct thread *th;

/* Warm up, measure, stop; what the servers used meanwhile, in CPU seconds. */
static double measure(double *sec)
{
    th = calloc(o.threads, sizeof *th);
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
    *sec = (now_ns() - a) / 1e9;
    double used = pids_cpu() - cpu0;
    stop = 1;
    for (int i = 0; i < o.threads; i++)
        pthread_join(th[i].th, NULL);
    return used;
}

static double client_cpu(const struct thread *t)
{
    return tv(t->r1.ru_utime) + tv(t->r1.ru_stime) - tv(t->r0.ru_utime) -
           tv(t->r0.ru_stime);
}

/* What all threads saw, printed; whether all of it was good. */
static int report(double sec, double server_cpu)
{
    struct thread s = {0};
    static uint64_t hist[NBUCKET];
    double ccpu = 0;
    for (int i = 0; i < o.threads; i++) {
        s.ok += th[i].ok;
        s.bad += th[i].bad;
        s.neterr += th[i].neterr;
        s.hs += th[i].hs;
        s.hs_resumed += th[i].hs_resumed;
        s.bytes += th[i].bytes;
        ccpu += client_cpu(&th[i]);
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
    double scpu = tot ? server_cpu * 1e6 / tot : 0, cc = tot ? ccpu * 1e6 / tot : 0;
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
    return s.bad + s.neterr == 0;
}

int main(int argc, char **argv)
{
    double sec, server_cpu;

    signal(SIGPIPE, SIG_IGN);
    read_options(argc, argv);
    if (optind + 1 != argc)
        die("one HOST:PORT wanted");
    find_target(argv[optind]);
    make_requests(argv[optind]);
    if (o.tls)
        make_tls();
    server_cpu = measure(&sec);
    return report(sec, server_cpu) ? 0 : 1;
}
