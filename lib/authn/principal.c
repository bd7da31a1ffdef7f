#include <string.h>

#include "authn/principal.h"
#include "authn/sigv4.h"
#include "crypto/digest.h"
#include "policy/who.h"

static bool is_account(struct kms_str s)
{
    if (s.n != 12)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

/* Fields of arn:<partition>:<iam or sts>::<account>:<resource>. */
static bool split_arn(struct kms_str arn, struct kms_str *account,
                      struct kms_str *resource)
{
    struct kms_str field[5], rest = arn;
    struct kms_who who;

    if (!kms_who_parse(arn, &who) ||
        (who.form != KMS_WHO_ARN && who.form != KMS_WHO_ROOT))
        return false;
    for (int i = 0; i < 5; i++) {
        const char *at = memchr(rest.p, ':', rest.n);

        field[i] = (struct kms_str){rest.p, (size_t)(at - rest.p)};
        rest = kms_str_skip(rest, field[i].n + 1);
    }
    *account = field[4];
    *resource = rest;
    return true;
}

bool kms_principal_account(struct kms_str arn, struct kms_str *account)
{
    struct kms_str resource;

    return split_arn(arn, account, &resource);
}

static struct kms_str type_of(struct kms_str resource)
{
    if (kms_str_is(resource, "root"))
        return KMS_LIT("Root");
    if (kms_str_starts(resource, "user/"))
        return KMS_LIT("IAMUser");
    return kms_str_starts(resource, "federated-user/") ? KMS_LIT("FederatedUser")
                                                       : KMS_LIT("AssumedRole");
}

/* principal_id: a key or a key's id, for names are given again and those are not. */
static enum kms_rc name(struct kms_str arn, struct kms_str principal_id,
                        struct kms_caller *c)
{
    struct kms_str resource;

    if (!split_arn(arn, &c->account, &resource))
        return kms_err(KMS_E_ACCESS_DENIED, "%.*s is not a principal", KMS_FMT(arn));
    c->principal_arn = arn;
    c->type = type_of(resource);
    c->principal_id = principal_id;
    return KMS_OK;
}

static enum kms_rc invalid_token(void)
{
    return kms_err(KMS_E_UNRECOGNIZED_CLIENT,
                   "The security token included in the request is invalid.");
}

static enum kms_rc missing_token(void)
{
    return kms_err(KMS_E_MISSING_AUTHENTICATION_TOKEN, "Missing Authentication Token");
}

/* Sessions have a token and long-term keys have none. */
static bool token_fits(struct kms_bytes expected, struct kms_str sent)
{
    uint8_t digest[KMS_SHA256_LEN];

    if (expected.p == NULL || sent.p == NULL)
        return expected.p == NULL && sent.p == NULL;
    return kms_sha256(kms_bytes_of_str(sent), digest) == KMS_OK &&
           expected.n == sizeof digest && kms_ct_equal(expected.p, digest, sizeof digest);
}

/* What one request proves. */
struct proof {
    const struct kms_proofs *with;
    struct kms_arena *arena;
    struct kms_signature signature;
    bool is_signed; /* signature is there, good or not */
    bool known;     /* and so is its access key, in access */
    struct kms_access access;
    bool certified;
    struct kms_peer_identity certificate;
};

static enum kms_rc look_at_signature(struct proof *p)
{
    const struct kms_proofs *with = p->with;
    enum kms_rc rc;

    p->is_signed = kms_signature_there(with->request);
    if (!p->is_signed)
        return KMS_OK;
    KMS_TRY(kms_signature_parse(with->request, p->arena, &p->signature));
    if (with->access == NULL)
        return KMS_OK;
    rc = with->access->find(with->access->arg, p->signature.credential.access_key_id,
                            &p->access);
    p->known = rc == KMS_OK;
    return rc == KMS_E_NOT_FOUND ? KMS_OK : rc;
}

/* A key without a signer is one of the dev profile, which believes whoever names it. */
static enum kms_rc verify_signature(const struct proof *p)
{
    const struct kms_access *access = &p->access;

    if (!p->known || (access->signer == NULL && p->with->dev))
        return KMS_OK;
    if (access->signer == NULL ||
        !token_fits(access->token_sha256, p->signature.session_token))
        return invalid_token();
    if (access->expires_ms != 0 && access->expires_ms <= p->with->now_ms)
        return kms_err(KMS_E_EXPIRED_TOKEN,
                       "The security token included in the request is expired");
    return kms_signature_verify(&p->signature, p->with->request, access->signer,
                                p->with->now_ms, p->arena);
}

static enum kms_rc look_at_certificate(struct proof *p)
{
    const struct kms_peer *peer = p->with->request->peer;

    if (peer == NULL || peer->spki_sha256.p == NULL ||
        p->with->wanted == KMS_PROOF_SIGNATURE)
        return KMS_OK;
    KMS_TRY(kms_principal_of_peer(p->with->rules, p->with->n_rules, p->with->partition,
                                  peer, p->arena, &p->certificate));
    p->certified = true;
    return KMS_OK;
}

static bool may_sign(struct kms_str pattern, struct kms_str arn)
{
    if (pattern.p == NULL)
        return false;
    if (pattern.n != 0 && pattern.p[pattern.n - 1] == '*')
        return arn.n >= pattern.n - 1 && memcmp(arn.p, pattern.p, pattern.n - 1) == 0;
    return kms_str_eq(pattern, arn);
}

/* Certificate and signature are one caller, or the certificate's rule says otherwise. */
static enum kms_rc agree(const struct proof *p)
{
    const struct kms_peer_identity *c = &p->certificate;

    if (kms_str_eq(c->principal, p->access.principal) ||
        may_sign(c->signs_for, p->access.principal))
        return KMS_OK;
    return kms_err(KMS_E_ACCESS_DENIED,
                   "The certificate is of %.*s and the signature of %.*s.",
                   KMS_FMT(c->principal), KMS_FMT(p->access.principal));
}

static enum kms_rc by_signature(const struct proof *p, struct kms_proven *out)
{
    out->signed_by_key = p->access.signer != NULL;
    out->issued_ms = p->access.issued_ms;
    return name(p->access.principal, p->signature.credential.access_key_id, &out->caller);
}

/* Dev: whoever names an access key nobody has issued is the user of that name. */
static enum kms_rc by_name(const struct proof *p, struct kms_proven *out)
{
    struct kms_str id = p->signature.credential.access_key_id, arn;
    struct kms_str account = is_account(id) ? id : p->with->default_account;

    KMS_TRY(kms_arena_fmt(p->arena, &arn, "arn:%.*s:iam::%.*s:user/%.*s",
                          KMS_FMT(p->with->partition), KMS_FMT(account), KMS_FMT(id)));
    if (name(arn, id, &out->caller) == KMS_OK)
        return KMS_OK;
    return invalid_token();
}

/* The dev profile: any credential, else the certificate. */
static enum kms_rc decide_dev(const struct proof *p, struct kms_proven *out)
{
    bool named = p->is_signed && !p->known;

    if (p->known && p->access.signer == NULL)
        return by_signature(p, out);
    if (named && (!p->certified || is_account(p->signature.credential.access_key_id)))
        return by_name(p, out);
    if (p->known && p->certified)
        KMS_TRY(agree(p));
    if (p->known)
        return by_signature(p, out);
    return p->certified ? name(p->certificate.principal,
                               p->with->request->peer->spki_sha256, &out->caller)
                        : missing_token();
}

static enum kms_rc decide(const struct proof *p, struct kms_proven *out)
{
    enum kms_proof wanted = p->with->wanted;
    bool sign = wanted == KMS_PROOF_SIGNATURE || wanted == KMS_PROOF_BOTH ||
                (wanted == KMS_PROOF_EITHER && !p->certified);

    if (sign && !p->known)
        return p->is_signed ? invalid_token() : missing_token();
    if ((wanted == KMS_PROOF_CERTIFICATE || wanted == KMS_PROOF_BOTH) && !p->certified)
        return missing_token();
    if (p->known && p->certified)
        KMS_TRY(agree(p));
    if (p->known)
        return by_signature(p, out);
    return name(p->certificate.principal, p->with->request->peer->spki_sha256,
                &out->caller);
}

enum kms_rc kms_authenticate(const struct kms_proofs *proofs, struct kms_arena *a,
                             struct kms_proven *out)
{
    struct proof p = {.with = proofs, .arena = a};
    struct kms_proven proven = {.caller = {.region = proofs->default_region}};

    KMS_TRY(look_at_signature(&p));
    KMS_TRY(verify_signature(&p));
    KMS_TRY(look_at_certificate(&p));
    if (p.is_signed) {
        proven.caller.region = p.signature.credential.region;
        proven.caller.access_key_id = p.signature.credential.access_key_id;
    }
    KMS_TRY(proofs->dev ? decide_dev(&p, &proven) : decide(&p, &proven));
    *out = proven;
    return KMS_OK;
}
