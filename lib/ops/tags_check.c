#include <strings.h>

#include "ops/tags_check.h"
#include "store/tags.h"

static KMS_RC too_many(void)
{
    return kms_err(KMS_E_TAG, "Too many tags");
}

static bool reserved(struct kms_str name)
{
    return name.n >= 4 && strncasecmp(name.p, "aws:", 4) == 0;
}

enum kms_rc kms_tags_check(const struct kms_tag_list *tags)
{
    if (tags->n > KMS_TAGS_PER_KEY)
        return too_many();
    for (size_t i = 0; i < tags->n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (kms_str_eq(tags->v[i].tag_key, tags->v[j].tag_key))
                return kms_err(KMS_E_TAG, "Duplicate tag keys");
        }
    }
    for (size_t i = 0; i < tags->n; i++) {
        if (reserved(tags->v[i].tag_key))
            return kms_err(KMS_E_TAG, "Tags beginning with aws: are reserved");
    }
    return KMS_OK;
}

enum kms_rc kms_tags_write(struct kms_call *call, const struct kms_key *key,
                           const struct kms_tag_list *tags)
{
    int64_t n;

    for (size_t i = 0; i < tags->n; i++)
        KMS_TRY(
            kms_tags_put(call->tx, key->row, tags->v[i].tag_key, tags->v[i].tag_value));
    KMS_TRY(kms_tags_count(call->tx, key->row, &n));
    return n > KMS_TAGS_PER_KEY ? too_many() : KMS_OK;
}
