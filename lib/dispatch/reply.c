#include <string.h>

#include "dispatch/exchange.h"
#include "wire/encode.h"

static const char json_1_1[] = "application/x-amz-json-1.1";

/* Who does not even say JSON 1.1 is answered as by another protocol. */
static enum kms_rc put_unknown(struct kms_exchange *x)
{
    x->reply.status = 404;
    x->reply.content_type = "application/xml";
    kms_buf_z(&x->reply.body, "<UnknownOperationException/>\n");
    return kms_buf_ok(&x->reply.body);
}

static enum kms_rc fill(struct kms_exchange *x)
{
    kms_buf_reset(&x->reply.body);
    if (x->rc == KMS_E_UNKNOWN_OPERATION && !kms_request_is_json(x->req))
        return put_unknown(x);
    x->reply.content_type = json_1_1;
    x->reply.status = kms_rc_info(x->rc)->http;
    if (x->rc != KMS_OK)
        return kms_encode_error(x->rc, x->message, &x->reply.body);
    x->reply.status = 200;
    return x->call.op->out != NULL ? kms_encode(x->call.op->out, x->out, &x->reply.body)
                                   : KMS_OK;
}

void kms_reply_fill(struct kms_exchange *x)
{
    if (fill(x) != KMS_OK)
        kms_reply_internal(x);
}

void kms_reply_internal(struct kms_exchange *x)
{
    static const char body[] = "{\"__type\":\"KMSInternalException\"}";

    kms_buf_clear(&x->reply.body);
    x->out = NULL;
    x->rc = KMS_E_INTERNAL;
    x->reply.status = 500;
    x->reply.content_type = json_1_1;
    kms_buf_z(&x->reply.body, body);
}
