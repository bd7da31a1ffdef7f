#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "authn/signer.h"
#include "crypto/mac.h"

enum { DATE = 8, REGION_MAX = 32, SERVICE_MAX = 16, SECRET_MAX = 256 };

struct kms_signer {
    struct kms_secret *secret;
    pthread_mutex_t lock; /* of what follows */
    struct kms_secret *key;
    char scope[DATE + 1 + REGION_MAX + 1 + SERVICE_MAX]; /* of key */
    size_t n_scope;
};

void kms_signer_free(struct kms_signer *s)
{
    if (s == NULL)
        return;
    kms_secret_free(s->secret);
    kms_secret_free(s->key);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

enum kms_rc kms_signer_new(const struct kms_secret *secret, struct kms_signer **out)
{
    KMS_AUTO(signer) s = calloc(1, sizeof *s);

    if (s == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for an access key");
    pthread_mutex_init(&s->lock, NULL);
    if (kms_secret_view(secret).n > SECRET_MAX)
        return kms_err(KMS_E_CRYPTO, "an access key's secret is too long");
    KMS_TRY(kms_secret_copy(kms_secret_view(secret), &s->secret));
    KMS_TRY(kms_secret_new(KMS_HMAC_SHA256_LEN, &s->key));
    *out = KMS_TAKE(s);
    return KMS_OK;
}

enum kms_rc kms_signer_copy(const struct kms_signer *s, struct kms_signer **out)
{
    return kms_signer_new(s->secret, out);
}

/* The key of a scope: date, Region and service, one HMAC each, and a constant. */
static enum kms_rc derive(const struct kms_signer *s, const struct kms_credential *c,
                          uint8_t out[KMS_HMAC_SHA256_LEN])
{
    const struct kms_bytes steps[] = {
        kms_bytes_of_str(c->date), kms_bytes_of_str(c->region),
        kms_bytes_of_str(c->service), kms_bytes_of_str(KMS_LIT("aws4_request"))};
    struct kms_bytes secret = kms_secret_view(s->secret);
    uint8_t first[4 + SECRET_MAX], next[KMS_HMAC_SHA256_LEN];
    struct kms_bytes with = {first, 4 + secret.n};
    enum kms_rc rc = KMS_OK;

    memcpy(first, "AWS4", 4);
    memcpy(first + 4, secret.p, secret.n);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == KMS_OK; i++) {
        rc = kms_hmac_sha256(with, steps[i], next);
        if (rc == KMS_OK)
            memcpy(out, next, sizeof next);
        with = (struct kms_bytes){out, KMS_HMAC_SHA256_LEN};
    }
    kms_wipe(first, sizeof first);
    kms_wipe(next, sizeof next);
    return rc;
}

/* "20261124/us-east-1/kms"; 0 when it is longer than any scope that is kept. */
static size_t scope_of(const struct kms_credential *c, char *to, size_t max)
{
    size_t n = c->date.n + 1 + c->region.n + 1 + c->service.n;

    if (n > max)
        return 0;
    memcpy(to, c->date.p, c->date.n);
    to += c->date.n;
    *to++ = '/';
    memcpy(to, c->region.p, c->region.n);
    to += c->region.n;
    *to++ = '/';
    memcpy(to, c->service.p, c->service.n);
    return n;
}

static bool recall(struct kms_signer *s, const char *scope, size_t n,
                   uint8_t key[KMS_HMAC_SHA256_LEN])
{
    bool known;

    pthread_mutex_lock(&s->lock);
    known = n != 0 && n == s->n_scope && memcmp(scope, s->scope, n) == 0;
    if (known)
        memcpy(key, kms_secret_view(s->key).p, KMS_HMAC_SHA256_LEN);
    pthread_mutex_unlock(&s->lock);
    return known;
}

static void remember(struct kms_signer *s, const char *scope, size_t n,
                     const uint8_t key[KMS_HMAC_SHA256_LEN])
{
    pthread_mutex_lock(&s->lock);
    memcpy(s->scope, scope, n);
    s->n_scope = n;
    memcpy(kms_secret_fill(s->key), key, KMS_HMAC_SHA256_LEN);
    pthread_mutex_unlock(&s->lock);
}

enum kms_rc kms_signer_sign(struct kms_signer *s, const struct kms_credential *c,
                            struct kms_bytes text, uint8_t out[32])
{
    char scope[sizeof s->scope];
    size_t n = scope_of(c, scope, sizeof scope);
    uint8_t key[KMS_HMAC_SHA256_LEN];
    enum kms_rc rc = KMS_OK;

    if (!recall(s, scope, n, key)) {
        rc = derive(s, c, key);
        if (rc == KMS_OK)
            remember(s, scope, n, key);
    }
    if (rc == KMS_OK)
        rc = kms_hmac_sha256(KMS_BYTES(key), text, out);
    kms_wipe(key, sizeof key);
    return rc;
}
