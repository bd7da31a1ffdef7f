/*
 * Any bytes as an attestation document: what is read from one lies inside it and within
 * the limits, and none is verified but those that were signed under the known root.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "attest_known.h"
#include "crypto/attest.h"
#include "crypto/digest.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t NOW_MS = INT64_C(1800000000000);

static struct kms_attest_roots *roots;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    enum kms_rc rc = kms_attest_roots_load(
        (struct kms_bytes){(const uint8_t *)known_root, sizeof known_root - 1}, &roots);

    (void)argc;
    (void)argv;
    assert(rc == KMS_OK);
    return 0;
}

static bool is_known(struct kms_bytes payload)
{
    uint8_t digest[KMS_SHA256_LEN], want[KMS_SHA256_LEN];
    bool known = false;
    enum kms_rc rc = kms_sha256(payload, digest);

    assert(rc == KMS_OK);
    for (size_t i = 0; i < sizeof known_payloads / sizeof known_payloads[0]; i++) {
        bool read = kms_hex_decode(kms_str_of(known_payloads[i]), want, sizeof want);

        assert(read);
        known = known || memcmp(digest, want, sizeof want) == 0;
    }
    return known;
}

static void lies_within(struct kms_bytes part, const uint8_t *data, size_t size)
{
    assert(part.p >= data && part.p <= data + size);
    assert(part.n <= size - (size_t)(part.p - data));
}

static void check(const struct kms_attest_doc *doc, const uint8_t *data, size_t size)
{
    size_t registers = 0;

    lies_within(doc->message.payload, data, size);
    lies_within(doc->message.signature, data, size);
    lies_within(doc->certificate, data, size);
    lies_within(kms_bytes_of_str(doc->says.module_id), data, size);
    assert(doc->message.payload.n <= KMS_ATTEST_PAYLOAD_MAX);
    assert(doc->message.signature.n == KMS_COSE_ES384_LEN);
    assert(doc->says.module_id.n > 0 && doc->says.at_ms > 0);
    assert(doc->certificate.n >= 1 && doc->certificate.n <= KMS_ATTEST_CERT_MAX);
    assert(doc->n_bundle >= 1 && doc->n_bundle <= KMS_ATTEST_BUNDLE_MAX);
    for (size_t i = 0; i < doc->n_bundle; i++)
        lies_within(doc->bundle[i], data, size);
    for (size_t i = 0; i < KMS_ATTESTED_PCRS; i++) {
        if (doc->says.pcrs[i].p == NULL)
            continue;
        lies_within(doc->says.pcrs[i], data, size);
        registers++;
    }
    assert(registers >= 1);
    if (doc->says.public_key.p != NULL)
        lies_within(doc->says.public_key, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kms_attest_doc doc;
    enum kms_rc rc = kms_attest_parse((struct kms_bytes){data, size}, &doc);

    assert(rc == KMS_OK || rc == KMS_E_VALIDATION);
    if (rc != KMS_OK)
        return 0;
    check(&doc, data, size);
    rc = kms_attest_verify(roots, &doc, NOW_MS);
    assert(rc == KMS_OK || rc == KMS_E_VALIDATION);
    assert(rc != KMS_OK || is_known(doc.message.payload));
    return 0;
}
