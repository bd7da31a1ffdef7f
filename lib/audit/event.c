#include <stdio.h>

#include "audit/audit.h"
#include "wire/encode.h"
#include "wire/jw.h"
#include "wire/timestamp.h"

/* Longest text of a stranger's choosing that a record repeats. */
enum { ECHO_MAX = 256 };

static struct kms_str shortened(struct kms_str s)
{
    if (s.n > ECHO_MAX)
        s.n = ECHO_MAX;
    return s;
}

static void put_time(struct kms_jw *w, const char *name, int64_t ms)
{
    char text[KMS_TIME_ISO_SIZE];

    kms_time_iso(ms, text);
    kms_jw_key(w, name);
    kms_jw_z(w, text);
}

/* userIdentity, with the certificate that stood for it. */
static void put_identity(struct kms_jw *w, const struct kms_audit_event *e)
{
    const struct kms_caller *c = e->caller;
    const struct kms_peer *p = e->peer;

    kms_jw_key(w, "userIdentity");
    kms_jw_object(w);
    if (c != NULL) {
        kms_jw_member(w, "type", c->type);
        kms_jw_member(w, "principalId", c->principal_id);
        kms_jw_member(w, "arn", c->principal_arn);
        kms_jw_member(w, "accountId", c->account);
        kms_jw_member(w, "accessKeyId", c->access_key_id);
    }
    if (p != NULL && p->spki_sha256.p != NULL) {
        kms_jw_key(w, "certificate");
        kms_jw_object(w);
        kms_jw_member(w, "subject", p->subject);
        kms_jw_member(w, "serial", p->serial);
        kms_jw_member(w, "spkiSha256", p->spki_sha256);
        kms_jw_member(w, "uri", p->uri_san);
        kms_jw_end(w);
    }
    kms_jw_end(w);
}

static void put_resource(struct kms_jw *w, struct kms_str arn, struct kms_str account)
{
    if (arn.p == NULL)
        return;
    kms_jw_object(w);
    kms_jw_member(w, "ARN", arn);
    kms_jw_member(w, "accountId", account);
    kms_jw_key(w, "type");
    kms_jw_z(w, "AWS::KMS::Key");
    kms_jw_end(w);
}

static void put_resources(struct kms_jw *w, const struct kms_audit_event *e)
{
    struct kms_str account = e->caller != NULL ? e->caller->account : KMS_LIT("");

    kms_jw_key(w, "resources");
    kms_jw_array(w);
    if (e->key != NULL)
        put_resource(w, e->key->arn, e->key->account);
    if (e->key2 != NULL)
        put_resource(w, e->key2->arn, e->key2->account);
    put_resource(w, e->new_key_arn, account);
    put_resource(w, e->alias_arn, account);
    kms_jw_end(w);
}

static void put_tls(struct kms_jw *w, const struct kms_peer *p)
{
    if (p == NULL || p->tls_version.p == NULL)
        return;
    kms_jw_key(w, "tlsDetails");
    kms_jw_object(w);
    kms_jw_member(w, "tlsVersion", p->tls_version);
    kms_jw_member(w, "cipherSuite", p->tls_cipher);
    kms_jw_member(w, "clientProvidedHostHeader", p->server_name);
    kms_jw_end(w);
}

static void put_outcome(struct kms_jw *w, const struct kms_audit_event *e)
{
    if (e->outcome == KMS_OK)
        return;
    kms_jw_key(w, "errorCode");
    kms_jw_z(w, kms_rc_info(e->outcome)->wire);
    if (e->message[0] != '\0') {
        kms_jw_key(w, "errorMessage");
        kms_jw_z(w, e->message);
    }
}

/* The registers that CloudTrail shows of an enclave. */
static void put_recipient(struct kms_jw *w, const struct kms_attested *a)
{
    static const struct {
        const char *name;
        unsigned pcr;
    } shown[] = {{"attestationDocumentEnclaveImageDigest", 0},
                 {"attestationDocumentEnclavePCR1", 1},
                 {"attestationDocumentEnclavePCR2", 2},
                 {"attestationDocumentEnclavePCR3", 3},
                 {"attestationDocumentEnclavePCR4", 4},
                 {"attestationDocumentEnclavePCR8", 8}};
    char name[sizeof "attestationDocumentNitroTPMPCR" + 2];

    kms_jw_key(w, "recipient");
    kms_jw_object(w);
    kms_jw_member(w, "attestationDocumentModuleId", a->module_id);
    for (size_t i = 0; !a->tpm && i < sizeof shown / sizeof shown[0]; i++) {
        if (a->pcrs[shown[i].pcr].p == NULL)
            continue;
        kms_jw_key(w, shown[i].name);
        kms_jw_blob(w, a->pcrs[shown[i].pcr]);
    }
    for (unsigned i = 0; a->tpm && i < KMS_ATTESTED_PCRS; i++) {
        if (a->pcrs[i].p == NULL)
            continue;
        snprintf(name, sizeof name, "attestationDocumentNitroTPMPCR%u", i);
        kms_jw_key(w, name);
        kms_jw_blob(w, a->pcrs[i]);
    }
    kms_jw_end(w);
}

static void put_additional(struct kms_jw *w, const struct kms_audit_event *e)
{
    if (e->key_material_id.p == NULL && e->grant_id.p == NULL && e->attested == NULL)
        return;
    kms_jw_key(w, "additionalEventData");
    kms_jw_object(w);
    kms_jw_member(w, "keyMaterialId", e->key_material_id);
    kms_jw_member(w, "grantId", e->grant_id);
    if (e->attested != NULL)
        put_recipient(w, e->attested);
    kms_jw_end(w);
}

