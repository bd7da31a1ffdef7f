#include <string.h>

#include <openssl/rand.h>

#include "crypto/ossl.h"
#include "crypto/rand.h"

static KMS_RC draw(int (*from)(unsigned char *, int), uint8_t *out, size_t n)
{
    if (n > KMS_OSSL_LEN_MAX)
        return kms_err(KMS_E_CRYPTO, "%zu random bytes at once", n);
    if (from(out, (int)n) == 1)
        return KMS_OK;
    kms_wipe(out, n);
    return kms_ossl_err("the random generator");
}

/* A draw of more than this goes past what is drawn ahead. */
enum { AHEAD_MAX = 64 };

static KMS_RC drawn(struct kms_drawn **out)
{
    struct kms_ossl *o;

    KMS_TRY(kms_ossl_get(&o));
    *out = (struct kms_drawn *)(void *)kms_secret_fill(o->drawn);
    return KMS_OK;
}

/*
 * Short draws are made ahead: a call of the generator costs 1.9 us however little it
 * yields, as much as sealing with it. What waits here is less exposed than the state of
 * the generator, from which the same bytes would come. Each is given out once, and wiped.
 */
static KMS_RC draw_ahead(struct kms_ahead *a, int (*from)(unsigned char *, int),
                         uint8_t *out, size_t n)
{
    if (n > a->n) {
        KMS_TRY(draw(from, a->bytes, sizeof a->bytes));
        a->n = sizeof a->bytes;
    }
    a->n -= n;
    memcpy(out, a->bytes + a->n, n);
    kms_wipe(a->bytes + a->n, n);
    return KMS_OK;
}

enum kms_rc kms_rand_secret(uint8_t *out, size_t n)
{
    struct kms_drawn *d;

    if (n > AHEAD_MAX)
        return draw(RAND_priv_bytes, out, n);
    KMS_TRY(drawn(&d));
    return draw_ahead(&d->secret, RAND_priv_bytes, out, n);
}

enum kms_rc kms_rand_public(uint8_t *out, size_t n)
{
    struct kms_drawn *d;

    if (n > AHEAD_MAX)
        return draw(RAND_bytes, out, n);
    KMS_TRY(drawn(&d));
    return draw_ahead(&d->shown, RAND_bytes, out, n);
}
