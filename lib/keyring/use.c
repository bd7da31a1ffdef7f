#include "crypto/ecdh.h"
#include "crypto/pkey_crypt.h"
#include "crypto/sign.h"
#include "crypto/sign_mac.h"
#include "key/spec.h"
#include "keyring/use.h"
#include "keyring/version.h"

/* The live key of key; one reference to what holds it. */
static KMS_RC live_of(struct kms_keyring *kr, const struct kms_key *key,
                      struct kms_material **m)
{
    if (!kms_spec_asymmetric(key->spec))
        return kms_err(KMS_E_UNSUPPORTED_OPERATION, "Key spec %s has no key pair.",
                       kms_key_spec_name(key->spec));
    return kms_version_open_current(kr, key, m);
}

static struct kms_tbs tbs_of(const struct kms_signing *what)
{
    return (struct kms_tbs){what->alg, what->type, what->message};
}

enum kms_rc kms_keyring_sign(struct kms_keyring *kr, const struct kms_key *key,
                             const struct kms_signing *what, struct kms_arena *a,
                             struct kms_bytes *signature)
{
    const struct kms_tbs tbs = tbs_of(what);
    KMS_AUTO(material) m = NULL;

    KMS_TRY(live_of(kr, key, &m));
    return kms_sign_make(m->live, &tbs, a, signature);
}

enum kms_rc kms_keyring_verify(struct kms_keyring *kr, const struct kms_key *key,
                               const struct kms_signing *what, struct kms_bytes signature)
{
    const struct kms_tbs tbs = tbs_of(what);
    KMS_AUTO(material) m = NULL;

    KMS_TRY(live_of(kr, key, &m));
    return kms_sign_check(m->live, &tbs, signature);
}

/* The bytes of an HMAC key that may use alg; one reference to what holds them. */
static KMS_RC mac_key_of(struct kms_keyring *kr, const struct kms_key *key,
                         enum kms_mac_algorithm_spec alg, struct kms_material **m)
{
    KMS_TRY(kms_spec_macs(key->spec, alg));
    return kms_version_open_current(kr, key, m);
}

enum kms_rc kms_keyring_mac(struct kms_keyring *kr, const struct kms_key *key,
                            enum kms_mac_algorithm_spec alg, struct kms_bytes message,
                            struct kms_arena *a, struct kms_bytes *mac)
{
    KMS_AUTO(material) m = NULL;

    KMS_TRY(mac_key_of(kr, key, alg, &m));
    return kms_sign_mac(alg, kms_secret_view(m->secret), message, a, mac);
}

enum kms_rc kms_keyring_verify_mac(struct kms_keyring *kr, const struct kms_key *key,
                                   enum kms_mac_algorithm_spec alg,
                                   struct kms_bytes message, struct kms_bytes mac)
{
    KMS_AUTO(material) m = NULL;

    KMS_TRY(mac_key_of(kr, key, alg, &m));
    return kms_sign_mac_check(alg, kms_secret_view(m->secret), message, mac);
}

enum kms_rc kms_keyring_derive(struct kms_keyring *kr, const struct kms_key *key,
                               struct kms_bytes peer, struct kms_arena *a,
                               struct kms_bytes *secret)
{
    KMS_AUTO(material) m = NULL;

    KMS_TRY(live_of(kr, key, &m));
    return kms_ecdh_derive(m->live, peer, a, secret);
}

enum kms_rc kms_keyring_public_key(struct kms_keyring *kr, const struct kms_key *key,
                                   struct kms_arena *a, struct kms_bytes *spki)
{
    KMS_AUTO(material) m = NULL;

    KMS_TRY(live_of(kr, key, &m));
    return kms_arena_bytes(a, kms_pkey_spki(m->live), spki);
}

enum kms_rc kms_keyring_encrypt_public(struct kms_keyring *kr, const struct kms_key *key,
                                       enum kms_encryption_algorithm_spec alg,
                                       struct kms_bytes plain, struct kms_arena *a,
                                       struct kms_bytes *cipher)
{
    KMS_AUTO(material) m = NULL;

    KMS_TRY(live_of(kr, key, &m));
    return kms_pkey_encrypt(m->live, alg, plain, a, cipher);
}

enum kms_rc kms_keyring_decrypt_private(struct kms_keyring *kr, const struct kms_key *key,
                                        enum kms_encryption_algorithm_spec alg,
                                        struct kms_bytes cipher, struct kms_arena *a,
                                        struct kms_bytes *plain)
{
    KMS_AUTO(material) m = NULL;

    KMS_TRY(live_of(kr, key, &m));
    return kms_pkey_decrypt(m->live, alg, cipher, a, plain);
}