/* What was asked, and for a change what came of it. */
static void put_elements(struct kms_jw *w, const struct kms_audit_event *e)
{
    bool told = e->op != NULL && e->op->effect == KMS_EFFECT_CHANGE &&
                e->outcome == KMS_OK && e->op->out != NULL && e->out != NULL;

    kms_jw_key(w, "requestParameters");
    if (e->op != NULL && e->in != NULL)
        kms_encode_record(e->op->in, e->in, w);
    else
        kms_jw_null(w);
    kms_jw_key(w, "responseElements");
    if (told)
        kms_encode_record(e->op->out, e->out, w);
    else
        kms_jw_null(w);
    put_additional(w, e);
}

static void put_common(struct kms_jw *w, const char *type, struct kms_str account,
                       struct kms_str decision, bool dev)
{
    kms_jw_key(w, "eventType");
    kms_jw_z(w, type);
    kms_jw_key(w, "managementEvent");
    kms_jw_bool(w, true);
    kms_jw_key(w, "eventCategory");
    kms_jw_z(w, "Management");
    kms_jw_member(w, "recipientAccountId", account);
    kms_jw_member(w, "decision", decision);
    if (dev) {
        kms_jw_key(w, "profile");
        kms_jw_z(w, "dev");
    }
}

enum kms_rc kms_audit_describe(const struct kms_audit_event *e, struct kms_buf *body)
{
    struct kms_jw w = kms_jw_start_members(body); /* the chain sets the braces */

    kms_jw_key(&w, "eventVersion");
    kms_jw_z(&w, "1.08");
    put_identity(&w, e);
    put_time(&w, "eventTime", e->at_ms);
    kms_jw_key(&w, "eventSource");
    kms_jw_z(&w, "kms.amazonaws.com");
    kms_jw_key(&w, "eventName");
    kms_jw_str(&w, e->name.p != NULL ? shortened(e->name) : KMS_LIT(""));
    kms_jw_member(&w, "awsRegion",
                  e->caller != NULL ? e->caller->region : (struct kms_str){NULL, 0});
    kms_jw_member(&w, "sourceIPAddress",
                  e->peer != NULL ? e->peer->source_ip : (struct kms_str){NULL, 0});
    kms_jw_member(&w, "userAgent", shortened(e->user_agent));
    put_outcome(&w, e);
    put_elements(&w, e);
    kms_jw_member(&w, "requestID", e->request_id);
    kms_jw_member(&w, "eventID", e->request_id);
    kms_jw_key(&w, "readOnly");
    kms_jw_bool(&w, e->op == NULL || e->op->effect != KMS_EFFECT_CHANGE);
    put_resources(&w, e);
    put_common(&w, "AwsApiCall",
               e->caller != NULL ? e->caller->account : (struct kms_str){NULL, 0},
               e->decision, e->dev);
    put_tls(&w, e->peer);
    return kms_buf_ok(body);
}

static void put_details(struct kms_jw *w, const struct kms_audit_service_event *e)
{
    kms_jw_key(w, "serviceEventDetails");
    kms_jw_object(w);
    if (e->key != NULL)
        kms_jw_member(w, "keyId", e->key->id);
    if (e->due_ms != 0)
        put_time(w, "due", e->due_ms);
    kms_jw_member(w, "reason", e->detail);
    if (e->count != 0) {
        kms_jw_key(w, "count");
        kms_jw_int(w, (int64_t)e->count);
    }
    kms_jw_end(w);
}

enum kms_rc kms_audit_describe_service(const struct kms_audit_service_event *e,
                                       struct kms_buf *body)
{
    struct kms_jw w = kms_jw_start_members(body);
    struct kms_str account = e->key != NULL ? e->key->account : e->account;

    kms_jw_key(&w, "eventVersion");
    kms_jw_z(&w, "1.08");
    kms_jw_key(&w, "userIdentity");
    kms_jw_object(&w);
    kms_jw_member(&w, "accountId", account);
    kms_jw_key(&w, "invokedBy");
    kms_jw_z(&w, "AWS Internal");
    kms_jw_end(&w);
    put_time(&w, "eventTime", e->at_ms);
    kms_jw_key(&w, "eventSource");
    kms_jw_z(&w, "kms.amazonaws.com");
    kms_jw_key(&w, "eventName");
    kms_jw_z(&w, e->name);
    kms_jw_member(&w, "awsRegion", e->key != NULL ? e->key->region : e->region);
    kms_jw_member(&w, "sourceIPAddress", e->source);
    kms_jw_key(&w, "requestParameters");
    kms_jw_null(&w);
    kms_jw_key(&w, "responseElements");
    kms_jw_null(&w);
    kms_jw_member(&w, "eventID", e->event_id);
    kms_jw_key(&w, "readOnly");
    kms_jw_bool(&w, false);
    kms_jw_key(&w, "resources");
    kms_jw_array(&w);
    if (e->key != NULL)
        put_resource(&w, e->key->arn, e->key->account);
    kms_jw_end(&w);
    put_common(&w, e->type != NULL ? e->type : "AwsServiceEvent", account,
               (struct kms_str){NULL, 0}, e->dev);
    put_details(&w, e);
    return kms_buf_ok(body);
}
