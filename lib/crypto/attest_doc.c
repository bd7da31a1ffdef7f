#include <string.h>

#include "crypto/attest.h"
#include "wire/cbor.h"

static KMS_RC invalid(const char *what)
{
    return kms_err(KMS_E_VALIDATION, "The attestation document is not valid: %s.", what);
}

/* The fields a document may have, each once. */
enum field {
    MODULE_ID,
    DIGEST,
    TIMESTAMP,
    PCRS,
    NITROTPM_PCRS,
    CERTIFICATE,
    CABUNDLE,
    PUBLIC_KEY,
    USER_DATA,
    NONCE,
    FIELDS
};

static const char *const names[FIELDS] = {
    [MODULE_ID] = "module_id",         [DIGEST] = "digest",
    [TIMESTAMP] = "timestamp",         [PCRS] = "pcrs",
    [NITROTPM_PCRS] = "nitrotpm_pcrs", [CERTIFICATE] = "certificate",
    [CABUNDLE] = "cabundle",           [PUBLIC_KEY] = "public_key",
    [USER_DATA] = "user_data",         [NONCE] = "nonce",
};

static bool take_bytes(struct kms_bytes *rest, size_t min, size_t max,
                       struct kms_bytes *out)
{
    struct kms_cbor item;

    if (!kms_cbor_take_kind(rest, KMS_CBOR_BYTES, &item) || item.bytes.n < min ||
        item.bytes.n > max)
        return false;
    *out = item.bytes;
    return true;
}

/* Fields that the asker did not fill are there all the same, and null. */
static bool take_optional(struct kms_bytes *rest, size_t min, size_t max,
                          struct kms_bytes *out)
{
    struct kms_cbor null;

    if (kms_cbor_take_kind(rest, KMS_CBOR_NULL, &null))
        return true;
    return take_bytes(rest, min, max, out);
}

static bool take_module_id(struct kms_bytes *rest, struct kms_attest_doc *doc)
{
    struct kms_cbor item;

    if (!kms_cbor_take_kind(rest, KMS_CBOR_TEXT, &item) || item.bytes.n == 0)
        return false;
    doc->says.module_id = (struct kms_str){(const char *)item.bytes.p, item.bytes.n};
    return true;
}

static bool take_digest(struct kms_bytes *rest)
{
    struct kms_cbor item;

    return kms_cbor_take_kind(rest, KMS_CBOR_TEXT, &item) &&
           kms_bytes_eq(item.bytes, kms_bytes_of_str(KMS_LIT("SHA384")));
}

static bool take_timestamp(struct kms_bytes *rest, struct kms_attest_doc *doc)
{
    struct kms_cbor item;

    if (!kms_cbor_take_kind(rest, KMS_CBOR_UINT, &item) || item.number == 0 ||
        item.number > INT64_MAX / 2)
        return false;
    doc->says.at_ms = (int64_t)item.number;
    return true;
}

/* Registers have the length of a SHA-2, each its own index. */
static bool take_pcrs(struct kms_bytes *rest, struct kms_attest_doc *doc)
{
    struct kms_cbor map, index;
    struct kms_bytes value;
    bool any = false;

    if (!kms_cbor_take_kind(rest, KMS_CBOR_MAP, &map))
        return false;
    while (kms_cbor_next(rest, &map)) {
        if (!kms_cbor_take_kind(rest, KMS_CBOR_UINT, &index) ||
            index.number >= KMS_ATTESTED_PCRS || !take_bytes(rest, 32, 64, &value) ||
            (value.n != 32 && value.n != 48 && value.n != 64) ||
            doc->says.pcrs[index.number].p != NULL)
            return false;
        doc->says.pcrs[index.number] = value;
        any = true;
    }
    return any;
}

