#include <math.h>

#include "base/clock.h"
#include "dispatch/hooks.h"
#include "dispatch/schedule.h"
#include "wire/json.h"
#include "wire/jw.h"

/* The years a test may live in: what a wire timestamp can carry. */
#define CLOCK_MAX_S 253402300799.0

static const char clock_path[] = "/_kmsd/test/clock";

bool kms_hooks_match(struct kms_str path)
{
    return kms_str_starts(path, "/_kmsd/");
}

static enum kms_progress answer(struct kms_exchange *x, int status, const char *error)
{
    struct kms_jw w = kms_jw_start(&x->reply.body);

    kms_buf_reset(&x->reply.body);
    x->reply.status = status;
    x->reply.content_type = "application/json";
    kms_jw_object(&w);
    if (error != NULL) {
        kms_jw_key(&w, "error");
        kms_jw_z(&w, error);
    } else {
        kms_jw_key(&w, "now");
        kms_jw_time(&w, kms_clock_now_ms());
    }
    kms_jw_end(&w);
    return KMS_DONE;
}

static bool seconds_of(const json_t *v, double *out)
{
    double s = json_is_number(v) ? json_number_value(v) : NAN;

    if (!(fabs(s) <= CLOCK_MAX_S))
        return false;
    *out = s;
    return true;
}

/* Exactly one of the three; false when the body says anything else. */
static bool move_clock(const json_t *body)
{
    const json_t *advance = json_object_get(body, "advance_s");
    const json_t *set = json_object_get(body, "set");
    const json_t *freeze = json_object_get(body, "freeze");
    double s;

    if (!json_is_object(body) || json_object_size(body) != 1)
        return false;
    if (seconds_of(advance, &s))
        kms_clock_advance_ms((int64_t)llround(s * 1000));
    else if (seconds_of(set, &s) && s >= 0)
        kms_clock_set_ms((int64_t)llround(s * 1000));
    else if (json_is_boolean(freeze))
        kms_clock_freeze(json_is_true(freeze));
    else
        return false;
    return true;
}

enum kms_progress kms_hooks_start(struct kms_exchange *x)
{
    KMS_AUTO_JSON body = NULL;

    if (!kms_str_is(x->req->path, clock_path))
        return answer(x, 404, "no such hook");
    if (kms_str_is(x->req->method, "GET"))
        return answer(x, 200, NULL);
    if (!kms_str_is(x->req->method, "POST"))
        return answer(x, 405, "GET or POST");
    if (kms_json_parse(x->req->body, &body, NULL) != KMS_OK || !move_clock(body))
        return answer(x, 400, "one of {\"advance_s\":N}, {\"set\":EPOCH}, "
                              "{\"freeze\":true|false}");
    return KMS_WAIT;
}

static void settled(void *arg)
{
    struct kms_exchange *x = arg;

    (void)answer(x, 200, NULL);
    x->done(x->done_arg);
}

void kms_hooks_commit(struct kms_exchange *x)
{
    kms_schedule_settle(x->service->schedule, settled, x);
}
