#include <pthread.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "crypto/ossl.h"

/* Fetched once and kept for the life of the process; read-only afterwards. */
static struct {
    pthread_once_t once;
    pthread_key_t at_thread_end;
    EVP_MD *sha256;
    EVP_MAC *hmac;
    EVP_CIPHER *gcm;
    bool ready;
} lib = {.once = PTHREAD_ONCE_INIT};

static _Thread_local struct kms_ossl *mine;

static void contexts_free(void *p)
{
    struct kms_ossl *o = p;

    if (o == NULL)
        return;
    EVP_MD_CTX_free(o->sha256);
    EVP_MAC_CTX_free(o->hmac_sha256);
    EVP_CIPHER_CTX_free(o->gcm_seal);
    EVP_CIPHER_CTX_free(o->gcm_open);
    kms_secret_free(o->drawn);
    free(o);
    mine = NULL;
}

static void fetch(void)
{
    lib.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    lib.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    lib.gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    lib.ready = pthread_key_create(&lib.at_thread_end, contexts_free) == 0 &&
                lib.sha256 != NULL && lib.hmac != NULL && lib.gcm != NULL;
}

static KMS_RC contexts_init(struct kms_ossl *o)
{
    static const uint8_t no_key[32];
    OSSL_PARAM digest[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end()};

    KMS_TRY(kms_secret_new(sizeof(struct kms_drawn), &o->drawn));
    o->sha256 = EVP_MD_CTX_new();
    o->hmac_sha256 = EVP_MAC_CTX_new(lib.hmac);
    o->gcm_seal = EVP_CIPHER_CTX_new();
    o->gcm_open = EVP_CIPHER_CTX_new();
    if (o->sha256 == NULL || o->hmac_sha256 == NULL || o->gcm_seal == NULL ||
        o->gcm_open == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a thread's crypto contexts");
    if (EVP_DigestInit_ex2(o->sha256, lib.sha256, NULL) != 1 ||
        EVP_MAC_init(o->hmac_sha256, no_key, sizeof no_key, digest) != 1 ||
        EVP_EncryptInit_ex2(o->gcm_seal, lib.gcm, NULL, NULL, NULL) != 1 ||
        EVP_DecryptInit_ex2(o->gcm_open, lib.gcm, NULL, NULL, NULL) != 1)
        return kms_ossl_err("setting up a thread's crypto contexts");
    return KMS_OK;
}

enum kms_rc kms_ossl_get(struct kms_ossl **out)
{
    struct kms_ossl *o = mine;
    enum kms_rc rc;

    if (o != NULL) {
        *out = o;
        return KMS_OK;
    }
    pthread_once(&lib.once, fetch);
    if (!lib.ready)
        return kms_ossl_err("fetching SHA256, HMAC and AES-256-GCM");
    o = calloc(1, sizeof *o);
    if (o == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a thread's crypto contexts");
    rc = contexts_init(o);
    if (rc == KMS_OK && pthread_setspecific(lib.at_thread_end, o) != 0)
        rc = kms_err(KMS_E_NOMEM, "out of memory for a thread's crypto contexts");
    if (rc != KMS_OK) {
        contexts_free(o);
        return rc;
    }
    mine = o;
    *out = o;
    return KMS_OK;
}

enum kms_rc kms_ossl_sha256(const EVP_MD **out)
{
    pthread_once(&lib.once, fetch);
    if (!lib.ready)
        return kms_ossl_err("fetching SHA256, HMAC and AES-256-GCM");
    *out = lib.sha256;
    return KMS_OK;
}

enum kms_rc kms_ossl_err(const char *what)
{
    unsigned long code = ERR_peek_last_error();
    char text[160] = "no reason given";

    if (code != 0)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return kms_err(KMS_E_CRYPTO, "%s failed: %s", what, text);
}
