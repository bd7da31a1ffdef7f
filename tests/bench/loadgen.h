/* loadgen.h - what the two halves of loadgen share: options, requests, and what a thread
 * saw. */
#ifndef LOADGEN_H
#define LOADGEN_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define SUB 64 /* sub-buckets a power of two: ~1.6 % error */
#define NBUCKET (40 * SUB)
#define MAXBODY 4096
#define MAXPID 16

enum mode { KEEPALIVE, FULL, RESUME };

/* The command line, as the head of loadgen.c tells it. */
struct options {
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
};

struct conn;

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

/* loadgen.c; set before the threads start */
extern struct options o;
extern char *reqs[MAXBODY];
extern size_t reqlen[MAXBODY];
extern int nreq;
extern SSL_CTX *ctx;
extern atomic_int measuring, stop;
void die(const char *m);

/* loadgen_conn.c */
uint64_t now_ns(void);
double bucket_us(unsigned b);
int new_session_cb(SSL *s, SSL_SESSION *sess);
void *worker(void *arg); /* a struct thread, with id and nconn */

#endif
