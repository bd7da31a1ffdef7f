#include <stdio.h>
#include <string.h>

#include "audit/verify.h"
#include "crypto/digest.h"
#include "wire/json.h"

static const char time_mark[] = "\"eventTime\":\"";

static void note_time(struct kms_audit_verifier *v, struct kms_bytes record)
{
    const uint8_t *at = memmem(record.p, record.n, time_mark, sizeof time_mark - 1);
    size_t n = 0;

    if (at == NULL)
        return;
    at += sizeof time_mark - 1;
    while (at + n < record.p + record.n && at[n] != '"' && n < sizeof v->last - 1)
        n++;
    memcpy(v->last, at, n);
    v->last[n] = '\0';
    if (v->seq == 0)
        memcpy(v->first, v->last, sizeof v->first);
}

static bool is_object(struct kms_bytes record)
{
    KMS_AUTO_JSON v = NULL;

    return kms_json_parse(record, &v, NULL) == KMS_OK && json_is_object(v);
}

enum kms_rc kms_audit_verify_next(struct kms_audit_verifier *v, uint64_t seq,
                                  struct kms_bytes record)
{
    char prev[2 * KMS_AUDIT_HASH_LEN + 1], opening[160];
    uint8_t head[KMS_AUDIT_HASH_LEN];
    int n;

    if (seq != v->seq + 1)
        return kms_err(KMS_E_TAMPERED, "record %llu is missing: after %llu comes %llu",
                       (unsigned long long)v->seq + 1, (unsigned long long)v->seq,
                       (unsigned long long)seq);
    kms_hex_encode(v->head, sizeof v->head, prev);
    n = snprintf(opening, sizeof opening, "{\"seq\":%llu,\"prev\":\"%s\",",
                 (unsigned long long)seq, prev);
    if (record.n < (size_t)n || memcmp(record.p, opening, (size_t)n) != 0)
        return kms_err(KMS_E_TAMPERED,
                       "record %llu does not follow the one before it: record %llu or %llu "
                       "was altered, or one was put in or taken out",
                       (unsigned long long)seq, (unsigned long long)v->seq,
                       (unsigned long long)seq);
    if (!is_object(record))
        return kms_err(KMS_E_TAMPERED, "record %llu is not a JSON object",
                       (unsigned long long)seq);
    KMS_TRY(kms_sha256(record, head));
    note_time(v, record);
    memcpy(v->head, head, sizeof v->head);
    v->seq = seq;
    return KMS_OK;
}
