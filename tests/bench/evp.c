/*
 * evp.c - the library's own sign loop, for kmsd to be measured against: no server, no
 * record, no message, a context that is set up once.
 *
 *   evp ALGORITHM BITS THREADS SECONDS    prints signatures/s and CPU us a signature
 *
 * ALGORITHM is RSA (PKCS#1 v1.5 over SHA-256) or EC (P-256, ECDSA over SHA-256).
 */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static EVP_PKEY *key;
static int rsa;
static atomic_bool stop;
static atomic_ulong signatures;

static void *sign_on(void *arg)
{
    unsigned char digest[32] = {1}, signature[1024];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    unsigned long n = 0;

    (void)arg;
    if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
        (rsa && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1)
        abort();
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        size_t len = sizeof signature;

        if (EVP_PKEY_sign(ctx, signature, &len, digest, sizeof digest) != 1)
            abort();
        n++;
    }
    atomic_fetch_add(&signatures, n);
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    pthread_t threads[64];
    struct timespec left;
    int n;
    double seconds, begun, cpu;

    if (argc != 5 || (n = atoi(argv[3])) < 1 || n > 64) {
        fprintf(stderr, "usage: evp RSA|EC BITS THREADS SECONDS\n");
        return 2;
    }
    rsa = strcmp(argv[1], "RSA") == 0;
    key = rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(argv[2]))
              : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (key == NULL)
        return 1;
    seconds = atof(argv[4]);
    begun = now_s();
    cpu = cpu_s();
    for (int i = 0; i < n; i++) {
        if (pthread_create(&threads[i], NULL, sign_on, NULL) != 0)
            return 1;
    }
    left.tv_sec = (time_t)seconds;
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
    nanosleep(&left, NULL);
    atomic_store(&stop, 1);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    printf("%.1f %.1f\n", (double)atomic_load(&signatures) / (now_s() - begun),
           (cpu_s() - cpu) * 1e6 / (double)atomic_load(&signatures));
    EVP_PKEY_free(key);
    return 0;
}
