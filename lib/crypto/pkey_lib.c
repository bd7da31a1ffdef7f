#include <pthread.h>

#include <openssl/err.h>

#include "crypto/pkey_lib.h"

/* Kept for the life of the process; read-only after the first call. */
static struct kms_pkey_lib lib;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool has_signature(const char *name)
{
    EVP_SIGNATURE *s = EVP_SIGNATURE_fetch(NULL, name, NULL);

    EVP_SIGNATURE_free(s);
    return s != NULL;
}

static void fetch(void)
{
    lib.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    lib.sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
    lib.sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
    lib.sm3 = has_signature("SM2") ? EVP_MD_fetch(NULL, "SM3", NULL) : NULL;
    lib.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    lib.kwp = EVP_CIPHER_fetch(NULL, "AES-256-WRAP-PAD", NULL);
    lib.ml_dsa = has_signature("ML-DSA-44") && has_signature("ML-DSA-65") &&
                 has_signature("ML-DSA-87");
    /* An instance of the ED25519 algorithm, which cannot be fetched by name in 3.2. */
    lib.ed25519ph = OPENSSL_version_major() > 3 ||
                    (OPENSSL_version_major() == 3 && OPENSSL_version_minor() >= 2);
    ERR_clear_error();
}

const struct kms_pkey_lib *kms_pkey_lib(void)
{
    pthread_once(&once, fetch);
    return &lib;
}
