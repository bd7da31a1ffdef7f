#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/verify.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "store/integrity.h"
#include "store/records.h"

struct kms_audit {
    uint64_t seq;                     /* of the newest record */
    uint8_t head[KMS_AUDIT_HASH_LEN]; /* its SHA-256; zeros in an empty log */
};

static enum kms_rc format_state(struct kms_buf *b, uint64_t epoch, const uint8_t root[32])
{
    char hex[65];

    kms_hex_encode(root, 32, hex);
    kms_buf_fmt(b, ",\"epoch\":%llu,\"stateRoot\":\"%s\"}", (unsigned long long)epoch, hex);
    return kms_buf_ok(b);
}

/* A change's record closes with the state it left: the text must be the same. */
static enum kms_rc check_state(struct kms_store *store, struct kms_tx *tx,
                               struct kms_arena *arena)
{
    KMS_AUTO_BUF now = {0};
    struct kms_bytes record;
    struct kms_str end;
    uint64_t epoch, seq;
    uint8_t root[32];
    enum kms_rc rc;

    kms_store_root(store, &epoch, root);
    KMS_TRY(format_state(&now, epoch, root));
    rc = kms_records_last_change(tx, arena, &seq, &record);
    if (rc == KMS_E_NOT_FOUND && epoch == 0)
        return KMS_OK;
    if (rc == KMS_E_NOT_FOUND)
        return kms_err(KMS_E_TAMPERED, "the database has seen %llu changes but no audit "
                                       "record tells of one",
                       (unsigned long long)epoch);
    KMS_TRY(rc);
    end = (struct kms_str){(const char *)record.p, record.n};
    if (end.n >= now.n && kms_str_eq(kms_str_skip(end, end.n - now.n), kms_buf_text(&now)))
        return KMS_OK;
    return kms_err(KMS_E_TAMPERED,
                   "the database's state (epoch %llu) is not the one that the last change in "
                   "the audit log (record %llu) left: one of the two was rolled back or "
                   "edited; restore both from the same backup",
                   (unsigned long long)epoch, (unsigned long long)seq);
}

enum kms_rc kms_audit_open(struct kms_store *store, struct kms_audit **out)
{
    KMS_AUTO(audit) a = calloc(1, sizeof *a);
    KMS_AUTO(arena) arena = NULL;
    KMS_AUTO(tx) tx = NULL;
    struct kms_bytes record;
    uint64_t seq;
    enum kms_rc rc;

    if (a == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory");
    KMS_TRY(kms_arena_new(&arena));
    KMS_TRY(kms_store_read(store, &tx));
    rc = kms_records_last(tx, arena, &seq, &record);
    if (rc == KMS_OK) {
        a->seq = seq;
        KMS_TRY(kms_sha256(record, a->head));
    } else if (rc != KMS_E_NOT_FOUND) {
        return rc;
    }
    KMS_TRY(check_state(store, tx, arena));
    *out = KMS_TAKE(a);
    return KMS_OK;
}

void kms_audit_free(struct kms_audit *a)
{
    free(a);
}

enum kms_rc kms_audit_append(struct kms_audit *a, struct kms_tx *tx, struct kms_str body,
                             bool change)
{
    KMS_AUTO_BUF record = {0};
    uint8_t hash[KMS_AUDIT_HASH_LEN];
    char prev[2 * KMS_AUDIT_HASH_LEN + 1];

    kms_hex_encode(a->head, sizeof a->head, prev);
    kms_buf_fmt(&record, "{\"seq\":%llu,\"prev\":\"%s\",", (unsigned long long)a->seq + 1,
                prev);
    kms_buf_str(&record, body);
    if (change) {
        uint64_t epoch;
        uint8_t root[32];

        kms_tx_integrity(tx, &epoch, root);
        KMS_TRY(format_state(&record, epoch, root));
    } else {
        kms_buf_byte(&record, '}');
    }
    KMS_TRY(kms_buf_ok(&record));
    KMS_TRY(kms_sha256(kms_buf_view(&record), hash));
    KMS_TRY(kms_records_append(tx, a->seq + 1, kms_buf_view(&record), change));
    a->seq++;
    memcpy(a->head, hash, sizeof a->head);
    return KMS_OK;
}
