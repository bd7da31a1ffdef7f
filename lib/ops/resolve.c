#include <string.h>

#include "key/ident.h"
#include "ops/alias.h"
#include "ops/request.h"
#include "ops/resolve.h"
#include "policy/decide.h"
#include "store/aliases.h"
#include "store/keys.h"

enum kms_rc kms_resolve_denied(struct kms_call *call, const struct kms_key_rule *rule)
{
    call->veiled = true;
    return kms_decision_veiled(call->caller.principal_arn, kms_str_of(rule->action),
                               KMS_LIT(" on this resource"), (struct kms_str){NULL, 0});
}

/* The account whose key it is: an ARN says so, a bare id or name is the caller's. */
static struct kms_str owner_of(const struct kms_call *call, const struct kms_ident *id)
{
    return id->account.p != NULL ? id->account : call->caller.account;
}

static bool is_foreign(const struct kms_call *call, const struct kms_ident *id)
{
    return !kms_str_eq(owner_of(call, id), call->caller.account);
}

static KMS_RC incorrect_key(void)
{
    return kms_err(KMS_E_INCORRECT_KEY,
                   "The key ID in the request does not identify a CMK "
                   "that can perform this operation.");
}

/*
 * Another Region's ARN. Who would decrypt under that of a relative of a key that is here
 * named the wrong one of the two.
 */
static KMS_RC elsewhere(struct kms_call *call, const struct kms_key_rule *rule,
                        const struct kms_ident *id)
{
    KMS_AUTO_KEY here = NULL;

    if (rule->ciphertext != NULL && id->kind == KMS_IDENT_KEY_ARN &&
        !is_foreign(call, id)) {
        enum kms_rc rc = kms_keys_get(call->tx, owner_of(call, id), call->caller.region,
                                      id->name, &here);

        if (rc != KMS_E_NOT_FOUND)
            return rc == KMS_OK ? incorrect_key() : rc;
    }
    return kms_err(KMS_E_NOT_FOUND, "Invalid arn %.*s", KMS_FMT(id->region));
}

/*
 * An ARN must be of this partition and Region, and of this account where the operation
 * does not work across accounts; a bare name always is.
 */
static KMS_RC check_place(struct kms_call *call, const struct kms_key_rule *rule,
                          const struct kms_ident *id, struct kms_str ident)
{
    if (id->partition.p == NULL)
        return KMS_OK;
    if (!kms_str_eq(id->partition, call->realm->partition))
        return kms_err(KMS_E_INVALID_ARN, "Invalid arn %.*s", KMS_FMT(ident));
    if (!kms_str_eq(id->region, call->caller.region))
        return elsewhere(call, rule, id);
    if (is_foreign(call, id) && !rule->cross_account)
        return kms_resolve_denied(call, rule);
    return KMS_OK;
}

static KMS_RC by_key_id(struct kms_call *call, const struct kms_key_rule *rule,
                        const struct kms_ident *id, struct kms_str ident,
                        const struct kms_key **out)
{
    uint8_t uuid[KMS_UUID_LEN];
    bool multi_region;
    struct kms_str arn;
    enum kms_rc rc;

    if (!kms_ident_uuid(id->name, uuid, &multi_region))
        return kms_err(KMS_E_NOT_FOUND, "Invalid keyId '%.*s'", KMS_FMT(id->name));
    KMS_TRY(check_place(call, rule, id, ident));
    rc = kms_keys_get(call->tx, owner_of(call, id), call->caller.region, id->name, out);
    if (rc != KMS_E_NOT_FOUND)
        return rc;
    if (is_foreign(call, id))
        return kms_resolve_denied(call, rule);
    KMS_TRY(kms_ident_arn(call->arena, call->realm->partition, call->caller.region,
                          call->caller.account, "key/", id->name, &arn));
    return kms_err(KMS_E_NOT_FOUND, "Key '%.*s' does not exist", KMS_FMT(arn));
}

