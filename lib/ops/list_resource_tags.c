#include "ops/ops.gen.h"
#include "ops/ops.h"
#include "store/tags.h"

enum { LIMIT_MAX = 50, LIMIT_DEFAULT = 50 };

enum kms_rc kms_op_list_resource_tags(struct kms_call *call,
                                      const struct kms_list_resource_tags_in *in,
                                      struct kms_list_resource_tags_out *out)
{
    const struct kms_key *key = call->key;
    const struct kms_tag_row *rows;
    struct kms_tag *v;
    struct kms_page page;
    size_t n;
    bool more;

    KMS_TRY(kms_page_open(call, in->has_limit, in->limit, LIMIT_MAX, LIMIT_DEFAULT,
                          in->marker, key->id, &page));
    KMS_TRY(kms_tags_list(call->tx, key->row, page.after, page.limit, call->arena, &rows,
                          &n, &more));
    v = kms_arena_alloc(call->arena, n * sizeof *v);
    if (v == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    for (size_t i = 0; i < n; i++)
        v[i] = (struct kms_tag){rows[i].key, rows[i].value};
    if (more)
        KMS_TRY(kms_page_marker(call, key->id, rows[n - 1].key, &out->next_marker));
    out->tags = (struct kms_tag_list){v, n, true};
    out->truncated = more;
    out->has_truncated = true;
    return KMS_OK;
}
