/* data_key_pair.h - what GenerateDataKeyPair and ...WithoutPlaintext share. */
#ifndef KMS_OPS_DATA_KEY_PAIR_H
#define KMS_OPS_DATA_KEY_PAIR_H

#include "keyring/use.h"
#include "ops/ops.h"

struct kms_data_key_pair_request {
    enum kms_key_spec spec;
    struct kms_str_map context;
    bool dry_run; /* only looks whether it would work: no pair is made */
};

/* Everything in the request's arena; nothing in a dry run. */
struct kms_data_key_pair {
    struct kms_key_pair pair;
    struct kms_bytes blob; /* the private half, encrypted */
    struct kms_str kmid;   /* key material id of the version that encrypted it */
};

/*
 * A pair, its private half encrypted under call->key. KMS_E_INVALID_KEY_USAGE when that
 * is not symmetric, KMS_E_UNSUPPORTED_OPERATION for a pair that cannot be made here.
 */
KMS_RC kms_data_key_pair_make(struct kms_call *call,
                              const struct kms_data_key_pair_request *r,
                              struct kms_data_key_pair *out);

#endif
