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

enum kms_rc kms_rand_public(uint8_t *out, size_t n)
{
    return draw(RAND_bytes, out, n);
}
