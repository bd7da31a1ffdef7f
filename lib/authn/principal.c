#include <string.h>

#include "authn/principal.h"
#include "authn/scope.h"

static bool is_account(struct kms_str s)
{
    if (s.n != 12)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

/* "arn:", partition, ":iam::", account, ":", resource */
static bool split_arn(struct kms_str arn, struct kms_str *partition,
                      struct kms_str *account, struct kms_str *resource)
{
    struct kms_str field[6], rest = arn;

    for (int i = 0; i < 5; i++) {
        const char *at = rest.n != 0 ? memchr(rest.p, ':', rest.n) : NULL;

        if (at == NULL)
            return false;
        field[i] = (struct kms_str){rest.p, (size_t)(at - rest.p)};
        rest = kms_str_skip(rest, field[i].n + 1);
    }
    field[5] = rest;
    if (!kms_str_is(field[0], "arn") || field[1].n == 0 || !kms_str_is(field[2], "iam") ||
        field[3].n != 0 || !is_account(field[4]) || field[5].n == 0)
        return false;
    *partition = field[1];
    *account = field[4];
    *resource = field[5];
    return true;
}

static bool is_principal(struct kms_str resource)
{
    return kms_str_is(resource, "root") ||
           (kms_str_starts(resource, "user/") && resource.n > strlen("user/")) ||
           (kms_str_starts(resource, "role/") && resource.n > strlen("role/"));
}

bool kms_principal_account(struct kms_str arn, struct kms_str *account)
{
    struct kms_str partition, found, resource;

    if (!split_arn(arn, &partition, &found, &resource) || !is_principal(resource))
        return false;
    *account = found;
    return true;
}

enum kms_rc kms_principal_of_peer(const struct kms_identity_rule *rules, size_t n_rules,
                                  struct kms_str partition, const struct kms_peer *peer,
                                  struct kms_str *principal)
{
    struct kms_str arn_partition, account, resource;

    for (size_t i = 0; i < n_rules; i++) {
        struct kms_str text =
            rules[i].match == KMS_MATCH_URI ? peer->uri_san : peer->subject;

        if (text.p != NULL && kms_str_eq(text, rules[i].value)) {
            *principal = rules[i].principal;
            return KMS_OK;
        }
    }
    if (peer->uri_san.p != NULL &&
        split_arn(peer->uri_san, &arn_partition, &account, &resource) &&
        kms_str_eq(arn_partition, partition) && is_principal(resource)) {
        *principal = peer->uri_san;
        return KMS_OK;
    }
    return kms_err(KMS_E_ACCESS_DENIED,
                   "no identity rule names the certificate with subject %.*s",
                   KMS_FMT(peer->subject));
}

static struct kms_str type_of(struct kms_str resource)
{
    if (kms_str_is(resource, "root"))
        return KMS_LIT("Root");
    return kms_str_starts(resource, "role/") ? KMS_LIT("AssumedRole") : KMS_LIT("IAMUser");
}

static enum kms_rc by_certificate(const struct kms_proofs *proofs, struct kms_caller *c)
{
    struct kms_str partition, resource;

    KMS_TRY(kms_principal_of_peer(proofs->rules, proofs->n_rules, proofs->partition,
                                  proofs->peer, &c->principal_arn));
    if (!split_arn(c->principal_arn, &partition, &c->account, &resource))
        return kms_err(KMS_E_ACCESS_DENIED, "%.*s is not a principal",
                       KMS_FMT(c->principal_arn));
    c->type = type_of(resource);
    /* The key, not the name, is what stays the same when a name is given again. */
    c->principal_id = proofs->peer->spki_sha256;
    return KMS_OK;
}

static enum kms_rc by_credential(const struct kms_proofs *proofs, struct kms_arena *a,
                                 const struct kms_credential *credential,
                                 struct kms_caller *c)
{
    struct kms_str akid = credential->access_key_id;

    c->account = is_account(akid) ? akid : proofs->default_account;
    c->type = KMS_LIT("IAMUser");
    c->principal_id = akid;
    return kms_arena_fmt(a, &c->principal_arn, "arn:%.*s:iam::%.*s:user/%.*s",
                         KMS_FMT(proofs->partition), KMS_FMT(c->account), KMS_FMT(akid));
}

enum kms_rc kms_authenticate(const struct kms_proofs *proofs, struct kms_arena *a,
                             struct kms_caller *out)
{
    bool certified = proofs->peer != NULL && proofs->peer->spki_sha256.p != NULL;
    struct kms_caller c = {.region = proofs->default_region};
    struct kms_credential credential = {0};

    if (proofs->authorization.p != NULL) {
        KMS_TRY(kms_credential_parse(proofs->authorization, &credential));
        c.region = credential.region;
        c.access_key_id = credential.access_key_id;
    }
    if (certified && !(proofs->dev && is_account(credential.access_key_id)))
        KMS_TRY(by_certificate(proofs, &c));
    else if (proofs->dev && credential.access_key_id.p != NULL)
        KMS_TRY(by_credential(proofs, a, &credential, &c));
    else
        return kms_err(KMS_E_MISSING_AUTHENTICATION_TOKEN, "Missing Authentication Token");
    *out = c;
    return KMS_OK;
}
