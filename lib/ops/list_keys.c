#include "key/ident.h"
#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "store/keys.h"

enum { LIMIT_MAX = 1000, LIMIT_DEFAULT = 100 };

/* Keys of other accounts are shared with nobody: SELF, or no owner named, lists all. */
static bool wants_own(const struct kms_list_keys_in *in)
{
    bool own = in->resource_owners.n == 0;

    for (size_t i = 0; i < in->resource_owners.n; i++)
        own = own || in->resource_owners.v[i] == KMS_RESOURCE_OWNER_TYPE_SELF;
    return own;
}

enum kms_rc kms_op_list_keys(struct kms_call *call, const struct kms_list_keys_in *in,
                             struct kms_list_keys_out *out)
{
    const struct kms_str filter = wants_own(in) ? KMS_LIT("") : KMS_LIT("others");
    const struct kms_str *ids = NULL;
    struct kms_key_list_entry *v;
    struct kms_page page;
    size_t n = 0;
    bool more = false;

    KMS_TRY(kms_page_open(call, in->has_limit, in->limit, LIMIT_MAX, LIMIT_DEFAULT,
                          in->marker, filter, &page));
    if (wants_own(in))
        KMS_TRY(kms_keys_list(call->tx, call->caller.account, call->caller.region,
                              page.after, page.limit, call->arena, &ids, &n, &more));
    v = kms_arena_alloc(call->arena, n * sizeof *v);
    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    for (size_t i = 0; i < n; i++) {
        v[i].key_id = ids[i];
        KMS_TRY(kms_ident_arn(call->arena, call->realm->partition, call->caller.region,
                              call->caller.account, "key/", ids[i], &v[i].key_arn));
    }
    if (more)
        KMS_TRY(kms_page_marker(call, filter, ids[n - 1], &out->next_marker));
    out->keys = (struct kms_key_list_entry_list){v, n, true};
    out->truncated = more;
    out->has_truncated = true;
    return KMS_OK;
}
