/*
 * page.c - markers of listings: base64 of a MAC and the position to go on after.
 *
 * The MAC covers operation, account, Region and filter as well, so a marker that was
 * damaged or that another list gave out is told apart from a position.
 */
#include <string.h>

#include "base/buf.h"
#include "base/secret.h"
#include "ops/ops.h"
#include "wire/base64.h"

/* Of the 32 bytes of HMAC-SHA-256: a guess is worth a page of one's own list. */
enum { TAG_LEN = 16 };

static void add_part(struct kms_buf *b, struct kms_str part)
{
    uint8_t len[4];

    kms_put_be32(len, (uint32_t)part.n);
    kms_buf_add(b, len, sizeof len);
    kms_buf_str(b, part);
}

static KMS_RC tag_of(struct kms_call *call, struct kms_str filter, struct kms_str after,
                     uint8_t tag[TAG_LEN])
{
    const struct kms_row_mac mac = kms_keyring_row_mac(call->keyring);
    KMS_AUTO_BUF bound = {0};
    uint8_t full[32];

    /* The key authenticates rows too; no row begins like this. */
    kms_buf_z(&bound, "kmsd-marker-v1");
    kms_buf_byte(&bound, 0);
    add_part(&bound, kms_str_of(call->op->name));
    add_part(&bound, call->caller.account);
    add_part(&bound, call->caller.region);
    add_part(&bound, filter);
    add_part(&bound, after);
    KMS_TRY(kms_buf_ok(&bound));
    KMS_TRY(mac.mac(mac.ctx, kms_buf_view(&bound), full));
    memcpy(tag, full, TAG_LEN);
    return KMS_OK;
}

static KMS_RC read_marker(struct kms_call *call, struct kms_str marker,
                          struct kms_str filter, struct kms_str *after)
{
    size_t n = kms_base64_size(marker);
    uint8_t *bytes = kms_arena_alloc(call->arena, n), tag[TAG_LEN];
    struct kms_str position;

    if (bytes == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a request");
    if (!kms_base64_decode(marker, bytes) || n <= TAG_LEN)
        return KMS_E_INVALID_MARKER;
    position = (struct kms_str){(const char *)bytes + TAG_LEN, n - TAG_LEN};
    KMS_TRY(tag_of(call, filter, position, tag));
    if (!kms_ct_equal(tag, bytes, TAG_LEN))
        return KMS_E_INVALID_MARKER;
    *after = position;
    return KMS_OK;
}

enum kms_rc kms_page_open(struct kms_call *call, bool has_limit, int32_t limit,
                          int32_t max, int32_t by_default, struct kms_str marker,
                          struct kms_str filter, struct kms_page *out)
{
    const int32_t asked = has_limit ? limit : by_default;
    struct kms_page page = {.limit = (size_t)(asked < max ? asked : max)};

    if (marker.p != NULL)
        KMS_TRY(read_marker(call, marker, filter, &page.after));
    *out = page;
    return KMS_OK;
}

enum kms_rc kms_page_marker(struct kms_call *call, struct kms_str filter,
                            struct kms_str last, struct kms_str *marker)
{
    KMS_AUTO_BUF raw = {0}, text = {0};
    uint8_t tag[TAG_LEN];

    KMS_TRY(tag_of(call, filter, last, tag));
    kms_buf_add(&raw, tag, sizeof tag);
    kms_buf_str(&raw, last);
    KMS_TRY(kms_buf_ok(&raw));
    kms_base64_encode(kms_buf_view(&raw), &text);
    KMS_TRY(kms_buf_ok(&text));
    return kms_arena_str(call->arena, kms_buf_text(&text), marker);
}
