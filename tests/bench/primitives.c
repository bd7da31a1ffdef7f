/*
 * primitives.c - what each use of an asymmetric key costs, in microseconds: the figures
 * behind the table in lib/ops/lane.c.
 *
 *   primitives [SECONDS-PER-CELL]
 *
 * One thread, the keyring's own functions below the cache, 32-byte messages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/ecdh.h"
#include "crypto/pkey_crypt.h"
#include "crypto/sign.h"
#include "key/spec.h"

static double per_cell_s = 0.3;
static struct kms_arena *arena;

/* One kind of work on one key. */
struct work {
    struct kms_pkey *key;
    enum kms_key_spec spec;
    struct kms_tbs tbs;
    enum kms_encryption_algorithm_spec encryption;
    struct kms_bytes made; /* the signature or ciphertext to take apart */
};
typedef enum kms_rc work_fn(struct work *w);

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The best of several runs: what others do on the machine only makes it slower. */
static double cost_us(work_fn *fn, struct work *w)
{
    double best = 1e12, end = now_s() + per_cell_s;
    int batch = 1;

    do {
        double begun = now_s(), each;

        for (int i = 0; i < batch; i++) {
            if (fn(w) != KMS_OK) {
                fprintf(stderr, "failed\n");
                exit(1);
            }
        }
        each = (now_s() - begun) / batch * 1e6;
        if (each < best)
            best = each;
        if (each * batch < 2000)
            batch *= 2;
        kms_arena_reset(arena);
    } while (now_s() < end);
    return best;
}

static enum kms_rc do_sign(struct work *w)
{
    struct kms_bytes out;

    return kms_sign_make(w->key, &w->tbs, arena, &out);
}

static enum kms_rc do_verify(struct work *w)
{
    return kms_sign_check(w->key, &w->tbs, w->made);
}

static enum kms_rc do_derive(struct work *w)
{
    struct kms_bytes out;

    return kms_ecdh_derive(w->key, kms_pkey_spki(w->key), arena, &out);
}

static enum kms_rc do_encrypt(struct work *w)
{
    struct kms_bytes out;

    return kms_pkey_encrypt(w->key, w->encryption, w->tbs.message, arena, &out);
}

static enum kms_rc do_decrypt(struct work *w)
{
    struct kms_bytes out;

    return kms_pkey_decrypt(w->key, w->encryption, w->made, arena, &out);
}

static enum kms_rc do_generate(struct work *w)
{
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;

    return kms_pkey_generate(w->spec, &material, &key);
}

static struct kms_bytes kept(struct kms_bytes made)
{
    static uint8_t bytes[8192];

    for (size_t i = 0; i < made.n; i++)
        bytes[i] = made.p[i];
    return (struct kms_bytes){bytes, made.n};
}

static void say(enum kms_key_spec spec, const char *what, const char *alg, double us)
{
    printf("%-22s %-9s %-26s %10.1f\n", kms_key_spec_name(spec), what, alg, us);
    fflush(stdout);
}

static void signatures(struct work *w)
{
    static const uint8_t message[64];
    struct kms_signing_algorithm_spec_list algs = kms_spec_signing(w->spec);

    for (size_t i = 0; i < algs.n; i++) {
        const char *name = kms_signing_algorithm_spec_name(algs.v[i]);
        bool raw = kms_spec_message(algs.v[i], KMS_MESSAGE_TYPE_RAW, 32) == KMS_OK;

        w->tbs = (struct kms_tbs){algs.v[i],
                                  raw ? KMS_MESSAGE_TYPE_RAW : KMS_MESSAGE_TYPE_DIGEST,
                                  {message, raw ? 32 : 64}};
        if (kms_sign_make(w->key, &w->tbs, arena, &w->made) != KMS_OK)
            exit(1);
        w->made = kept(w->made);
        say(w->spec, "sign", name, cost_us(do_sign, w));
        say(w->spec, "verify", name, cost_us(do_verify, w));
    }
}

static void encryptions(struct work *w)
{
    static const uint8_t message[32];
    struct kms_encryption_algorithm_spec_list algs = kms_spec_encryption(w->spec);

    w->tbs.message = KMS_BYTES(message);
    for (size_t i = 0; i < algs.n; i++) {
        const char *name = kms_encryption_algorithm_spec_name(algs.v[i]);

        w->encryption = algs.v[i];
        if (kms_pkey_encrypt(w->key, algs.v[i], w->tbs.message, arena, &w->made) !=
            KMS_OK)
            exit(1);
        w->made = kept(w->made);
        say(w->spec, "encrypt", name, cost_us(do_encrypt, w));
        say(w->spec, "decrypt", name, cost_us(do_decrypt, w));
    }
}

static void one(enum kms_key_spec spec)
{
    struct work w = {.spec = spec};
    KMS_AUTO(secret) material = NULL;
    KMS_AUTO(pkey) key = NULL;

    if (kms_pkey_generate(spec, &material, &key) != KMS_OK)
        return;
    w.key = key;
    signatures(&w);
    encryptions(&w);
    if (kms_spec_agreement(spec).n != 0)
        say(spec, "derive", "ECDH", cost_us(do_derive, &w));
    say(spec, "generate", "", cost_us(do_generate, &w));
}

int main(int argc, char **argv)
{
    if (argc > 1)
        per_cell_s = atof(argv[1]);
    if (kms_arena_new(&arena) != KMS_OK)
        return 1;
    for (int spec = 1; spec < (int)KMS_KEY_SPEC_COUNT; spec++) {
        if (kms_spec_asymmetric((enum kms_key_spec)spec) &&
            kms_pkey_supported((enum kms_key_spec)spec) == KMS_OK)
            one((enum kms_key_spec)spec);
    }
    kms_arena_free(arena);
    return 0;
}