static KMS_RC by_alias(struct kms_call *call, const struct kms_key_rule *rule,
                       const struct kms_ident *id, struct kms_str ident,
                       const struct kms_key **out)
{
    struct kms_str owner = owner_of(call, id), arn, key_id;
    enum kms_rc rc;

    KMS_TRY(check_place(call, rule, id, ident));
    rc = kms_aliases_target(call->tx, owner, call->caller.region, id->name, call->arena,
                            &key_id);
    /* From memory, at two moments: both may have been deleted in between. */
    if (rc == KMS_OK)
        rc = kms_keys_get(call->tx, owner, call->caller.region, key_id, out);
    if (rc == KMS_E_NOT_FOUND && is_foreign(call, id))
        return kms_resolve_denied(call, rule);
    if (rc == KMS_E_NOT_FOUND) {
        KMS_TRY(kms_alias_arn(call, id->name, &arn));
        return kms_err(KMS_E_NOT_FOUND, "Alias %.*s is not found.", KMS_FMT(arn));
    }
    KMS_TRY(rc);
    call->alias = id->name;
    return KMS_OK;
}

enum kms_rc kms_resolve_key(struct kms_call *call, const struct kms_key_rule *rule,
                            struct kms_str ident, const struct kms_key **out)
{
    struct kms_ident id;

    KMS_TRY(kms_ident_parse(ident, &id));
    if (id.kind == KMS_IDENT_KEY_ID || id.kind == KMS_IDENT_KEY_ARN)
        return by_key_id(call, rule, &id, ident, out);
    if (rule->forms == KMS_FORMS_KEY)
        return kms_err(KMS_E_INVALID_ARN,
                       "Key Aliases are not supported for this operation.");
    return by_alias(call, rule, &id, ident, out);
}

static bool of_symmetric_algorithm(const struct kms_key_rule *rule, const void *in)
{
    unsigned alg = rule->algorithm != NULL ? kms_member_enum(rule->algorithm, in) : 0;

    return alg == KMS_ENCRYPTION_ALGORITHM_SPEC_NONE ||
           alg == KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT;
}

/* The ciphertext of a request that names its key as well. */
static KMS_RC compare(const struct kms_key *key, const uint8_t uuid[KMS_UUID_LEN],
                      const uint8_t kmid[KMS_KMID_LEN])
{
    /* With this key's material in it, it is this key's: a wrong uuid is damage. */
    if (memcmp(key->uuid, uuid, KMS_UUID_LEN) == 0 ||
        kms_key_version_of(key, kmid) != NULL)
        return KMS_OK;
    return incorrect_key();
}

/*
 * Of whatever account: authorization decides. Material that is here under another uuid is
 * damage, which decryption finds out once the caller may know of it.
 */
static KMS_RC find(struct kms_call *call, const struct kms_key_rule *rule,
                   const uint8_t uuid[KMS_UUID_LEN], const uint8_t kmid[KMS_KMID_LEN],
                   const struct kms_key **out)
{
    enum kms_rc rc = kms_keys_by_uuid(call->tx, call->caller.region, uuid, out);

    if (rc == KMS_E_NOT_FOUND)
        rc = kms_keys_by_kmid(call->tx, call->caller.region, kmid, out);
    if (rc != KMS_E_NOT_FOUND)
        return rc;
    call->veiled = true;
    return kms_decision_veiled(
        call->caller.principal_arn, kms_str_of(rule->action),
        KMS_LIT(" on the resource associated with this ciphertext"),
        (struct kms_str){NULL, 0});
}

enum kms_rc kms_resolve_ciphertext(struct kms_call *call, const struct kms_key_rule *rule,
                                   const void *in, const struct kms_key **out)
{
    struct kms_bytes blob = kms_member_bytes(rule->ciphertext, in);
    uint8_t uuid[KMS_UUID_LEN], kmid[KMS_KMID_LEN];
    enum kms_rc rc;

    if (blob.p == NULL || !of_symmetric_algorithm(rule, in) ||
        kms_request_ignores_ciphertext(call->op, in))
        return *out != NULL ? KMS_OK : KMS_E_INVALID_CIPHERTEXT;
    rc = kms_keyring_names(blob, uuid, kmid);
    if (*out == NULL)
        return rc == KMS_OK ? find(call, rule, uuid, kmid, out) : rc;
    /* Not readable at all: decryption says so, after the gates. */
    return rc == KMS_OK ? compare(*out, uuid, kmid) : KMS_OK;
}
