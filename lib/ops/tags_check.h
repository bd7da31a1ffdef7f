/* tags_check.h - what CreateKey and TagResource ask of a list of tags. */
#ifndef KMS_OPS_TAGS_CHECK_H
#define KMS_OPS_TAGS_CHECK_H

#include "ops/ops.h"

/* Tags a key may have. */
enum { KMS_TAGS_PER_KEY = 50 };

/*
 * KMS_E_TAG with the service's text for more than KMS_TAGS_PER_KEY tags, for a name
 * that appears twice, and for one that begins with "aws:" in any case of letters.
 */
KMS_RC kms_tags_check(const struct kms_tag_list *tags);
/*
 * Write checked tags to a key, replacing values of the same names; KMS_E_TAG when the
 * key would end up with too many.
 */
KMS_RC kms_tags_write(struct kms_call *call, const struct kms_key *key,
                      const struct kms_tag_list *tags);

#endif
