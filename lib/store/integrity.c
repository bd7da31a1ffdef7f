#include <assert.h>
#include <string.h>

#include "store/integrity.h"

struct kms_cell kms_cell_int(int64_t v)
{
    return (struct kms_cell){.type = KMS_CELL_INT, .i = v};
}

struct kms_cell kms_cell_text(struct kms_str v)
{
    return (struct kms_cell){.type = v.p != NULL ? KMS_CELL_TEXT : KMS_CELL_NULL,
                             .b = kms_bytes_of_str(v)};
}

struct kms_cell kms_cell_bytes(struct kms_bytes v)
{
    return (struct kms_cell){.type = v.p != NULL ? KMS_CELL_BLOB : KMS_CELL_NULL, .b = v};
}

bool kms_cell_eq(const struct kms_cell *a, const struct kms_cell *b)
{
    return a->type == b->type && a->i == b->i && kms_bytes_eq(a->b, b->b);
}

static void put_cell(struct kms_buf *out, const struct kms_cell *c)
{
    uint8_t head[9] = {(uint8_t)c->type};

    switch (c->type) {
    case KMS_CELL_NULL:
        kms_buf_add(out, head, 1);
        break;
    case KMS_CELL_INT:
        kms_put_be64(head + 1, (uint64_t)c->i);
        kms_buf_add(out, head, 9);
        break;
    case KMS_CELL_TEXT:
    case KMS_CELL_BLOB:
        kms_put_be32(head + 1, (uint32_t)c->b.n);
        kms_buf_add(out, head, 5);
        kms_buf_add(out, c->b.p, c->b.n);
        break;
    }
}

enum kms_rc kms_integrity_mac(const struct kms_row_mac *key,
                              const struct kms_row_view *row, struct kms_buf *scratch,
                              uint8_t mac[KMS_MAC_LEN])
{
    size_t n = strlen(row->table);

    assert(n < 256 && row->n < 256 && row->n_pk <= row->n);
    kms_buf_reset(scratch);
    kms_buf_z(scratch, "kmsd-row-v1");
    kms_buf_byte(scratch, (uint8_t)n);
    kms_buf_add(scratch, row->table, n);
    kms_buf_byte(scratch, (uint8_t)row->n_pk);
    kms_buf_byte(scratch, (uint8_t)row->n);
    for (int i = 0; i < row->n; i++)
        put_cell(scratch, &row->cells[i]);
    KMS_TRY(kms_buf_ok(scratch));
    return key->mac(key->ctx, kms_buf_view(scratch), mac);
}

enum kms_rc kms_integrity_part(const struct kms_row_mac *key,
                               const uint8_t mac[KMS_MAC_LEN], struct kms_sum *part)
{
    static const char label[] = "kmsd-mset-v1";
    uint8_t in[sizeof label - 1 + KMS_MAC_LEN], h[KMS_MAC_LEN];
    struct kms_sum sum = {{0}};

    memcpy(in, label, sizeof label - 1);
    memcpy(in + sizeof label - 1, mac, KMS_MAC_LEN);
    KMS_TRY(key->mac(key->ctx, KMS_BYTES(in), h));
    for (int i = 0; i < KMS_MAC_LEN; i++)
        sum.w[3 - i / 8] = sum.w[3 - i / 8] << 8 | h[i];
    kms_wipe(h, sizeof h);
    *part = sum;
    return KMS_OK;
}

void kms_sum_add(struct kms_sum *sum, const struct kms_sum *part)
{
    uint64_t carry = 0;

    for (int i = 0; i < 4; i++) {
        uint64_t v = sum->w[i] + carry;

        carry = v < carry;
        sum->w[i] = v + part->w[i];
        carry += sum->w[i] < v;
    }
}

void kms_sum_sub(struct kms_sum *sum, const struct kms_sum *part)
{
    uint64_t borrow = 0;

    for (int i = 0; i < 4; i++) {
        uint64_t v = sum->w[i] - borrow;

        borrow = v > sum->w[i];
        sum->w[i] = v - part->w[i];
        borrow += sum->w[i] > v;
    }
}

enum kms_rc kms_integrity_root(const struct kms_row_mac *key, uint64_t epoch,
                               const struct kms_sum *sum, uint8_t root[KMS_MAC_LEN])
{
    static const char label[] = "kmsd-root-v1";
    uint8_t in[sizeof label - 1 + 8 + KMS_MAC_LEN], h[KMS_MAC_LEN];
    uint8_t *p = in + sizeof label - 1;
    enum kms_rc rc;

    memcpy(in, label, sizeof label - 1);
    kms_put_be64(p, epoch);
    for (size_t i = 0; i < 4; i++)
        kms_put_be64(p + 8 + 8 * i, sum->w[3 - i]);
    rc = key->mac(key->ctx, KMS_BYTES(in), h);
    kms_wipe(in, sizeof in);
    KMS_TRY(rc);
    memcpy(root, h, sizeof h);
    return KMS_OK;
}
