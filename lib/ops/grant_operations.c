#include "base/buf.h"
#include "key/spec.h"
#include "ops/grant.h"

#define OP(name) KMS_GRANT_OPERATION_##name
enum { OPERATIONS_MAX = 8 };

static const enum kms_grant_operation common[] = {OP(CREATE_GRANT), OP(RETIRE_GRANT),
                                                  OP(DESCRIBE_KEY)};

/* What a grant for a key of this kind may allow besides; ends with NONE if shorter. */
static const struct row {
    bool asymmetric;
    enum kms_key_usage_type usage;
    enum kms_grant_operation operations[OPERATIONS_MAX];
} rows[] = {
    {false,
     KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT,
     {OP(DECRYPT), OP(ENCRYPT), OP(GENERATE_DATA_KEY),
      OP(GENERATE_DATA_KEY_WITHOUT_PLAINTEXT), OP(GENERATE_DATA_KEY_PAIR),
      OP(GENERATE_DATA_KEY_PAIR_WITHOUT_PLAINTEXT), OP(RE_ENCRYPT_FROM),
      OP(RE_ENCRYPT_TO)}},
    {true,
     KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT,
     {OP(DECRYPT), OP(ENCRYPT), OP(RE_ENCRYPT_FROM), OP(RE_ENCRYPT_TO),
      OP(GET_PUBLIC_KEY)}},
    {true, KMS_KEY_USAGE_TYPE_SIGN_VERIFY, {OP(SIGN), OP(VERIFY), OP(GET_PUBLIC_KEY)}},
    {true,
     KMS_KEY_USAGE_TYPE_KEY_AGREEMENT,
     {OP(DERIVE_SHARED_SECRET), OP(GET_PUBLIC_KEY)}},
    {true,
     KMS_KEY_USAGE_TYPE_ENCAPSULATE_DECAPSULATE,
     {OP(ENCAPSULATE), OP(DECAPSULATE), OP(GET_PUBLIC_KEY)}},
    {false, KMS_KEY_USAGE_TYPE_GENERATE_VERIFY_MAC, {OP(GENERATE_MAC), OP(VERIFY_MAC)}},
};

static const struct row *row_of(const struct kms_key *key)
{
    const bool asymmetric = kms_spec_asymmetric(key->spec);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].asymmetric == asymmetric && rows[i].usage == key->usage)
            return &rows[i];
    }
    return NULL;
}

/* The list of what is allowed: the common ones, then those of the row. */
static size_t allowed(const struct row *row, enum kms_grant_operation *out)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        out[n++] = common[i];
    for (size_t i = 0; row != NULL && i < OPERATIONS_MAX; i++) {
        if (row->operations[i] != OP(NONE))
            out[n++] = row->operations[i];
    }
    return n;
}

/* "[Encrypt, Decrypt]"; without skips (1u << operation is set in it). */
static void put_list(struct kms_buf *b, const enum kms_grant_operation *v, size_t n,
                     uint32_t skip)
{
    bool first = true;

    kms_buf_byte(b, '[');
    for (size_t i = 0; i < n; i++) {
        if ((skip & 1u << v[i]) != 0)
            continue;
        if (!first)
            kms_buf_z(b, ", ");
        kms_buf_z(b, kms_grant_operation_name(v[i]));
        skip |= 1u << v[i]; /* each once */
        first = false;
    }
    kms_buf_byte(b, ']');
}

static KMS_RC refuse(const struct kms_key *key, struct kms_grant_operation_list list,
                     const enum kms_grant_operation *valid, size_t n, uint32_t mask)
{
    KMS_AUTO_BUF bad = {0}, good = {0};

    put_list(&bad, list.v, list.n, mask);
    put_list(&good, valid, n, 0);
    KMS_TRY(kms_buf_ok(&bad));
    KMS_TRY(kms_buf_ok(&good));
    return kms_err(
        KMS_E_VALIDATION,
        "Operations %.*s are not supported when creating a grant for %s KMS key "
        "with key usage %s. Valid operations are %.*s",
        (int)bad.n, (const char *)bad.p,
        kms_spec_asymmetric(key->spec) ? "an asymmetric" : "a symmetric",
        kms_key_usage_type_name(key->usage), (int)good.n, (const char *)good.p);
}

enum kms_rc kms_grant_operations(const struct kms_key *key,
                                 struct kms_grant_operation_list list, uint32_t *out)
{
    enum kms_grant_operation valid[sizeof common / sizeof common[0] + OPERATIONS_MAX];
    const size_t n = allowed(row_of(key), valid);
    uint32_t mask = 0, asked = 0;

    for (size_t i = 0; i < n; i++)
        mask |= 1u << valid[i];
    for (size_t i = 0; i < list.n; i++)
        asked |= 1u << list.v[i];
    if ((asked & ~mask) != 0)
        return refuse(key, list, valid, n, mask);
    *out = asked;
    return KMS_OK;
}
