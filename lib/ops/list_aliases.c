#include "ops/alias.h"
#include "ops/ops.gen.h"
#include "store/aliases.h"

enum { LIMIT_MAX = 100, LIMIT_DEFAULT = 50 };

enum kms_rc kms_op_list_aliases(struct kms_call *call,
                                const struct kms_list_aliases_in *in,
                                struct kms_list_aliases_out *out)
{
    const struct kms_key *key = call->key;
    const struct kms_str filter = key != NULL ? key->id : KMS_LIT("");
    const struct kms_alias *rows;
    struct kms_alias_list_entry *v;
    struct kms_page page;
    size_t n;
    bool more;

    KMS_TRY(kms_page_open(call, in->has_limit, in->limit, LIMIT_MAX, LIMIT_DEFAULT,
                          in->marker, filter, &page));
    KMS_TRY(kms_aliases_list(call->tx, call->caller.account, call->caller.region,
                             key != NULL ? key->row : 0, page.after, page.limit,
                             call->arena, &rows, &n, &more));
    v = kms_arena_alloc(call->arena, n * sizeof *v);
    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    for (size_t i = 0; i < n; i++) {
        v[i] = (struct kms_alias_list_entry){
            .alias_name = rows[i].name,
            .target_key_id = rows[i].key_id,
            .creation_date_ms = rows[i].created_ms,
            .has_creation_date = true,
            .last_updated_date_ms = rows[i].updated_ms,
            .has_last_updated_date = true,
        };
        KMS_TRY(kms_alias_arn(call, rows[i].name, &v[i].alias_arn));
    }
    if (more)
        KMS_TRY(kms_page_marker(call, filter, rows[n - 1].name, &out->next_marker));
    out->aliases = (struct kms_alias_list_entry_list){v, n, true};
    out->truncated = more;
    out->has_truncated = true;
    return KMS_OK;
}
