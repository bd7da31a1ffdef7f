#include <string.h>

#include "base/buf.h"
#include "base/secret.h"
#include "ops/grant.h"
#include "store/grants.h"
#include "wire/base64.h"

enum { VERSION = 1, NONCE_LEN = 16, ID_LEN = KMS_GRANT_ID_LEN / 2, TAG_LEN = 16 };

/* A token before base64; all bytes, no padding. */
struct token {
    uint8_t version;
    uint8_t nonce[NONCE_LEN];
    uint8_t id[ID_LEN];
    uint8_t tag[TAG_LEN];
};

/* Of everything before it. */
static KMS_RC tag_of(struct kms_call *call, const struct token *t, uint8_t tag[TAG_LEN])
{
    const struct kms_row_mac mac = kms_keyring_row_mac(call->keyring);
    KMS_AUTO_BUF bound = {0};
    uint8_t full[32];

    /* The key authenticates rows and markers too; neither begins like this. */
    kms_buf_z(&bound, "kmsd-grant-token-v1");
    kms_buf_byte(&bound, 0);
    kms_buf_add(&bound, t, offsetof(struct token, tag));
    KMS_TRY(kms_buf_ok(&bound));
    KMS_TRY(mac.mac(mac.ctx, kms_buf_view(&bound), full));
    memcpy(tag, full, TAG_LEN);
    return KMS_OK;
}

enum kms_rc kms_grant_token_make(struct kms_call *call, struct kms_str grant_id,
                                 struct kms_str *out)
{
    KMS_AUTO_BUF text = {0};
    struct token t = {.version = VERSION};
    struct kms_bytes nonce;

    _Static_assert(sizeof t == 1 + NONCE_LEN + ID_LEN + TAG_LEN, "no padding");
    if (!kms_hex_decode(grant_id, t.id, ID_LEN))
        return kms_err(KMS_E_STORE, "table grants, row %.*s: not a grant id",
                       KMS_FMT(grant_id));
    KMS_TRY(kms_keyring_random(call->arena, NONCE_LEN, &nonce));
    memcpy(t.nonce, nonce.p, NONCE_LEN);
    KMS_TRY(tag_of(call, &t, t.tag));
    kms_base64_encode((struct kms_bytes){(const uint8_t *)&t, sizeof t}, &text);
    KMS_TRY(kms_buf_ok(&text));
    return kms_arena_str(call->arena, kms_buf_text(&text), out);
}

enum kms_rc kms_grant_token_read(struct kms_call *call, struct kms_str token,
                                 struct kms_str *grant_id)
{
    struct token t;
    uint8_t tag[TAG_LEN];
    char id[KMS_GRANT_ID_LEN + 1];

    if (kms_base64_size(token) != sizeof t || !kms_base64_decode(token, (uint8_t *)&t) ||
        t.version != VERSION)
        return KMS_E_INVALID_GRANT_TOKEN;
    KMS_TRY(tag_of(call, &t, tag));
    if (!kms_ct_equal(tag, t.tag, TAG_LEN))
        return KMS_E_INVALID_GRANT_TOKEN;
    kms_hex_encode(t.id, ID_LEN, id);
    return kms_arena_str(call->arena, kms_str_of(id), grant_id);
}

static struct kms_str_list tokens_of(const struct kms_call *call, const void *in)
{
    return call->op->grant_tokens != NULL ? kms_op_grant_tokens(call->op, in)
                                          : (struct kms_str_list){0};
}

enum kms_rc kms_grant_tokens_check(struct kms_call *call, const void *in)
{
    const struct kms_str_list tokens = tokens_of(call, in);
    struct kms_str id;

    for (size_t i = 0; i < tokens.n; i++)
        KMS_TRY(kms_grant_token_read(call, tokens.v[i], &id));
    return KMS_OK;
}

enum kms_rc kms_grant_tokens_find(struct kms_call *call, const void *in)
{
    const struct kms_str_list tokens = tokens_of(call, in);

    for (size_t i = 0; i < tokens.n; i++) {
        struct kms_grant grant;
        struct kms_str id;
        enum kms_rc rc;

        KMS_TRY(kms_grant_token_read(call, tokens.v[i], &id));
        rc = kms_grants_get(call->tx, id, call->arena, &grant);
        if (rc == KMS_E_NOT_FOUND)
            return KMS_E_INVALID_GRANT_TOKEN;
        KMS_TRY(rc);
        if (!kms_str_eq(grant.region, call->caller.region))
            return KMS_E_INVALID_GRANT_TOKEN;
    }
    return KMS_OK;
}
