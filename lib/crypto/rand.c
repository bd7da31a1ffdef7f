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

enum kms_rc kms_rand_secret(uint8_t *out, size_t n)
{
    return draw(RAND_priv_bytes, out, n);
}

/*
 * What is shown is drawn ahead: a call of the generator costs as much as a whole sealing,
 * and a request wants two short ones. Each byte is given out once.
 */
enum kms_rc kms_rand_public(uint8_t *out, size_t n)
{
    struct kms_ossl *o;

    if (n > sizeof o->shown)
        return draw(RAND_bytes, out, n);
    KMS_TRY(kms_ossl_get(&o));
    if (n > o->n_shown) {
        KMS_TRY(draw(RAND_bytes, o->shown, sizeof o->shown));
        o->n_shown = sizeof o->shown;
    }
    o->n_shown -= n;
    memcpy(out, o->shown + o->n_shown, n);
    kms_wipe(o->shown + o->n_shown, n);
    return KMS_OK;
}
