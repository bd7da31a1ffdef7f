#include <check.h>
#include <stdio.h>
#include <string.h>

#include "crypto/digest.h"
#include "signed.h"
#include "wire/timestamp.h"

int64_t signed_at(const char *basic)
{
    int64_t ms = 0;

    ck_assert(kms_time_parse(kms_str_of(basic), &ms));
    return ms;
}

void signed_signer(const char *text, struct kms_signer **out)
{
    KMS_AUTO(secret) secret = NULL;

    ck_assert_int_eq(kms_secret_copy(kms_bytes_of_str(kms_str_of(text)), &secret),
                     KMS_OK);
    ck_assert_int_eq(kms_signer_new(secret, out), KMS_OK);
}

void signed_sign(struct signed_request *m, const char *list, struct kms_arena *arena)
{
    KMS_AUTO_BUF canonical = {0};
    KMS_AUTO_BUF text = {0};
    struct kms_credential c = {.date = KMS_LIT("20261124"),
                               .region = KMS_LIT("us-east-1"),
                               .service = KMS_LIT("kms")};
    uint8_t digest[KMS_SHA256_LEN], mac[32];
    char payload[65];

    ck_assert_int_eq(kms_sha256(m->request.body, digest), KMS_OK);
    kms_hex_encode(digest, sizeof digest, payload);
    ck_assert_int_eq(
        kms_canonical_request(&m->request, kms_str_of(list), payload, arena, &canonical),
        KMS_OK);
    ck_assert_int_eq(kms_signature_string(kms_request_header(&m->request, "x-amz-date"),
                                          KMS_LIT(SCOPE), kms_buf_view(&canonical),
                                          &text),
                     KMS_OK);
    ck_assert_int_eq(kms_signer_sign(m->signer, &c, kms_buf_view(&text), mac), KMS_OK);
    kms_hex_encode(mac, sizeof mac, m->hex);
    snprintf(m->authorization, sizeof m->authorization,
             "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" SCOPE
             ", SignedHeaders=%s, Signature=%s",
             list, m->hex);
    m->headers[4] =
        (struct kms_header){KMS_LIT("Authorization"), kms_str_of(m->authorization)};
    m->request.n_headers = 5;
}

void signed_make(struct signed_request *m, struct kms_arena *arena)
{
    *m = (struct signed_request){
        .headers = {{KMS_LIT("Host"), KMS_LIT("kms.example:8443")},
                    {KMS_LIT("Content-Type"), KMS_LIT("application/x-amz-json-1.1")},
                    {KMS_LIT("X-Amz-Date"), KMS_LIT(TIME)},
                    {KMS_LIT("X-Amz-Target"), KMS_LIT("TrentService.Encrypt")}}};
    m->request = (struct kms_request){.method = KMS_LIT("POST"),
                                      .path = KMS_LIT("/"),
                                      .query = KMS_LIT(""),
                                      .headers = m->headers,
                                      .n_headers = 4,
                                      .body = KMS_BYTES("{}")};
    signed_signer(SECRET, &m->signer);
    signed_sign(m, LIST, arena);
}
