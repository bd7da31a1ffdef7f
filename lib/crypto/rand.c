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

/*
 * Short draws are made ahead: a call of the generator costs 1.9 us however little it
 * yields, as much as sealing with it. What waits here is no more exposed than the state
 * of the generator beside it, from which the same bytes would come. Each is given out
 * once, and wiped.
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
    struct kms_ossl *o;

    if (n > KMS_AHEAD_MAX)
        return draw(RAND_priv_bytes, out, n);
    KMS_TRY(kms_ossl_get(&o));
    return draw_ahead(&o->secret, RAND_priv_bytes, out, n);
}

enum kms_rc kms_rand_public(uint8_t *out, size_t n)
{
    struct kms_ossl *o;

    if (n > KMS_AHEAD_MAX)
        return draw(RAND_bytes, out, n);
    KMS_TRY(kms_ossl_get(&o));
    return draw_ahead(&o->shown, RAND_bytes, out, n);
}