static bool take_bundle(struct kms_bytes *rest, struct kms_attest_doc *doc)
{
    struct kms_cbor array;

    if (!kms_cbor_take_kind(rest, KMS_CBOR_ARRAY, &array))
        return false;
    while (kms_cbor_next(rest, &array)) {
        if (doc->n_bundle == KMS_ATTEST_BUNDLE_MAX ||
            !take_bytes(rest, 1, KMS_ATTEST_CERT_MAX, &doc->bundle[doc->n_bundle]))
            return false;
        doc->n_bundle++;
    }
    return doc->n_bundle != 0;
}

static bool take_field(enum field field, struct kms_bytes *rest,
                       struct kms_attest_doc *doc)
{
    struct kms_bytes unused;

    switch (field) {
    case MODULE_ID:
        return take_module_id(rest, doc);
    case DIGEST:
        return take_digest(rest);
    case TIMESTAMP:
        return take_timestamp(rest, doc);
    case NITROTPM_PCRS:
        doc->says.tpm = true;
        return take_pcrs(rest, doc);
    case PCRS:
        return take_pcrs(rest, doc);
    case CERTIFICATE:
        return take_bytes(rest, 1, KMS_ATTEST_CERT_MAX, &doc->certificate);
    case CABUNDLE:
        return take_bundle(rest, doc);
    case PUBLIC_KEY:
        return take_optional(rest, 1, KMS_ATTEST_KEY_MAX, &doc->says.public_key);
    case USER_DATA:
    case NONCE:
        return take_optional(rest, 0, KMS_ATTEST_DATA_MAX, &unused);
    case FIELDS:
        break;
    }
    return false;
}

static enum field field_of(struct kms_bytes name)
{
    int f = 0;

    while (f < FIELDS && !kms_bytes_eq(name, kms_bytes_of_str(kms_str_of(names[f]))))
        f++;
    return (enum field)f;
}

static KMS_RC check_presence(uint32_t seen)
{
    static const enum field needed[] = {MODULE_ID, DIGEST, TIMESTAMP, CERTIFICATE,
                                        CABUNDLE};
    const uint32_t registers = seen & (1u << PCRS | 1u << NITROTPM_PCRS);

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if ((seen & 1u << needed[i]) == 0)
            return invalid("a field is missing");
    }
    /* An enclave's or a TPM's. */
    return registers == 1u << PCRS || registers == 1u << NITROTPM_PCRS
               ? KMS_OK
               : invalid("it has no registers, or two kinds of them");
}

static KMS_RC parse_payload(struct kms_bytes rest, struct kms_attest_doc *doc)
{
    struct kms_cbor map, name;
    uint32_t seen = 0;

    if (!kms_cbor_take_kind(&rest, KMS_CBOR_MAP, &map))
        return invalid("its payload is no map of fields");
    while (kms_cbor_next(&rest, &map)) {
        enum field field;

        if (!kms_cbor_take_kind(&rest, KMS_CBOR_TEXT, &name))
            return invalid("a field has no name");
        field = field_of(name.bytes);
        if (field == FIELDS || (seen & 1u << field) != 0)
            return invalid("a field is unknown, or there twice");
        if (!take_field(field, &rest, doc))
            return kms_err(KMS_E_VALIDATION,
                           "The attestation document is not valid: its field %s is "
                           "malformed or too long.",
                           names[field]);
        seen |= 1u << field;
    }
    if (rest.n != 0)
        return invalid("its payload does not end where it should");
    return check_presence(seen);
}

enum kms_rc kms_attest_parse(struct kms_bytes document, struct kms_attest_doc *out)
{
    struct kms_attest_doc doc = {.n_bundle = 0};

    if (!kms_cose_parse(document, &doc.message))
        return invalid("it is no COSE_Sign1 message signed with ES384");
    if (doc.message.payload.n == 0 || doc.message.payload.n > KMS_ATTEST_PAYLOAD_MAX)
        return invalid("its payload is empty or too long");
    KMS_TRY(parse_payload(doc.message.payload, &doc));
    *out = doc;
    return KMS_OK;
}
