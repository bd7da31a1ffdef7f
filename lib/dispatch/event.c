#include "base/clock.h"
#include "dispatch/due.h"

struct event {
    const char *name;
    struct kms_str detail;
};

static enum kms_rc append_event(struct kms_service *s, struct kms_tx *tx, void *arg)
{
    const struct event *e = arg;
    KMS_AUTO(arena) a = NULL;
    KMS_AUTO_BUF body = {0};
    struct kms_str id;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_service_new_id(a, &id));
    KMS_TRY(kms_audit_describe_service(
        &(struct kms_audit_service_event){.at_ms = kms_clock_now_ms(),
                                          .event_id = id,
                                          .name = e->name,
                                          .detail = e->detail,
                                          .account = s->opts.realm.default_account,
                                          .region = s->opts.realm.default_region,
                                          .dev = s->opts.dev},
        &body));
    return kms_audit_append(s->audit, tx, kms_buf_text(&body), false);
}

enum kms_rc kms_service_event(struct kms_service *s, const char *name,
                              struct kms_str detail)
{
    struct event e = {name, detail};

    return kms_service_run(s, append_event, &e);
}
