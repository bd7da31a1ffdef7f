#include "key/spec.h"
#include "ops/lane.h"
#include "ops/ops.gen.h"

enum { INLINE_US = 60 };

/*
 * Microseconds of one use, on an EPYC at 2.6 GHz: the slower of OpenSSL 3.0 and 3.5, and
 * the slowest algorithm of the spec (tests/bench/primitives.c prints them). What is not
 * here takes next to nothing: HMAC, everything symmetric.
 */
static const struct cost {
    int sign, verify, encrypt, decrypt, derive;
} costs[KMS_KEY_SPEC_COUNT] = {
    [KMS_KEY_SPEC_RSA_2048] = {656, 25, 25, 658, 0},
    [KMS_KEY_SPEC_RSA_3072] = {2000, 47, 47, 2000, 0},
    [KMS_KEY_SPEC_RSA_4096] = {4650, 77, 77, 4650, 0},
    [KMS_KEY_SPEC_ECC_NIST_P256] = {26, 71, 0, 0, 79},
    [KMS_KEY_SPEC_ECC_NIST_P384] = {923, 776, 0, 0, 916},
    [KMS_KEY_SPEC_ECC_NIST_P521] = {310, 587, 0, 0, 370},
    [KMS_KEY_SPEC_ECC_SECG_P256K1] = {440, 400, 0, 0, 0},
    /* Ed25519ph is put together from parts before OpenSSL 3.2: 423 and 429. */
    [KMS_KEY_SPEC_ECC_NIST_EDWARDS25519] = {45, 121, 0, 0, 0},
    [KMS_KEY_SPEC_SM2] = {404, 366, 765, 385, 445},
    [KMS_KEY_SPEC_ML_DSA_44] = {396, 127, 0, 0, 0},
    [KMS_KEY_SPEC_ML_DSA_65] = {471, 196, 0, 0, 0},
    [KMS_KEY_SPEC_ML_DSA_87] = {677, 304, 0, 0, 0},
};

static enum kms_lane lane_for(int us)
{
    return us > INLINE_US ? KMS_LANE_CRYPTO : KMS_LANE_INLINE;
}

static enum kms_lane sign(const struct kms_call *call, const void *in)
{
    const struct kms_sign_in *s = in;

    if (s->signing_algorithm == KMS_SIGNING_ALGORITHM_SPEC_ED25519_PH_SHA_512)
        return KMS_LANE_CRYPTO;
    return lane_for(costs[call->key->spec].sign);
}

static enum kms_lane verify(const struct kms_call *call, const void *in)
{
    (void)in;
    return lane_for(costs[call->key->spec].verify);
}

static enum kms_lane encrypt(const struct kms_call *call, const void *in)
{
    (void)in;
    return lane_for(costs[call->key->spec].encrypt);
}

static enum kms_lane decrypt(const struct kms_call *call, const void *in)
{
    (void)in;
    return lane_for(costs[call->key->spec].decrypt);
}

static enum kms_lane re_encrypt(const struct kms_call *call, const void *in)
{
    (void)in;
    return lane_for(costs[call->key->spec].decrypt + costs[call->key2->spec].encrypt);
}

static enum kms_lane derive(const struct kms_call *call, const void *in)
{
    (void)in;
    return lane_for(costs[call->key->spec].derive);
}

/* A key object made of a seed is a key generation of 0.3 ms; it happens once. */
static enum kms_lane public_key(const struct kms_call *call, const void *in)
{
    (void)in;
    return kms_spec_family(call->key->spec) == KMS_FAMILY_ML_DSA ? KMS_LANE_CRYPTO
                                                                 : KMS_LANE_INLINE;
}

enum kms_lane kms_lane_generate(enum kms_key_spec spec)
{
    if (!kms_spec_asymmetric(spec))
        return KMS_LANE_INLINE;
    return kms_spec_family(spec) == KMS_FAMILY_RSA ? KMS_LANE_KEYGEN : KMS_LANE_CRYPTO;
}

static enum kms_lane pair(const struct kms_call *call, const void *in)
{
    const struct kms_generate_data_key_pair_in *p = in;

    (void)call;
    return p->dry_run ? KMS_LANE_INLINE : kms_lane_generate(p->key_pair_spec);
}

static enum kms_lane pair_without_plaintext(const struct kms_call *call, const void *in)
{
    const struct kms_generate_data_key_pair_without_plaintext_in *p = in;

    (void)call;
    return p->dry_run ? KMS_LANE_INLINE : kms_lane_generate(p->key_pair_spec);
}

/* Operations that may be slow; a change has a slow part to be prepared. */
static const struct {
    kms_lane_fn *lane;
    kms_prepare_fn *prepare;
} rows[KMS_OP_COUNT] = {
    [KMS_OP_CREATE_KEY] = {kms_lane_create_key, kms_prepare_create_key},
    [KMS_OP_DECRYPT] = {decrypt, NULL},
    [KMS_OP_DERIVE_SHARED_SECRET] = {derive, NULL},
    [KMS_OP_ENCRYPT] = {encrypt, NULL},
    [KMS_OP_GENERATE_DATA_KEY_PAIR] = {pair, NULL},
    [KMS_OP_GENERATE_DATA_KEY_PAIR_WITHOUT_PLAINTEXT] = {pair_without_plaintext, NULL},
    [KMS_OP_GET_PARAMETERS_FOR_IMPORT] = {kms_lane_get_parameters_for_import, NULL},
    [KMS_OP_GET_PUBLIC_KEY] = {public_key, NULL},
    [KMS_OP_IMPORT_KEY_MATERIAL] = {kms_lane_import_key_material,
                                    kms_prepare_import_key_material},
    [KMS_OP_RE_ENCRYPT] = {re_encrypt, NULL},
    [KMS_OP_SIGN] = {sign, NULL},
    [KMS_OP_VERIFY] = {verify, NULL},
};

bool kms_lane_possible(const struct kms_op *op)
{
    return rows[op->index].lane != NULL;
}

enum kms_lane kms_lane_of(const struct kms_call *call, const void *in)
{
    kms_lane_fn *lane = rows[call->op->index].lane;

    return lane != NULL ? lane(call, in) : KMS_LANE_INLINE;
}

enum kms_rc kms_lane_prepare(struct kms_call *call, const void *in)
{
    kms_prepare_fn *prepare = rows[call->op->index].prepare;

    return prepare != NULL ? prepare(call, in) : KMS_OK;
}
