#include "key/spec.h"
#include "key/state.h"
#include "keyring/import.h"
#include "ops/lane.h"
#include "ops/ops.gen.h"
#include "ops/spec_here.h"

enum { VALID_MS = KMS_DAY_MS };

enum kms_lane kms_lane_get_parameters_for_import(const struct kms_call *call,
                                                 const void *in)
{
    const struct kms_get_parameters_for_import_in *p = in;

    (void)call;
    return kms_lane_generate(p->wrapping_key_spec);
}

enum kms_rc
kms_op_get_parameters_for_import(struct kms_call *call,
                                 const struct kms_get_parameters_for_import_in *in,
                                 struct kms_get_parameters_for_import_out *out)
{
    const struct kms_import_terms terms = {
        .key = call->key,
        .alg = in->wrapping_algorithm,
        .wrapping = in->wrapping_key_spec,
        .valid_to_ms = call->now_ms + VALID_MS,
    };
    struct kms_import_offer offer;

    KMS_TRY(kms_spec_wraps(call->key->spec, terms.alg, terms.wrapping));
    KMS_TRY(kms_spec_here(call, terms.wrapping));
    KMS_TRY(kms_import_offer(call->keyring, &terms, call->arena, &offer));
    out->key_id = call->key->arn;
    out->import_token = offer.token;
    out->public_key = offer.public_key;
    out->parameters_valid_to_ms = terms.valid_to_ms;
    out->has_parameters_valid_to = true;
    return KMS_OK;
}
